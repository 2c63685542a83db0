//===- Lowering.h - Plan and checkpoints to a graph ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every tensor of the result, in the order in which it will be written:
// which tensor of which model goes in, checked for presence, shape and dtype,
// and the ops its method makes of them. Mistakes are reported once for each
// group of tensors that share them (the same name but for the layer's number).
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LOWERING_LOWERING_H
#define MERGEC_LOWERING_LOWERING_H

#include "mergec/Checkpoint/Checkpoint.h"
#include "mergec/IR/Graph.h"
#include "mergec/Plan/Plan.h"
#include <map>

namespace mergec {

struct VocabularyPlan;

/// A model that a plan mentions: files, or what an earlier stage computes.
struct InputModel {
  const Checkpoint *Headers;
  /// Of a stage: what each of `Headers->tensors()` holds, rounded to its dtype.
  /// Of files: empty, the tensors are loaded.
  llvm::ArrayRef<ValueId> Values;
};

/// For each model a plan mentions, by its spelling.
using CheckpointMap = std::map<std::string, InputModel>;

struct LoweringOptions {
  bool AllowMissing = false; ///< Merge a tensor from the models that have it.
  uint64_t Seed = 0;         ///< Of random masks, unless the plan has one.
  bool Store = true;         ///< The stage is a result of the run.
  std::string Result;        ///< Which, if there are several.
  /// What the plan says of its vocabulary; null if it says nothing.
  const VocabularyPlan *Vocabulary = nullptr;
};

/// Where the layers of one output slice come from.
struct LayerMapEntry {
  int64_t FirstLayer, LastLayer; ///< Of the result, [first, last).
  struct From {
    std::string Model;
    int64_t FirstLayer;
  };
  std::vector<From> Sources;
};

/// A tensor that another is made from.
struct TensorSource {
  const Checkpoint *Model;
  uint32_t Tensor; ///< Index into the model's tensors.
};

/// A tensor of a stage's result.
struct StageTensor {
  NameId Name;
  ValueId Value; ///< As it is stored, or would be.
  uint32_t FirstSource, Sources;
};

struct LoweredStage {
  std::vector<StageTensor> Tensors; ///< In the order in which they are stored.
  std::vector<TensorSource> Sources;
  const Checkpoint *Donor = nullptr; ///< Of configuration and tokenizer.
  std::string DonorModel;            ///< Its spelling in the plan.
  int64_t Layers = 0;
  /// For each layer of the result, the donor-side layer it corresponds to.
  std::vector<int64_t> LayerSources;
  std::vector<LayerMapEntry> LayerMap;
  std::optional<int64_t> Vocabulary; ///< Rows of the input embedding.
  bool TiesHead = false;
  uint64_t Parameters = 0;         ///< Elements of all tensors.
  std::vector<std::string> Models; ///< Spellings, in plan order, the base first
                                   ///< if it is not among the models.

  llvm::ArrayRef<TensorSource> sourcesOf(const StageTensor &T) const {
    return llvm::ArrayRef(Sources).slice(T.FirstSource, T.Sources);
  }
};

/// Appends to `G` what makes the plan's result of its models. Nothing if there
/// were errors; `G` then holds values that nobody needs.
std::optional<LoweredStage> lowerStage(const Plan &P,
                                       const CheckpointMap &Models,
                                       const LoweringOptions &Options, Graph &G,
                                       Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_LOWERING_LOWERING_H
