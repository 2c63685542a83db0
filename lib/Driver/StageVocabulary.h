//===- StageVocabulary.h - What a plan says of tokens -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_STAGEVOCABULARY_H
#define MERGEC_LIB_DRIVER_STAGEVOCABULARY_H

#include "mergec/Lowering/Lowering.h"
#include "mergec/Output/Output.h"
#include "mergec/Tokenizer/Vocabulary.h"

namespace mergec {

/// The tokenizer of a stage's result, where it is not just its donor's files.
struct StageTokens {
  std::shared_ptr<const Tokenizer> Tokens; ///< Null: the donor's.
  std::optional<std::string> Template;     ///< Absent: the tokenizer's own.
};

/// Tokenizers by the models that carry them. Equal files are read once.
class TokenizerCache {
public:
  /// Null if there is none, or none that can be read: then `Found` says why.
  std::shared_ptr<const Tokenizer> read(llvm::StringRef Directory,
                                        Faults &Found);
  /// What a model that a stage computes has.
  void set(const Checkpoint &Stage, StageTokens Has) {
    OfStages[&Stage] = std::move(Has);
  }
  /// Null if the model is no stage's, or nobody has changed what it has of the
  /// donor's files.
  const StageTokens *ofStage(const Checkpoint &Model) const {
    auto It = OfStages.find(&Model);
    return It == OfStages.end() ? nullptr : &It->second;
  }
  /// Of a stage's model or of files.
  std::shared_ptr<const Tokenizer> of(const Checkpoint &Model, Faults &Found);

  /// Whether two models have one tokenizer; files are compared, not read.
  bool areSame(const Checkpoint &A, const Checkpoint &B);

private:
  struct Entry {
    std::string Directory;
    std::shared_ptr<const Tokenizer> Tokens;
    Faults Found;
  };
  std::vector<Entry> Entries;
  std::map<std::pair<std::string, std::string>, bool> Same; ///< Directories.
  std::map<const Checkpoint *, StageTokens> OfStages;
};

/// The vocabulary of one stage: planned before it is lowered, described when it
/// is written.
class StageVocabulary {
public:
  /// Reads the tokenizers of the models as far as the plan needs them. Reports
  /// all that is wrong; false if there were errors.
  bool plan(const Plan &P, const CheckpointMap &Models, TokenizerCache &Cache,
            Diagnostics &Diags);

  /// Null if the plan says nothing of it.
  const VocabularyPlan *rows() const { return Planned ? &*Planned : nullptr; }
  /// For stages that use this one.
  const StageTokens &result() const { return Result; }

  /// What the configuration says of tokens.
  void describe(ResultFacts &Facts) const;
  /// The files.
  void describe(OutputContents &Contents, Diagnostics &Diags) const;
  /// For `--dry-run`; nothing if the plan says nothing.
  void print(llvm::raw_ostream &OS) const;

private:
  bool readAll(const CheckpointMap &Models, TokenizerCache &Cache,
               Diagnostics &Diags);
  void compare(const CheckpointMap &Models, TokenizerCache &Cache,
               Diagnostics &Diags);
  bool planRows(const Plan &P, TokenizerCache &Cache, Diagnostics &Diags);

  std::vector<VocabularyModel> Inputs;
  std::optional<VocabularyPlan> Planned;
  StageTokens Result;
  /// Of the donor, and of the directory that its files come from.
  std::shared_ptr<const Tokenizer> DonorTokens, FileTokens;
};

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_STAGEVOCABULARY_H
