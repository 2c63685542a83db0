//===- DareLinear.cpp - Random drop, rescale, add -------------------------===//
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
    densityParameter("share of the differences that is kept: any, at random"),
    DropRateParameter,
    normalizeParameter(false, DivideByAll),
    LambdaParameter,
    rescaleParameter(true),
    Int8MaskParameter,
};

namespace mergec::methods {
extern const Method methodDareLinear;
const Method methodDareLinear = {
    .Name = "dare_linear",
    .Summary = "task vectors of which a random share is kept and scaled up",
    .Purpose = "Several finetunes of one base: dropping most of each leaves "
               "less for the others to collide with.",
    .Paper =
        "Yu et al., Language models are super Mario, 2023 (arXiv:2311.03099)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<thinAtRandom, /*Consensus=*/false>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
