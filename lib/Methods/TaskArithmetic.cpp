//===- TaskArithmetic.cpp - Sums of task vectors -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"

using namespace mergec;

static ValueId lower(MethodContext &C) {
  return mergeTaskVectors(C, taskVectors(C), /*Consensus=*/false);
}

static constexpr ParameterSpec Parameters[] = {
    WeightParameter,
    densityParameter(ChangesNothing),
    normalizeParameter(false, DivideByAll),
    LambdaParameter,
    rescaleParameter(false, ChangesNothing),
    Int8MaskParameter,
};

namespace mergec::methods {
extern const Method methodTaskArithmetic;
const Method methodTaskArithmetic = {
    "task_arithmetic",
    "the base plus weighted differences to it",
    "Adds (or with a negative weight removes) what finetunes of the base have "
    "learnt.",
    "Ilharco et al., Editing models with task arithmetic, 2022 "
    "(arXiv:2212.04089)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
