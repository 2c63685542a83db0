//===- Vocabulary.h - The vocabulary of a result ----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a plan's `tokenizer:` comes to: the tokenizer of the result, how many
// rows its embedding has, and for each model where these rows come from. What
// each row is, is told in docs/Tokenizers.md.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TOKENIZER_VOCABULARY_H
#define MERGEC_TOKENIZER_VOCABULARY_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/RowMap.h"
#include "mergec/Plan/Plan.h"
#include "mergec/Tokenizer/Tokenizer.h"
#include <memory>

namespace mergec {

/// A model of the merge, as far as its vocabulary goes.
struct VocabularyModel {
  ModelRef Ref;
  std::shared_ptr<const Tokenizer> Tokens; ///< Null: it has none.
  int64_t Rows = 0;                        ///< Of its input embedding.
  std::optional<std::string> ChatTemplate;
};

struct VocabularyPlan {
  std::shared_ptr<const Tokenizer> Tokens;
  int64_t Rows = 0; ///< Of the result's embedding, padding included.

  struct Model {
    std::string Spelling;
    int64_t Tokens; ///< One more than the model's highest id.
    /// Source 0 is the model itself.
    RowMap Map;
    std::vector<std::string> Sources; ///< Spellings, by source.
  };
  std::vector<Model> Models;
  const Model *find(llvm::StringRef Spelling) const;

  /// For `--dry-run`: how many tokens all models have, the first (the base, if
  /// there is one) does not have, are an average for some model, are zero.
  uint32_t Shared = 0, New = 0, Averaged = 0, Zero = 0;
  /// New tokens of the vocabulary proper that no rule makes of a text.
  uint32_t Unreachable = 0;
};

/// What `P.Tokenizer`, which there is, asks for. `Models` are those of the
/// merge in plan order; `Source` is the tokenizer of a `source:` that is not
/// one of them. Reports everything wrong; nothing if there were errors.
std::optional<VocabularyPlan>
planVocabulary(const Plan &P, llvm::ArrayRef<VocabularyModel> Models,
               std::shared_ptr<const Tokenizer> Source, Diagnostics &Diags);

/// The files of a tokenizer that is no copy, by name.
struct TokenizerFiles {
  std::vector<std::pair<std::string, std::string>> Written;
  /// Files that a copy would have and that no longer fit.
  std::vector<std::string> LeftOut;
};
TokenizerFiles writeTokenizer(const Tokenizer &T);

/// Without a tokenizer plan: warns if models whose embeddings have equally many
/// rows have different tokens in them.
void compareVocabularies(llvm::ArrayRef<VocabularyModel> Models,
                         Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_TOKENIZER_VOCABULARY_H
