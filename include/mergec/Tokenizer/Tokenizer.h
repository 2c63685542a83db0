//===- Tokenizer.h - The vocabulary that a model carries --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model's tokenizer, read from whichever files it comes in: tokenizer.json,
// or tokenizer.model (SentencePiece), or vocab.json with merges.txt; with what
// tokenizer_config.json and added_tokens.json add to it. What is read has been
// checked: no two tokens share an id, no token has two, merges are made of
// tokens that exist.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TOKENIZER_TOKENIZER_H
#define MERGEC_TOKENIZER_TOKENIZER_H

#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// How an added token is looked for in a text, before anything else is.
struct TokenFlags {
  bool Special = false;
  bool SingleWord = false;
  bool StripLeft = false, StripRight = false;
  bool Normalized = true;
  bool operator==(const TokenFlags &) const = default;
};

struct AddedToken {
  uint32_t Id;
  TokenFlags Flags;
};

/// What a SentencePiece model says besides its pieces.
struct SentencePieceFacts {
  bool IsBPE = false;
  bool ByteFallback = false;
  bool AddDummyPrefix = true;
  bool RemoveExtraSpaces = true;
  std::string CharsMap; ///< Bytes of the compiled normalisation rules.
  int64_t Unknown = 0, Begin = 1, End = 2;
};

class Tokenizer {
public:
  /// Which files the vocabulary was read from.
  enum class Form : uint8_t { TokenizerJson, SentencePiece, VocabAndMerges };
  enum class Algorithm : uint8_t { BPE, Unigram, WordPiece, WordLevel };

  Form From = Form::TokenizerJson;
  Algorithm How = Algorithm::BPE;

  /// One more than the highest id.
  uint32_t size() const { return Texts.size(); }
  /// Tokens that there are; ids need not be consecutive.
  uint32_t count() const { return Ids.size(); }
  bool has(uint32_t Id) const { return Id < size() && Texts[Id].data(); }
  /// Of an id that `has`.
  llvm::StringRef text(uint32_t Id) const { return Texts[Id]; }
  std::optional<uint32_t> find(llvm::StringRef Text) const;

  /// Adds a token; false if the text or the id is taken by another.
  bool add(llvm::StringRef Text, uint32_t Id);

  /// Sorted by id.
  std::vector<AddedToken> Added;
  const AddedToken *findAdded(uint32_t Id) const;
  /// Whether the id is in the vocabulary proper, not only an added token.
  bool isPiece(uint32_t Id) const { return Id < Pieces.size() && Pieces[Id]; }
  void setPiece(uint32_t Id);

  /// BPE: pairs of ids, the first merged first.
  std::vector<std::pair<uint32_t, uint32_t>> Merges;
  /// Unigram and SentencePiece: by id.
  std::vector<double> Scores;
  /// SentencePiece: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6
  /// byte; by id.
  std::vector<uint8_t> PieceTypes;
  SentencePieceFacts Facts;

  /// tokenizer.json without its vocabulary, merges and added tokens; empty for
  /// the other forms.
  std::string Skeleton;
  /// tokenizer_config.json; empty if there is none.
  std::string ConfigText;
  std::string Directory;
  /// The files in `Directory` lack some of the tokens; pieces among them.
  bool Changed = false, HasNewPieces = false;

  /// The chat template that tokenizer_config.json or chat_template.jinja holds.
  std::optional<std::string> ChatTemplate;
  /// By role (`eos_token`, …): the text that tokenizer_config.json or
  /// special_tokens_map.json gives.
  std::vector<std::pair<std::string, std::string>> Roles;
  std::optional<std::string> role(llvm::StringRef Name) const;

private:
  llvm::BumpPtrAllocator Arena;
  std::vector<llvm::StringRef> Texts;
  std::vector<bool> Pieces;
  llvm::DenseMap<llvm::StringRef, uint32_t> Ids;
};

/// The tokenizer in `Directory`; null if the directory has none, or one that is
/// broken: then `Found` is not empty.
std::unique_ptr<Tokenizer> readTokenizer(llvm::StringRef Directory,
                                         Faults &Found);

/// Whether two directories hold the same tokenizer files, byte for byte.
bool haveSameTokenizerFiles(llvm::StringRef A, llvm::StringRef B);

} // namespace mergec

#endif // MERGEC_TOKENIZER_TOKENIZER_H
