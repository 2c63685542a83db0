//===- BreadcrumbsTies.cpp - No outliers, then elected signs --------------===//
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
    densityParameter(
        "share of the differences that is kept, after the largest"),
    GammaParameter,
    normalizeParameter(false, DivideByAdded),
    LambdaParameter,
    rescaleParameter(false),
    Int8MaskParameter,
    ConsensusParameter,
};

namespace mergec::methods {
extern const Method methodBreadcrumbsTies;
const Method methodBreadcrumbsTies = {
    .Name = "breadcrumbs_ties",
    .Summary = "task vectors without their largest and their smallest entries, "
               "merged by elected sign",
    .Purpose = "As `breadcrumbs`, where finetunes pull in opposite directions.",
    .Paper =
        "Davari and Belilovsky, Model breadcrumbs, 2023 (arXiv:2312.06795)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<dropOutliers, /*Consensus=*/true>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
