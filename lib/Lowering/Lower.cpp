//===- Lower.cpp - Plan and checkpoints to a graph ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageLowering.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace mergec;

/// Remembers whether models state different architectures: shapes may agree all
/// the same, but if they don't, that is the reason.
void StageLowering::checkArchitectures() {
  llvm::StringRef First;
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs) {
      llvm::StringRef A = In.Model->architecture();
      if (A.empty())
        continue;
      if (First.empty())
        First = A;
      ArchitecturesDiffer |= A != First;
    }
}

void StageLowering::refuseQuantised() {
  std::set<const Checkpoint *> Said;
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs)
      if (isQuantised(In) && Said.insert(In.Model).second)
        Diags
            .report(Kind::NotFloat,
                    In.From  ? In.From->Model.Where
                    : P.Base ? P.Base->Where
                             : P.MethodWhere,
                    "model `" + In.Spelling + "` is quantised (" +
                        In.Model->quantisation() +
                        "), and its weights can't be computed with")
            .hint("use the model's unquantised weights, or copy its layers "
                  "with `merge_method: passthrough`");
}

/// Slices that come from different models must fit one another, too.
void StageLowering::checkStack() {
  llvm::SmallVector<StackedModel, 8> Models;
  for (const Slice &S : Slices) {
    const Input &In = S.Inputs.front();
    Models.push_back({In.Spelling, In.Model, In.Table});
  }
  if (Options.AllowMissing)
    checkStackedModels(Models, Kind::AllowedMissing, Remarks, Mistakes);
  else
    checkStackedModels(Models, Kind::MissingTensor, Mistakes, Mistakes);

  std::optional<int64_t> Least, Most;
  for (const Slice *S : {&Slices.front(), &Slices.back()})
    for (const Input &In : S->Inputs)
      if (const TensorInfo *T = In.Table->InputEmbedding;
          T && T->Shape.size()) {
        Least = std::min(Least.value_or(T->Shape[0]), T->Shape[0]);
        Most = std::max(Most.value_or(T->Shape[0]), T->Shape[0]);
      }
  if (Least != Most && !Options.Vocabulary)
    CommonVocabulary = Least;
}

std::optional<LoweredStage> StageLowering::run() {
  size_t Before = Diags.size();
  auto Resolved = resolveSlices(P, Models, Tables, Diags);
  if (!Resolved)
    return std::nullopt;
  Slices = std::move(*Resolved);
  checkArchitectures();
  refuseQuantised();
  checkStack();

  const Slice &First = Slices.front();
  std::optional<ModelRef> Base = P.Base;
  Result.DonorModel = Base ? Base->spelling() : First.Inputs.front().Spelling;
  Result.Donor = Models.find(Result.DonorModel)->second.Headers;
  Result.TiesHead = resultTiesHead();
  for (const ModelRef &Ref : modelsOf(P))
    Result.Models.push_back(Ref.spelling());

  lowerOthers(First, /*Behind=*/false);
  for (const Slice &S : Slices) {
    LayerMapEntry Entry{Result.Layers, Result.Layers + S.Layers, {}};
    for (const Input &In : S.Inputs)
      Entry.Sources.push_back({In.Spelling, In.FirstLayer});
    Result.LayerMap.push_back(std::move(Entry));
    const Input &Lead = S.Inputs[S.Base >= 0 ? S.Base : 0];
    for (int64_t I = 0; I != S.Layers; ++I) {
      uint32_t Before = G.size();
      lowerLayer(S, I);
      // With one to spare for what is no layer.
      G.expectMore(Before, S.Layers - I);
      Result.LayerSources.push_back(Lead.FirstLayer + I);
    }
    Result.Layers += S.Layers;
  }
  lowerOthers(Slices.back(), /*Behind=*/true);
  reportFindings();
  if (Diags.hasErrors(Before))
    return std::nullopt;
  return std::move(Result);
}

/// What a plan may say but mergec can't do yet is refused, never ignored.
static bool refuseUnbuilt(const Plan &P, Diagnostics &Diags) {
  size_t Before = Diags.size();
  if (P.Modules.size() > 1)
    Diags.report(Kind::NotYet, P.Modules[1].Where,
                 "plans with several `modules` can't be run yet");
  for (const ModelRef &Ref : modelsOf(P))
    if (Ref.Adapter)
      Diags
          .report(Kind::NotYet, Ref.Where,
                  "adapters (`model+adapter`) can't be applied yet")
          .hint("merge the adapter into its model with another tool first");
  return Diags.size() != Before;
}

std::optional<LoweredStage> mergec::lowerStage(const Plan &P,
                                               const CheckpointMap &Models,
                                               const LoweringOptions &Options,
                                               Graph &G, Diagnostics &Diags) {
  if (refuseUnbuilt(P, Diags))
    return std::nullopt;
  return StageLowering(P, Models, Options, G, Diags).run();
}
