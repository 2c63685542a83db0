//===- DareTies.cpp - Random drop, rescale, elect signs -------------------===//
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
    normalizeParameter(false, DivideByAdded),
    LambdaParameter,
    rescaleParameter(true),
    Int8MaskParameter,
    ConsensusParameter,
};

namespace mergec::methods {
extern const Method methodDareTies;
const Method methodDareTies = {
    .Name = "dare_ties",
    .Summary =
        "task vectors of which a random share is kept, merged by elected sign",
    .Purpose = "As `dare_linear`, where finetunes pull in opposite directions.",
    .Paper =
        "Yu et al., Language models are super Mario, 2023 (arXiv:2311.03099)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<thinAtRandom, /*Consensus=*/true>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
