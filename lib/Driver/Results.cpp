//===- Results.cpp - The model directories of a run -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "mergec/Transforms/Pipeline.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

void Compilation::layOutResults() {
  std::map<llvm::StringRef, uint32_t> ByResult;
  for (uint32_t R = 0; R != Results.size(); ++R)
    ByResult[Results[R].Name] = R;
  for (ValueId Store : G.stores()) {
    uint32_t Result = ByResult[G.nameAttribute(Store, 1)];
    RunResult &R = Results[Result];
    Places.push_back({Result, uint32_t(R.Tensors.size())});
    R.Tensors.push_back(
        tensorOf(G.operands(Store)[0], G.nameAttribute(Store, 0)));
  }
  uint32_t Shards = 0;
  for (RunResult &R : Results) {
    R.Layout = layOut(R.Tensors, Options.ShardBytes);
    R.FirstShard = Shards;
    Shards += R.Layout.Shards.size();
  }
  for (auto [Result, Tensor] : Places) {
    const RunResult &R = Results[Result];
    Outputs.push_back(R.Tensors[Tensor]);
    Outputs.back().Shard += R.FirstShard;
    if (!R.Name.empty()) // For messages of the run.
      Outputs.back().Name =
          G.get(G.intern(R.Name + ": " + Outputs.back().Name.str()));
  }
}

void Compilation::leaveOut(llvm::ArrayRef<llvm::ArrayRef<uint32_t>> Finished) {
  std::vector<bool> Keep(G.size(), true);
  std::vector<ResultPlace> PlacesLeft;
  std::vector<OutputTensor> OutputsLeft;
  for (auto [Store, Place, Output] :
       llvm::zip_equal(G.stores(), Places, Outputs))
    if (llvm::binary_search(Finished[Place.Result], Place.Tensor)) {
      Keep[Store.Index] = false;
    } else {
      PlacesLeft.push_back(Place);
      OutputsLeft.push_back(Output);
    }
  Places = std::move(PlacesLeft);
  Outputs = std::move(OutputsLeft);
  G.compact(Keep);
  removeDead(G);
}

/// What does not fit in the configurations that a stage's is made from.
static void reportMisfits(const Compilation &C, uint32_t Stage) {
  const CompiledStage &S = C.Stages[Stage];
  const auto &Uses = C.Plans.Stages[Stage].Uses;
  if (auto Donor = Uses.find(S.Lowered->DonorModel); Donor != Uses.end())
    reportMisfits(C, Donor->second);
  if (!S.Lowered->Donor->configText().empty())
    editConfig(*S.Lowered->Donor, S.Facts, C.Diags);
}

OutputContents mergec::describe(const Compilation &C, const RunResult &R) {
  const Stage &S = C.Plans.Stages[R.Stage];
  const CompiledStage &Made = C.Stages[R.Stage];
  OutputContents Contents;
  Contents.Donor = Made.Lowered->Donor;
  Contents.Facts = Made.Facts;
  Contents.ThePlan = &S.ThePlan;
  Contents.PlanText = chainText(C.Plans, R.Stage);
  Contents.Seed = S.ThePlan.Seed.value_or(C.Options.Seed);
  Contents.Version = version();
  if (auto Donor = S.Uses.find(Made.Lowered->DonorModel); Donor != S.Uses.end())
    reportMisfits(C, Donor->second);

  Made.Vocabulary.describe(Contents, C.Diags);

  std::vector<uint32_t> Parts = C.Plans.closure(R.Stage);
  for (uint32_t I : Parts) {
    const Stage &Part = C.Plans.Stages[I];
    OutputContents::StageNote Note;
    Note.Name = Part.Name;
    Note.MergeMethod = Part.ThePlan.MergeMethod;
    Note.Seed = Part.ThePlan.Seed.value_or(C.Options.Seed);
    for (const std::string &Model : C.Stages[I].Lowered->Models) {
      auto Use = Part.Uses.find(Model);
      bool IsStage = Use != Part.Uses.end();
      Note.Models.push_back(
          {IsStage ? C.Plans.Stages[Use->second].Name : Model, IsStage});
      if (!IsStage && !llvm::is_contained(Contents.Models, Model))
        Contents.Models.push_back(Model);
    }
    if (Parts.size() > 1)
      Contents.Stages.push_back(std::move(Note));
  }
  // A stage that serves as the base has a base of its own.
  const Stage *At = &S;
  while (At->ThePlan.Base) {
    auto Use = At->Uses.find(At->ThePlan.Base->spelling());
    if (Use == At->Uses.end()) {
      Contents.BaseModel = At->ThePlan.Base->spelling();
      break;
    }
    At = &C.Plans.Stages[Use->second];
  }
  return Contents;
}
