//===- Linear.cpp - Weighted averages ------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"
#include <cmath>

using namespace mergec;

static ValueId lower(MethodContext &C) {
  llvm::SmallVector<ValueId, 8> Tensors;
  llvm::SmallVector<double, 8> Weights;
  double Sum = 0, Size = 0;
  for (size_t I = 0; I != C.inputCount(); ++I) {
    Tensors.push_back(C.input(I));
    Weights.push_back(C.parameter(I, "weight"));
    Sum += Weights.back();
    Size += std::abs(Weights.back());
  }
  if (C.flag("normalize")) {
    // Decimal fractions seldom cancel to the last bit.
    if (std::abs(Sum) <= 1e-12 * Size) {
      C.report(Kind::ZeroWeights,
               "the weights sum to 0 and can't be normalised",
               "change a weight, or set `normalize: false`");
      return Tensors[0];
    }
    for (double &W : Weights)
      W /= Sum;
  }
  return C.combine(Tensors, Weights);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "weight",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Help = "the model's share"},
    {.Name = "normalize",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 1,
     .Help = "divide by the sum of the weights"},
};

namespace mergec::methods {
extern const Method methodLinear;
const Method methodLinear = {
    .Name = "linear",
    .Summary = "weighted average of the models",
    .Purpose = "Model soups: finetunes of one base that should keep what they "
               "share. The safe first thing to try.",
    .Paper = "Wortsman et al., Model soups, 2022 (arXiv:2203.05482)",
    .Base = BaseUse::None,
    .Parameters = Parameters,
    .Lower = lower,
};
} // namespace mergec::methods
