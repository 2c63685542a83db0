//===- StageLowering.h - One plan to values -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_STAGELOWERING_H
#define MERGEC_LIB_LOWERING_STAGELOWERING_H

#include "Findings.h"
#include "Slices.h"
#include "StackedModels.h"
#include "TensorContext.h"

namespace mergec {

/// Lowers one plan. What is found wrong is collected and reported at the end;
/// each part of the work is one file.
class StageLowering {
public:
  StageLowering(const Plan &P, const CheckpointMap &Models,
                const LoweringOptions &Options, Graph &G, Diagnostics &Diags)
      : P(P), Models(Models), Options(Options), G(G), Diags(Diags),
        Context(P, Options, G, Diags) {}

  std::optional<LoweredStage> run();

private:
  void checkArchitectures();
  void checkStack();
  void refuseQuantised();
  /// A model whose weights can't be computed with; said once, by
  /// `refuseQuantised`, not for each of its tensors.
  bool isQuantised(const Input &In) const {
    return !method().AnyDType && !In.Model->quantisation().empty();
  }

  // MatchTensors.cpp: which tensors of the models become one of the result.
  void lowerOthers(const Slice &S, bool Behind);
  void lowerLayer(const Slice &S, int64_t Index);
  bool resultTiesHead() const;
  std::string headName() const;
  void addTied(const Slice &S, Job &J);

  // LowerTensor.cpp: the ops of one tensor.
  void lowerJob(const Slice &S, Job &J);
  bool completeJob(const Slice &S, Job &J);
  std::optional<int64_t> commonRows(const Job &J);
  std::string listShapes(const Slice &S, const Job &J);
  ValueId load(const Input &In, const TensorInfo &T);
  void finish(ValueId V, llvm::StringRef Name);
  NameId intern(llvm::StringRef Name);

  // VocabularyRows.cpp: tensors with a row for each token of the result.
  bool hasVocabularyRows(const Slice &S, const Job &J) const;
  bool completeVocabularyJob(const Slice &S, Job &J);
  ValueId loadVocabularyRows(const Slice &S, const Job &J, size_t L);
  Input vocabularySource(llvm::StringRef Spelling);
  const TensorInfo *counterpart(const Slice &S, const Job &J, size_t L,
                                const Input &From);

  // ReportFindings.cpp
  void reportFindings();

  const Method &method() const { return *P.MergeMethod; }

  const Plan &P;
  const CheckpointMap &Models;
  const LoweringOptions &Options;
  Graph &G;
  Diagnostics &Diags;

  LoweredStage Result;
  std::vector<Slice> Slices;
  LayerTables Tables;
  Findings Mistakes, Remarks;
  bool ArchitecturesDiffer = false;
  /// The vocabulary of the result, if the models at its ends have different
  /// ones.
  std::optional<int64_t> CommonVocabulary;
  TensorContext Context;
  NameId LastName;
  /// The maps that are written down so far, by model of `Options.Vocabulary`.
  std::map<const void *, ValueId> RowMaps;
};

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_STAGELOWERING_H
