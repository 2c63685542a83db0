//===- Reader.h - Parts of reading a tokenizer ------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_TOKENIZER_READER_H
#define MERGEC_LIB_TOKENIZER_READER_H

#include "mergec/Tokenizer/Tokenizer.h"
#include <nlohmann/json.hpp>

namespace mergec::tokenizer {

using Json = nlohmann::ordered_json;

/// Ids from here on are taken for mistakes: no vocabulary is that large.
constexpr uint64_t MostIds = uint64_t(1) << 22;

constexpr llvm::StringLiteral MendHint = "mend the file, or download it again";

/// What a file says of an added token.
struct AddedEntry {
  std::string Text;
  uint64_t Id;
  TokenFlags Flags;
};

/// Each reads one file's text into `T` and reports what is wrong with it to
/// `Found`. Added tokens are collected: those of tokenizer.json count first.
void readTokenizerJson(llvm::StringRef Text, Tokenizer &T,
                       std::vector<AddedEntry> &Added, Faults &Found);
void readSentencePiece(llvm::StringRef Bytes, Tokenizer &T, Faults &Found);
void readVocabAndMerges(llvm::StringRef Vocab, llvm::StringRef Merges,
                        Tokenizer &T, Faults &Found);
/// tokenizer_config.json: added tokens, roles, chat template.
void readTokenizerConfig(llvm::StringRef Text, Tokenizer &T,
                         std::vector<AddedEntry> &Added, Faults &Found);
/// special_tokens_map.json: roles.
void readSpecialTokens(llvm::StringRef Text, Tokenizer &T, Faults &Found);
/// added_tokens.json: {token: id}.
void readAddedTokens(llvm::StringRef Text, std::vector<AddedEntry> &Added,
                     Faults &Found);

/// A JSON object; nothing, and a fault of `File`, if `Text` is none or nests
/// absurdly deep.
std::optional<Json> parseObject(llvm::StringRef Text, llvm::StringRef File,
                                Faults &Found);
/// `File` stops being JSON at `Offset` of `Text`.
void addSyntaxFault(llvm::StringRef Text, size_t Offset, llvm::StringRef File,
                    Faults &Found);

/// The flags of a JSON object as tokenizer.json writes them.
TokenFlags flagsFrom(const Json &Object);

/// Adds to the vocabulary proper; the fault, if any, is `File`'s.
void addPiece(Tokenizer &T, llvm::StringRef Text, uint64_t Id,
              llvm::StringRef File, Faults &Found);

/// Turns merges of texts into merges of ids.
void addMerges(
    Tokenizer &T,
    llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> Merges,
    llvm::StringRef File, Faults &Found);

} // namespace mergec::tokenizer

#endif // MERGEC_LIB_TOKENIZER_READER_H
