//===- DellaLinear.cpp - Random drop by magnitude, sum --------------------===//
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
    densityParameter("share of the differences that is kept: at random, the "
                     "larger the likelier"),
    EpsilonParameter,
    normalizeParameter(false, DivideByAll),
    LambdaParameter,
    rescaleParameter(true),
    Int8MaskParameter,
};

namespace mergec::methods {
extern const Method methodDellaLinear;
const Method methodDellaLinear = {
    .Name = "della_linear",
    .Summary =
        "task vectors thinned at random, small entries more than large ones",
    .Purpose = "As `dare_linear`, but keeping what a finetune changed most.",
    .Paper = "Deep et al., DELLA-Merging, 2024 (arXiv:2406.11617)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<thinByRank, /*Consensus=*/false>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
