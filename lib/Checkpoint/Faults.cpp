//===- Faults.cpp - Everything wrong with one file ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mergec;

void Faults::report(Diagnostics &Diags, Kind K, llvm::SMRange Where,
                    const llvm::Twine &Subject) const {
  if (empty())
    return;
  if (Count == 1) {
    Diags.report(K, Where, Subject + ": " + Texts[0]).hint(TheHint);
    return;
  }
  Diagnostic &D =
      Diags.report(K, Where, Subject + ": " + llvm::Twine(Count) + " faults");
  for (const std::string &Text : Texts)
    D.note(Text);
  if (Count > Texts.size())
    D.note("and " + llvm::Twine(Count - Texts.size()) + " more");
  D.hint(TheHint);
}

std::string mergec::quotedName(llvm::StringRef Name) {
  constexpr size_t Longest = 160, Kept = 70;
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  auto Print = [&](llvm::StringRef Part) {
    for (unsigned char C : Part)
      if (C < 0x20 || C == 0x7f)
        OS << "\\x" << llvm::format_hex_no_prefix(C, 2);
      else
        OS << C;
  };
  // Never cut inside a character of several bytes.
  auto Continues = [&](size_t At) {
    return (static_cast<unsigned char>(Name[At]) & 0xc0) == 0x80;
  };
  OS << '`';
  if (Name.size() <= Longest) {
    Print(Name);
  } else {
    size_t Head = Kept, Tail = Name.size() - Kept;
    while (Head && Continues(Head))
      --Head;
    while (Tail < Name.size() && Continues(Tail))
      ++Tail;
    Print(Name.take_front(Head));
    OS << "...";
    Print(Name.drop_front(Tail));
  }
  OS << '`';
  return Text;
}

std::string mergec::counted(uint64_t Count, llvm::StringRef Noun) {
  return (llvm::Twine(Count) + " " + Noun + (Count == 1 ? "" : "s")).str();
}
