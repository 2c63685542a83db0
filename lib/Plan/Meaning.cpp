//===- Meaning.cpp - What only the whole plan can tell --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Numbers of models, bases, layer counts, parameters found nowhere, and weights
// that cancel out. Parts that could not be read have been reported and are not
// judged again.
//
//===----------------------------------------------------------------------===//

#include "Reading.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <cmath>

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;

namespace {

bool known(const std::optional<ModelRef> &Ref) {
  return Ref && !Ref->Path.empty();
}

std::string countModels(unsigned N) {
  return N == 1 ? "one model" : std::to_string(N) + " models";
}

class MeaningChecker {
public:
  MeaningChecker(const Plan &P, Diagnostics &Diags)
      : P(P), M(*P.MergeMethod), Diags(Diags) {}

  void run() {
    checkBase();
    for (const Module &Mod : P.Modules) {
      checkGlobals(Mod);
      for (const OutputSlice &Slice : Mod.Slices) {
        checkCount(Slice);
        checkLayerCounts(Slice);
        checkPerModel(Mod, Slice);
        checkWeights(Mod, Slice);
      }
    }
  }

private:
  const std::optional<ModelRef> &baseOf(const OutputSlice &Slice) const {
    return Slice.Base ? Slice.Base : P.Base;
  }

  /// True of a source that takes the part of the base.
  bool isBase(const Source &S, const OutputSlice &Slice) const {
    return M.Base != BaseUse::None && known(baseOf(Slice)) &&
           !S.Model.Path.empty() && S.Model == *baseOf(Slice);
  }

  void checkBase() {
    if (M.Base == BaseUse::None) {
      if (known(P.Base))
        Diags.report(Kind::UnusedBase, P.Base->Where,
                     "`" + M.Name + "` does not use the weights of a base: `" +
                         P.Base->spelling() +
                         "` donates configuration and tokenizer only");
      return;
    }
    if (P.Base || M.Base == BaseUse::Optional)
      return;
    for (const Module &Mod : P.Modules)
      for (const OutputSlice &Slice : Mod.Slices) {
        if (Slice.Base)
          continue;
        if (M.Base == BaseUse::Required) {
          Diags
              .report(Kind::MissingBase, P.MethodWhere,
                      "`" + M.Name +
                          "` merges changes to a base, and the plan "
                          "has no `base_model`")
              .hint("add `base_model: …`, the model that the others were "
                    "trained from");
          return; // Once is enough.
        }
        if (!Slice.Sources.empty() && !Slice.Sources[0].Model.Path.empty())
          Diags
              .report(Kind::ImpliedBase, Slice.Sources[0].Model.Where,
                      "there is no `base_model`: the first source, `" +
                          Slice.Sources[0].Model.spelling() +
                          "`, is the base of `" + M.Name + "`")
              .hint("add `base_model: " + Slice.Sources[0].Model.spelling() +
                    "` to say so");
      }
  }

  void checkCount(const OutputSlice &Slice) {
    if (Slice.Sources.empty())
      return;
    llvm::SmallVector<const Source *, 8> Counted;
    for (const Source &S : Slice.Sources)
      if (M.Base == BaseUse::First || !isBase(S, Slice))
        Counted.push_back(&S);
    // The base counts, and joins if it is not among the sources.
    bool Joins = M.Base == BaseUse::First && known(baseOf(Slice)) &&
                 llvm::none_of(Slice.Sources, [&](const Source &S) {
                   return isBase(S, Slice);
                 });
    unsigned Count = Counted.size() + Joins;
    if (Count >= M.MinModels && Count <= M.MaxModels)
      return;

    bool TooMany = Count > M.MaxModels;
    std::string Wanted = M.MinModels == M.MaxModels ? countModels(M.MinModels)
                         : TooMany ? "at most " + countModels(M.MaxModels)
                                   : "at least " + countModels(M.MinModels);
    StringRef Besides = M.Base == BaseUse::Required ? " besides the base" : "";
    StringRef Including = Joins ? ", with the base" : "";
    StringRef Place = P.UsesModelsForm ? "the plan" : "this slice";
    Diagnostic &D = Diags.report(
        Kind::WrongModelCount,
        TooMany ? Counted[M.MaxModels - Joins]->Where : Slice.Where,
        "`" + M.Name + "` takes " + Wanted + Besides + ", and " + Place +
            " has " + (Count ? std::to_string(Count) : "none") + Including);
    if (!TooMany)
      D.hint("add a line `- model: …`");
    else if (M.MaxModels == 1)
      D.hint("give each model a slice of its own");
    else
      D.hint("remove a model, or use a method that takes any number");
  }

  void checkLayerCounts(const OutputSlice &Slice) {
    const LayerRange *First = nullptr;
    for (const Source &S : Slice.Sources) {
      if (!S.Layers)
        continue;
      if (!First) {
        First = &*S.Layers;
        continue;
      }
      int64_t Wanted = First->Last - First->First;
      int64_t Count = S.Layers->Last - S.Layers->First;
      if (Count != Wanted)
        Diags
            .report(Kind::BadLayerRange, S.Layers->Where,
                    "this source has " + std::to_string(Count) +
                        " layers, and the first of the slice has " +
                        std::to_string(Wanted))
            .note("the first range is here", First->Where)
            .hint("all sources of a slice have equally many layers");
    }
  }

