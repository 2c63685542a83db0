//===- Ties.cpp - Trim, elect signs, merge -------------------------------===//
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
    densityParameter("share of the differences that is kept: the largest"),
    DropRateParameter,
    normalizeParameter(true, DivideByAdded),
    LambdaParameter,
    rescaleParameter(false),
    Int8MaskParameter,
    ConsensusParameter,
};

namespace mergec::methods {
extern const Method methodTies;
const Method methodTies = {
    .Name = "ties",
    .Summary = "task vectors, trimmed to their largest entries, merged by "
               "elected sign",
    .Purpose =
        "Many finetunes of one base whose changes would otherwise cancel out.",
    .Paper = "Yadav et al., TIES-Merging, 2023 (arXiv:2306.01708)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<trimToLargest, /*Consensus=*/true>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
