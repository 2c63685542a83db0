//===- Breadcrumbs.cpp - Task vectors without their outliers --------------===//
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
    normalizeParameter(false, DivideByAll),
    LambdaParameter,
    rescaleParameter(false),
    Int8MaskParameter,
};

namespace mergec::methods {
extern const Method methodBreadcrumbs;
const Method methodBreadcrumbs = {
    .Name = "breadcrumbs",
    .Summary = "task vectors without their largest and their smallest entries",
    .Purpose = "Many finetunes of one base: outliers of each, which mislead "
               "the sum, are dropped along with the noise.",
    .Paper =
        "Davari and Belilovsky, Model breadcrumbs, 2023 (arXiv:2312.06795)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lowerTaskVectors<dropOutliers, /*Consensus=*/false>,
    .Functions = TaskVectorFunctions,
};
} // namespace mergec::methods