  /// The places in which a parameter is looked for, besides a source.
  std::array<const Settings *, 3> places(const Module &Mod,
                                         const OutputSlice &Slice) const {
    return {&Slice.Parameters, &Mod.Parameters, &P.Parameters};
  }

  bool isSet(const Module &Mod, const OutputSlice &Slice,
             StringRef Name) const {
    return llvm::any_of(places(Mod, Slice),
                        [&](const Settings *S) { return S->find(Name); });
  }

  static std::string example(const ParameterSpec &Spec) {
    bool Half = Spec.Kind == ParameterKind::Number && Spec.Min <= 0.5 &&
                Spec.Max >= 0.5;
    return "`parameters: {" + Spec.Name.str() + ": " + (Half ? "0.5" : "1") +
           "}`";
  }

  void checkGlobals(const Module &Mod) {
    for (const ParameterSpec &Spec : M.Parameters) {
      if (Spec.Scope != ParameterScope::Global || !Spec.required())
        continue;
      llvm::SmallVector<const OutputSlice *> Without;
      for (const OutputSlice &Slice : Mod.Slices)
        if (!isSet(Mod, Slice, Spec.Name))
          Without.push_back(&Slice);
      if (Without.empty())
        continue;
      if (Without.size() == Mod.Slices.size()) {
        Diags
            .report(Kind::MissingParameter, P.MethodWhere,
                    "`" + M.Name + "` needs the parameter `" + Spec.Name +
                        "`, and the plan does not give it")
            .hint("add " + example(Spec) + " at the top level");
        continue;
      }
      for (const OutputSlice *Slice : Without)
        Diags
            .report(Kind::MissingParameter, Slice->Where,
                    "this slice has no `" + Spec.Name +
                        "`, and neither has "
                        "the plan")
            .hint("add " + example(Spec) +
                  " to the slice, or at the top level");
    }
  }

  void checkPerModel(const Module &Mod, const OutputSlice &Slice) {
    for (const ParameterSpec &Spec : M.Parameters) {
      if (Spec.Scope != ParameterScope::Model || !Spec.required() ||
          isSet(Mod, Slice, Spec.Name))
        continue;
      for (const Source &S : Slice.Sources)
        if (!isBase(S, Slice) && !S.Model.Path.empty() &&
            !S.Parameters.find(Spec.Name))
          Diags
              .report(Kind::MissingParameter, S.Model.Where,
                      "`" + Spec.Name + "` is missing for model `" +
                          S.Model.spelling() + "`")
              .hint("add " + example(Spec) + " below the model");
    }
  }

  /// The value of a setting that is the same for every tensor.
  static std::optional<double> constant(const Setting &S) {
    if (S.Alternatives.empty() || !S.Alternatives[0].Filter.empty() ||
        S.Alternatives[0].Value.Points.size() != 1)
      return std::nullopt;
    return S.Alternatives[0].Value.Points[0];
  }

  const Setting *nearestSetting(const Module &Mod, const OutputSlice &Slice,
                                StringRef Name) const {
    for (const Settings *S : places(Mod, Slice))
      if (const Setting *Found = S->find(Name))
        return Found;
    return nullptr;
  }

  void checkWeights(const Module &Mod, const OutputSlice &Slice) {
    const ParameterSpec *Weight = M.parameter("weight");
    const ParameterSpec *Normalize = M.parameter("normalize");
    if (!Weight || !Normalize)
      return;
    const Setting *On = nearestSetting(Mod, Slice, Normalize->Name);
    std::optional<double> Flag = On ? constant(*On) : Normalize->Default;
    if (!Flag || *Flag == 0)
      return;

    double Sum = 0, Size = 0;
    const Setting *First = nullptr;
    for (const Source &S : Slice.Sources) {
      if (isBase(S, Slice))
        continue;
      const Setting *W = S.Parameters.find(Weight->Name);
      if (!W)
        W = nearestSetting(Mod, Slice, Weight->Name);
      std::optional<double> Value = W ? constant(*W) : Weight->Default;
      if (!Value)
        return;
      if (W && !First)
        First = W;
      Sum += *Value;
      Size += std::abs(*Value);
    }
    // Decimal fractions seldom cancel to the last bit.
    if (!First || std::abs(Sum) > 1e-12 * Size)
      return;
    Diags
        .report(
            Kind::ZeroWeights, First->Where,
            "the weights of the models sum to 0, and `normalize` divides by "
            "their sum")
        .hint("change a weight, or set `normalize: false`");
  }

  const Plan &P;
  const Method &M;
  Diagnostics &Diags;
};

} // namespace

void plan::checkMeaning(const Plan &P, Diagnostics &Diags) {
  MeaningChecker(P, Diags).run();
}
