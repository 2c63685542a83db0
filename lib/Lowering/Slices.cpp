//===- Slices.cpp - The inputs of a part of the result --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Slices.h"

using namespace mergec;

namespace {
class SliceResolver {
public:
  SliceResolver(const Plan &P, const CheckpointMap &Models, LayerTables &Tables,
                Diagnostics &Diags)
      : P(P), Models(Models), Tables(Tables), Diags(Diags) {}

  std::optional<Slice> resolve(const OutputSlice &OS);

private:
  const Plan &P;
  const CheckpointMap &Models;
  LayerTables &Tables;
  Diagnostics &Diags;
};
} // namespace

std::optional<Slice> SliceResolver::resolve(const OutputSlice &OS) {
  Slice S;
  S.Plan = &OS;
  bool Sound = true;
  auto AddInput = [&](const Source *From, const ModelRef &Ref) {
    const InputModel &M = Models.find(Ref.spelling())->second;
    S.Inputs.push_back(
        {From, M.Headers, &Tables.of(*M.Headers), M.Values, Ref.spelling(), 0});
  };
  std::optional<int64_t> Length;
  const Source *LengthFrom = nullptr;
  for (const Source &From : OS.Sources) {
    AddInput(&From, From.Model);
    Input &In = S.Inputs.back();
    int64_t Count = In.Model->layers().Count;
    int64_t First = From.Layers ? From.Layers->First : 0;
    int64_t Last = From.Layers ? From.Layers->Last : Count;
    In.FirstLayer = First;
    if (From.Layers && Count == 0) {
      Diags
          .report(Kind::NoLayers, From.Layers->Where,
                  "model `" + In.Spelling +
                      "` has no numbered layers, so it can't be sliced")
          .hint("name it under `models:` instead of `slices:`");
      Sound = false;
      continue;
    }
    if (Last > Count) {
      Diags
          .report(Kind::BadLayerRange, From.Layers->Where,
                  "`layer_range` ends at " + llvm::Twine(Last) +
                      ", but model `" + In.Spelling + "` has " +
                      llvm::Twine(Count) + " layers")
          .hint(First < Count
                    ? "the range is [first, last): `[" + llvm::Twine(First) +
                          ", " + llvm::Twine(Count) + "]` goes to the end"
                    : "its layers are 0 to " + llvm::Twine(Count - 1));
      Sound = false;
      continue;
    }
    if (Length && *Length != Last - First) {
      Diags
          .report(Kind::BadLayerRange,
                  From.Layers ? From.Layers->Where : From.Where,
                  "model `" + In.Spelling + "` gives " +
                      llvm::Twine(Last - First) + " layers, but model `" +
                      LengthFrom->Model.spelling() + "` gives " +
                      llvm::Twine(*Length))
          .hint("use `slices:` with a `layer_range` of the same length for "
                "each source");
      Sound = false;
      continue;
    }
    if (!Length) {
      Length = Last - First;
      LengthFrom = &From;
    }
  }
  S.Layers = Length.value_or(0);

  if (P.MergeMethod->Base != BaseUse::None && Sound) {
    std::optional<ModelRef> Ref = OS.Base ? OS.Base : P.Base;
    if (Ref) {
      for (size_t I = 0; I != S.Inputs.size() && S.Base < 0; ++I)
        if (S.Inputs[I].Spelling == Ref->spelling())
          S.Base = I;
      if (S.Base < 0) {
        AddInput(nullptr, *Ref);
        Input &In = S.Inputs.back();
        In.FirstLayer = S.Inputs.front().FirstLayer;
        S.Base = S.Inputs.size() - 1;
        int64_t Count = In.Model->layers().Count;
        if (Count != S.Layers && !OS.Sources.front().Layers) {
          Diags
              .report(Kind::BadLayerRange, Ref->Where,
                      "the base model `" + In.Spelling + "` has " +
                          llvm::Twine(Count) + " layers, but model `" +
                          S.Inputs.front().Spelling + "` has " +
                          llvm::Twine(S.Layers))
              .hint("use `slices:` with a `layer_range` of the same length for "
                    "each source, the base too");
          Sound = false;
        } else if (In.FirstLayer + S.Layers > Count) {
          Diags
              .report(Kind::BadLayerRange, Ref->Where,
                      "the base model `" + In.Spelling + "` has " +
                          llvm::Twine(Count) + " layers, but layers up to " +
                          llvm::Twine(In.FirstLayer + S.Layers) +
                          " are merged into it")
              .hint("give the base as one of the `sources`, with a "
                    "`layer_range` of its own");
          Sound = false;
        }
      }
    } else if (P.MergeMethod->Base == BaseUse::First) {
      S.Base = 0;
    }
  }
  if (!Sound)
    return std::nullopt;
  return S;
}

std::optional<std::vector<Slice>>
mergec::resolveSlices(const Plan &P, const CheckpointMap &Models,
                      LayerTables &Tables, Diagnostics &Diags) {
  SliceResolver Resolver(P, Models, Tables, Diags);
  std::vector<Slice> Slices;
  bool Sound = true;
  for (const OutputSlice &OS : P.Modules.front().Slices) {
    if (std::optional<Slice> S = Resolver.resolve(OS))
      Slices.push_back(std::move(*S));
    else
      Sound = false;
  }
  if (!Sound || Slices.empty())
    return std::nullopt;
  return Slices;
}
