//===- Tokenizer.cpp - The vocabulary that a model carries ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Tokenizer/Tokenizer.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

std::optional<uint32_t> Tokenizer::find(llvm::StringRef Text) const {
  auto It = Ids.find(Text);
  if (It == Ids.end())
    return std::nullopt;
  return It->second;
}

bool Tokenizer::add(llvm::StringRef Text, uint32_t Id) {
  if (auto It = Ids.find(Text); It != Ids.end())
    return It->second == Id;
  if (has(Id))
    return false;
  if (Id >= Texts.size())
    Texts.resize(Id + 1);
  // Also an empty text has an address, which tells it from none.
  Texts[Id] = Text.empty() ? "" : Text.copy(Arena);
  Ids[Texts[Id]] = Id;
  return true;
}

const AddedToken *Tokenizer::findAdded(uint32_t Id) const {
  auto It = llvm::lower_bound(
      Added, Id, [](const AddedToken &A, uint32_t Id) { return A.Id < Id; });
  return It != Added.end() && It->Id == Id ? &*It : nullptr;
}

void Tokenizer::setPiece(uint32_t Id) {
  if (Id >= Pieces.size())
    Pieces.resize(Id + 1);
  Pieces[Id] = true;
}

std::optional<std::string> Tokenizer::role(llvm::StringRef Name) const {
  for (const auto &[Role, Text] : Roles)
    if (Role == Name)
      return Text;
  return std::nullopt;
}
