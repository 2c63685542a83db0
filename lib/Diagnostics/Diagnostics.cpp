//===- Diagnostics.cpp - What mergec tells its user -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Collecting and ordering. How a diagnostic looks is in Print.cpp.
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

using namespace mergec;

namespace {
struct KindRow {
  llvm::StringLiteral Name;
  Severity Default;
};
constexpr KindRow Kinds[] = {
#define MERGEC_DIAGNOSTIC(Id, Name, Sev)                                       \
  {llvm::StringLiteral(Name), Severity::Sev},
#include "mergec/Diagnostics/Kinds.def"
};
} // namespace

llvm::StringRef mergec::kindName(Kind K) {
  return Kinds[static_cast<unsigned>(K)].Name;
}

Severity mergec::defaultSeverity(Kind K) {
  return Kinds[static_cast<unsigned>(K)].Default;
}

Diagnostics::Diagnostics() = default;

llvm::StringRef Diagnostics::addFile(llvm::StringRef Path,
                                     llvm::StringRef Text) {
  auto Buffer = llvm::MemoryBuffer::getMemBufferCopy(Text, Path);
  llvm::StringRef Kept = Buffer->getBuffer();
  std::lock_guard Lock(Mutex);
  Sources.AddNewSourceBuffer(std::move(Buffer), llvm::SMLoc());
  return Kept;
}

std::optional<llvm::StringRef> Diagnostics::readFile(llvm::StringRef Path) {
  auto Buffer = llvm::MemoryBuffer::getFile(Path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false,
                                            /*IsVolatile=*/true);
  if (Buffer)
    return addFile(Path, (*Buffer)->getBuffer());
  std::error_code Why = Buffer.getError();
  if (Why == std::errc::no_such_file_or_directory)
    report(Kind::FileNotFound, "there is no file `" + Path + "`");
  else if (llvm::sys::fs::is_directory(Path))
    report(Kind::FileNotFound, "`" + Path + "` is a directory, not a file");
  else
    report(Kind::CannotRead, "cannot read `" + Path + "`: " + Why.message());
  return std::nullopt;
}

Diagnostic &Diagnostics::report(Kind K, llvm::SMRange Where,
                                const llvm::Twine &Message) {
  std::lock_guard Lock(Mutex);
  Severity Level = defaultSeverity(K);
  if (Strict && Level == Severity::Warning)
    Level = Severity::Error;
  return All.emplace_back(Diagnostic{K, Level, Where, Message.str(), {}, {}});
}

bool Diagnostics::hasErrors(size_t From) const {
  std::lock_guard Lock(Mutex);
  return std::any_of(All.begin() + From, All.end(), [](const Diagnostic &D) {
    return D.Level <= Severity::Error;
  });
}

int Diagnostics::exitCode() const {
  std::lock_guard Lock(Mutex);
  auto Any = [&](Severity Level) {
    return llvm::any_of(All,
                        [&](const Diagnostic &D) { return D.Level == Level; });
  };
  // A wrong plan stays wrong on a better day, so it outranks the environment.
  if (Any(Severity::Error))
    return 1;
  return Any(Severity::Failure) ? 2 : 0;
}

std::vector<size_t> Diagnostics::takeInOrder() {
  // Buffers are numbered from 1 in the order in which they were added; those
  // without a place come last.
  struct Ranked {
    unsigned File;
    const char *Place;
    size_t Index;
    bool operator<(const Ranked &Other) const {
      return std::tie(File, Place) < std::tie(Other.File, Other.Place);
    }
  };
  std::vector<Ranked> Order;
  for (; Flushed != All.size(); ++Flushed) {
    const Diagnostic &D = All[Flushed];
    if (Quiet && D.Level == Severity::Remark)
      continue;
    unsigned File =
        D.Where.isValid() ? Sources.FindBufferContainingLoc(D.Where.Start) : 0;
    Order.push_back({File ? File : ~0u, D.Where.Start.getPointer(), Flushed});
  }
  std::stable_sort(Order.begin(), Order.end());

  std::vector<size_t> Unique;
  std::set<std::tuple<const char *, Kind, llvm::StringRef>> Seen;
  for (const Ranked &R : Order)
    if (Seen.emplace(R.Place, All[R.Index].Id, All[R.Index].Message).second)
      Unique.push_back(R.Index);
  return Unique;
}

/// How many letters must be changed, added, removed, or swapped with their
/// neighbour to make one of the other, in any case of letters.
static unsigned typos(llvm::StringRef A, llvm::StringRef B) {
  // Three rows of the usual table: the one before the last is for swaps.
  std::vector<unsigned> TwoAbove, Above(B.size() + 1), Row(B.size() + 1);
  std::iota(Above.begin(), Above.end(), 0);
  auto Same = [&](size_t I, size_t J) {
    return llvm::toLower(A[I]) == llvm::toLower(B[J]);
  };
  for (size_t I = 0; I != A.size(); ++I) {
    Row[0] = I + 1;
    for (size_t J = 0; J != B.size(); ++J) {
      Row[J + 1] =
          std::min({Above[J] + !Same(I, J), Above[J + 1] + 1, Row[J] + 1});
      if (I && J && Same(I, J - 1) && Same(I - 1, J))
        Row[J + 1] = std::min(Row[J + 1], TwoAbove[J - 1] + 1);
    }
    TwoAbove = std::exchange(Above, Row);
  }
  return Above[B.size()];
}

llvm::StringRef Diagnostics::nearest(llvm::StringRef Name,
                                     llvm::ArrayRef<llvm::StringRef> Known) {
  // A third of the letters may be wrong, but at least one must be right.
  size_t Allowed = std::min((Name.size() + 2) / 3,
                            Name.size() - std::min<size_t>(Name.size(), 1));
  llvm::StringRef Found;
  size_t Best = Allowed + 1;
  for (llvm::StringRef Candidate : Known)
    if (size_t Distance = typos(Name, Candidate); Distance < Best) {
      Best = Distance;
      Found = Candidate;
    }
  return Found;
}
