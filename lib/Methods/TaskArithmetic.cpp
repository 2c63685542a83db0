//===- TaskArithmetic.cpp - Sums of task vectors -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"

using namespace mergec;

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
    .Name = "task_arithmetic",
    .Summary = "the base plus weighted differences to it",
    .Purpose = "Adds (or with a negative weight removes) what finetunes of the "
               "base have learnt.",
    .Paper = "Ilharco et al., Editing models with task arithmetic, 2022 "
             "(arXiv:2212.04089)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<keepAll, /*Consensus=*/false>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
