//===- Stages.cpp - From plans to one graph -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Each stage is lowered into the same graph. For the stages that use it, a
// stage is a model like any other: with the headers that it would have if it
// had been written and read again, and values in place of bytes. Its
// configuration comes about as that of a result does, from its donor's.
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <filesystem>
#include <numeric>

using namespace mergec;

bool Compilation::readPlans() {
  ChainRequest Request;
  Request.Files = Options.Inputs;
  Request.Bindings = Options.Stages;
  Request.Set = Options.Set;
  for (const auto &[Name, Directory] : Options.Keep)
    Request.Keep.push_back(Name);
  // Of several files that are only looked at each may be meant.
  Request.ManyResults = !Options.OutRoot.empty() ||
                        (Options.Output.empty() && Options.Inputs.size() > 1);
  std::optional<Chain> Read = readChain(Request, Diags);
  if (!Read)
    return false;
  Plans = std::move(*Read);
  Stages.resize(Plans.Stages.size());
  return chooseDirectories();
}

/// Two models can't be written to one place, nor one into the other.
static void checkApart(llvm::ArrayRef<RunResult> Results, Diagnostics &Diags) {
  std::vector<std::string> Places;
  for (const RunResult &R : Results) {
    std::error_code Error;
    std::filesystem::path Place =
        std::filesystem::absolute(R.Directory, Error).lexically_normal();
    Places.push_back((Place / "").lexically_normal().string());
  }
  for (size_t I = 0; I != Results.size(); ++I)
    for (size_t J = 0; J != I; ++J) {
      llvm::StringRef A = Places[I], B = Places[J];
      if (!A.starts_with(B) && !B.starts_with(A))
        continue;
      Diags
          .report(Kind::BadOption, "`" + Results[J].Directory + "` and `" +
                                       Results[I].Directory +
                                       (A == B ? "` are the same directory"
                                               : "` lie in one another") +
                                       ", and a model is to be written to each")
          .hint("choose directories that lie beside each other");
    }
}

bool Compilation::chooseDirectories() {
  size_t Before = Diags.size();
  if (!Options.Output.empty() && Plans.Results.size() > 1)
    Diags
        .report(Kind::BadOption, "`-o` is the directory of one result, and the "
                                 "plan has " +
                                     llvm::Twine(Plans.Results.size()) +
                                     " variants")
        .hint("say `--out-root " + Options.Output +
              "`, in which each gets a directory of its own");
  for (uint32_t Stage : Plans.Results) {
    const std::string &Name = Plans.Stages[Stage].Name;
    llvm::SmallString<128> Directory(Options.Output);
    if (!Options.OutRoot.empty()) {
      Directory = Options.OutRoot;
      llvm::sys::path::append(Directory, Name);
    }
    Results.push_back({Stage, Name, Directory.str().str(), {}, {}, 0});
  }
  for (auto [Kept, Stage] : llvm::zip(Options.Keep, Plans.Kept)) {
    auto Same = llvm::find_if(Results, [Stage = Stage](const RunResult &R) {
      return R.Stage == Stage;
    });
    if (Same == Results.end()) {
      Results.push_back(
          {Stage, Plans.Stages[Stage].Name, Kept.second, {}, {}, 0});
      continue;
    }
    Diags
        .report(Kind::BadOption,
                "the stage `" + Kept.first +
                    "`, which `--keep` names, is written to `" +
                    Same->Directory + "` already")
        .hint("write it once, and copy the directory");
  }
  if (!Diags.hasErrors(Before) &&
      (!Options.Output.empty() || !Options.OutRoot.empty()))
    checkApart(Results, Diags);
  if (Results.size() == 1)
    Results.front().Name.clear();
  return !Diags.hasErrors(Before);
}

const Checkpoint *Compilation::openModel(const ModelRef &Ref,
                                         const Plan &From) {
  llvm::StringRef Beside = llvm::sys::path::parent_path(From.Path);
  std::vector<llvm::StringRef> Names(Plans.Names.begin(), Plans.Names.end());
  llvm::StringRef Near = Diagnostics::nearest(Ref.Path, Names);
  if (!Near.empty() && Near != Ref.Path && Ref.Revision.empty()) {
    // A stage's name, misspelt, is worth another message than a model's.
    Diagnostics Unsaid;
    if (!findModel(Ref.Path, Ref.Revision, Beside, Ref.Where, Unsaid)) {
      Diags
          .report(Kind::UnknownStage, Ref.Where,
                  "there is no stage or model `" + Ref.Path + "`")
          .hint("did you mean the stage `" + Near + "`?");
      return nullptr;
    }
  }
  std::optional<std::string> Found =
      findModel(Ref.Path, Ref.Revision, Beside, Ref.Where, Diags);
  if (!Found)
    return nullptr;
  llvm::SmallString<128> Real;
  if (llvm::sys::fs::real_path(*Found, Real))
    Real = *Found;
  auto [Known, New] = ByDirectory.try_emplace(Real.str().str(), nullptr);
  if (!New)
    return Known->second;
  // Plans in different places may call different models the same.
  std::string Name = Ref.spelling();
  if (ByName.count(Name))
    Name = *Found;
  std::unique_ptr<Checkpoint> C =
      openCheckpoint(*Found, Name, Ref.Where, Diags);
  if (!C)
    return nullptr;
  ByName[C->name()] = C.get();
  Models.push_back(C.get());
  Opened.push_back(std::move(C));
  return Known->second = Models.back();
}

