//===- Ram.cpp - Averages of shared changes, unique ones whole -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"

using namespace mergec;

static ValueId lower(MethodContext &C) {
  double Epsilon = C.global("epsilon");
  llvm::SmallVector<ValueId, 8> Active;
  for (size_t I = 0; I != C.inputCount(); ++I)
    Active.push_back(C.keepAbove(C.difference(I), Epsilon));
  // A change that is alone in its position is divided by 1.
  llvm::SmallVector<double, 8> Ones(Active.size(), 1.0);
  ValueId Change = C.divide(C.combine(Active, Ones), C.tally(Active));
  return C.combine({C.base(), Change}, llvm::ArrayRef<double>{1.0, 1.0});
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "epsilon",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1e-5,
     .Min = 0,
     .Help = "differences to the base up to this are none"},
};

namespace mergec::methods {
extern const Method methodRam;
const Method methodRam = {
    .Name = "ram",
    .Summary = "the base plus, for each element, the average over the models "
               "that changed it",
    .Purpose =
        "Models trained by reinforcement learning, whose changes are sparse: "
        "what only one of them has learnt is not diluted by the others.",
    .Paper = "Yuan et al., Behavior knowledge merge in reinforced agentic "
             "models, 2026 (arXiv:2601.13572)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lower,
};
} // namespace mergec::methods
