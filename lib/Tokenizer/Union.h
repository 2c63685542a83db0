//===- Union.h - A vocabulary that others are added to ----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_TOKENIZER_UNION_H
#define MERGEC_LIB_TOKENIZER_UNION_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Tokenizer/Tokenizer.h"

namespace mergec::tokenizer {

/// A copy of a tokenizer that grows. Its own tokens keep their ids and the way
/// in which texts are cut into them; see Reachability.cpp for how new ones come
/// to be used.
class Union {
public:
  explicit Union(const Tokenizer &Base);

  /// Adds the tokens of `Other` that are not there yet, in the order of their
  /// ids.
  void add(llvm::StringRef Spelling, const Tokenizer &Other);
  /// Adds one token that texts may hold anywhere.
  void add(llvm::StringRef Text, TokenFlags Flags);

  /// Something has been added.
  bool changed() const { return Result->size() != First; }
  /// Warns of tokens whose flags differ.
  void reportConflicts(llvm::SMRange Where, Diagnostics &Diags) const;
  /// Gives new pieces merges or scores; the number of those that no text
  /// leads to.
  uint32_t finish();
  std::unique_ptr<Tokenizer> take() { return std::move(Result); }

private:
  std::unique_ptr<Tokenizer> Result;
  std::vector<uint32_t> NewPieces;
  std::vector<std::string> Conflicts;
  uint32_t First; ///< The first id that is new.
};

/// Gives a tokenizer that was read from tokenizer.model the skeleton and the
/// merges of a tokenizer.json that does the same.
void convertSentencePiece(Tokenizer &T);

/// Merges by which BPE makes the pieces `New` of `T` of texts; how many it can
/// make none for.
uint32_t addMergesFor(Tokenizer &T, llvm::ArrayRef<uint32_t> New);
/// Scores by which Unigram prefers the pieces `New` of `T`.
void addScoresFor(Tokenizer &T, llvm::ArrayRef<uint32_t> New);

} // namespace mergec::tokenizer

#endif // MERGEC_LIB_TOKENIZER_UNION_H
