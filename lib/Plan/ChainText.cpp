//===- ChainText.cpp - Several plans as one file
//---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is kept beside a result must say how all of it was made, also where the
// plan named other plans by their files, which may be elsewhere tomorrow. So
// each becomes a document of one file, as it was written but for names: a stage
// is called by its unique name, in its document and wherever it is mentioned;
// and a directory that is found beside a plan is named from where mergec runs.
//
//===----------------------------------------------------------------------===//

#include "ModelMentions.h"
#include "mergec/Plan/Chain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mergec;
using llvm::StringRef;
using llvm::sys::fs::is_directory;

namespace {
/// `Text[Begin, Begin + Length)` becomes `By`.
struct Edit {
  size_t Begin, Length;
  std::string By;
};
} // namespace

/// A name as YAML reads it back.
static std::string scalar(StringRef Name) {
  bool Plain = !Name.empty() &&
               (llvm::isAlpha(Name[0]) || Name[0] == '.' || Name[0] == '/' ||
                Name[0] == '_') &&
               llvm::all_of(Name, [](char C) {
                 return llvm::isAlnum(C) || StringRef("._-/").contains(C);
               });
  if (Plain && Name != "." && !Name.starts_with(".."))
    return Name.str();
  std::string Text = "'";
  for (char C : Name)
    Text += C == '\'' ? "''" : std::string(1, C);
  return Text + "'";
}

static std::string applied(StringRef Text, std::vector<Edit> Edits) {
  llvm::sort(Edits,
             [](const Edit &A, const Edit &B) { return A.Begin < B.Begin; });
  // What stands behind an alias is one place with several mentions.
  Edits.erase(
      llvm::unique(Edits, [](const Edit &A,
                             const Edit &B) { return A.Begin == B.Begin; }),
      Edits.end());
  std::string Result;
  size_t At = 0;
  for (const Edit &E : Edits) {
    Result += Text.slice(At, E.Begin);
    Result += E.By;
    At = E.Begin + E.Length;
  }
  return Result + Text.drop_front(At).str();
}

/// Without the markers around it, from which a line `---` takes over.
static std::string document(const Chain &C, const Stage &S,
                            const Stage &Result) {
  const Plan &P = S.ThePlan;
  bool IsResult = &S == &Result;
  StringRef Text = P.Text;
  std::vector<Edit> Edits;
  auto Replace = [&](llvm::SMRange Where, std::string By) {
    const char *Begin = Where.Start.getPointer();
    size_t Length = Where.End.getPointer() - Begin;
    if (Begin >= Text.begin() && Begin <= Text.end())
      Edits.push_back({size_t(Begin - Text.begin()), Length, std::move(By)});
  };

  if (!IsResult && P.Name != S.Name) {
    if (P.NameWhere.isValid()) {
      Replace(P.NameWhere, scalar(S.Name));
    } else {
      // Before the first key, as far to the right.
      const char *At = P.Start.Start.getPointer();
      StringRef Before = Text.take_front(At - Text.begin());
      size_t Column = Before.size() - (Before.rfind('\n') + 1);
      bool Flow = Before.rtrim().ends_with("{");
      Replace({P.Start.Start, P.Start.Start},
              "name: " + scalar(S.Name) +
                  (Flow ? ", " : "\n" + std::string(Column, ' ')));
    }
  }
  bool Elsewhere = llvm::sys::path::parent_path(P.Path) !=
                   llvm::sys::path::parent_path(Result.ThePlan.Path);
  plan::forEachModel(P, [&](const ModelRef &Ref) {
    auto Found = S.Uses.find(Ref.spelling());
    if (Found != S.Uses.end()) {
      if (C.Stages[Found->second].Name != Ref.spelling())
        Replace(Ref.Where, scalar(C.Stages[Found->second].Name));
      return;
    }
    // A directory beside a plan that lies elsewhere.
    if (!Elsewhere || !Ref.Revision.empty() || Ref.Adapter)
      return;
    std::string Beside = plan::besidePlan(P, Ref.Path);
    if (!is_directory(Ref.Path) && is_directory(Beside))
      Replace(Ref.Where, scalar(Beside));
  });
  std::string Edited = applied(Text, std::move(Edits));
  StringRef Trimmed = StringRef(Edited).trim();
  if (Trimmed.starts_with("---\n") || Trimmed.starts_with("---\r\n"))
    Trimmed = Trimmed.drop_front(3).ltrim();
  return Trimmed.str() + "\n";
}

std::string mergec::chainText(const Chain &C, uint32_t Index) {
  if (C.Stages[Index].Uses.empty())
    return C.Stages[Index].ThePlan.Text.str();
  std::string Text;
  for (uint32_t I : C.closure(Index)) {
    if (!Text.empty())
      Text += "---\n";
    Text += document(C, C.Stages[I], C.Stages[Index]);
  }
  return Text;
}
