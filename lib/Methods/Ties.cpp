//===- Ties.cpp - Trim, elect signs, merge -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"

using namespace mergec;

static ValueId lower(MethodContext &C) {
  SparseVectors Vectors = taskVectors(C);
  for (size_t I = 0; I != Vectors.size(); ++I)
    trimToLargest(C, I, Vectors[I]);
  return mergeTaskVectors(C, Vectors, /*Consensus=*/true);
}

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
    "ties",
    "task vectors, trimmed to their largest entries, merged by elected sign",
    "Many finetunes of one base whose changes would otherwise cancel out.",
    "Yadav et al., TIES-Merging, 2023 (arXiv:2306.01708)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