/// Headers only. Every model is tried, so that all that is wrong is said at
/// once.
bool Compilation::openModels() {
  bool Sound = true;
  for (auto [S, Compiled] : llvm::zip(Plans.Stages, Stages))
    for (const ModelRef &Ref : modelsOf(S.ThePlan)) {
      if (S.Uses.count(Ref.spelling()) || Ref.Adapter)
        continue; // Adapters are refused by the lowering.
      const Checkpoint *C = openModel(Ref, S.ThePlan);
      Compiled.Models[Ref.spelling()] = {C, {}};
      Sound &= C != nullptr;
    }
  return Sound;
}

OutputTensor Compilation::tensorOf(ValueId V, llvm::StringRef Name) const {
  const Type &T = G.type(V);
  OutputTensor O;
  O.Name = Name;
  O.Shape = T.Shape;
  O.Type = T.Element;
  if (T.Element == DType::Opaque || bitWidth(T.Element) % 8) {
    // Only ever a copy: the checkpoint knows the shape and the spelling.
    const Checkpoint &From = *ByName.find(G.nameAttribute(V, 0))->second;
    const TensorInfo &Source = From.tensors()[G.attribute(V, 2)];
    O.Shape = Source.Shape;
    O.ForeignType = From.foreignType(Source);
    O.Bytes = Source.Bytes;
  } else {
    O.Bytes = T.elements() * byteWidth(T.Element);
  }
  return O;
}

/// False if the stage can't be made; nothing new is said if it is because one
/// that it uses can't.
bool Compilation::lowerOne(uint32_t Index) {
  const Stage &S = Plans.Stages[Index];
  CompiledStage &Here = Stages[Index];
  for (const auto &[Spelling, Target] : S.Uses) {
    if (!Stages[Target].Headers)
      return false;
    Here.Models[Spelling] = {Stages[Target].Headers.get(),
                             Stages[Target].Values};
  }
  LoweringOptions LO;
  LO.AllowMissing = Options.AllowMissing;
  LO.Seed = Options.Seed;
  auto Result = llvm::find_if(
      Results, [&](const RunResult &R) { return R.Stage == Index; });
  LO.Store = Result != Results.end();
  if (LO.Store)
    LO.Result = Result->Name;
  if (!Here.Vocabulary.plan(S.ThePlan, Here.Models, Tokenizers, Diags))
    return false;
  LO.Vocabulary = Here.Vocabulary.rows();
  Here.Lowered = lowerStage(S.ThePlan, Here.Models, LO, G, Diags);
  if (!Here.Lowered)
    return false;
  const LoweredStage &L = *Here.Lowered;
  Here.Facts = {L.Layers,
                L.LayerSources,
                L.Vocabulary,
                S.ThePlan.resultDType(),
                L.TiesHead,
                {},
                {}};
  Here.Vocabulary.describe(Here.Facts);

  // A picture shows the tensors of every stage.
  bool IsModel = emits(EmitIR::Dot) ||
                 llvm::any_of(llvm::drop_begin(Plans.Stages, Index),
                              [&](const Stage &Other) {
                                return llvm::any_of(Other.Uses, [&](auto &Use) {
                                  return Use.second == Index;
                                });
                              });
  if (!IsModel)
    return true;
  std::vector<ComputedTensor> Tensors;
  for (const StageTensor &T : L.Tensors) {
    OutputTensor O = tensorOf(T.Value, G.get(T.Name));
    Tensors.push_back({O.Name, O.Shape, O.Type, O.ForeignType, O.Bytes});
  }
  // What does not fit is said where a configuration is written: `describe`.
  Diagnostics Unsaid;
  std::string Config;
  if (!L.Donor->configText().empty())
    Config = editConfig(*L.Donor, Here.Facts, Unsaid).value_or("");
  llvm::SMRange Where =
      S.ThePlan.NameWhere.isValid() ? S.ThePlan.NameWhere : S.ThePlan.Start;
  Here.Headers = computedCheckpoint(S.Name, L.Donor->directory(), Config,
                                    Tensors, Where, Diags);
  if (!Here.Headers)
    return false;
  Tokenizers.set(*Here.Headers, Here.Vocabulary.result());
  // Headers are sorted by name, and so are the values.
  std::vector<uint32_t> Order(L.Tensors.size());
  std::iota(Order.begin(), Order.end(), 0);
  llvm::sort(Order, [&](uint32_t A, uint32_t B) {
    return Tensors[A].Name < Tensors[B].Name;
  });
  for (uint32_t I : Order)
    Here.Values.push_back(L.Tensors[I].Value);
  return true;
}

bool Compilation::lower() {
  bool Sound = true;
  for (uint32_t I = 0; I != Stages.size(); ++I)
    Sound &= lowerOne(I);
  return Sound;
}
