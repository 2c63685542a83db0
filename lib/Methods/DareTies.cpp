//===- DareTies.cpp - Random drop, rescale, elect signs -------------------===//
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
    thinAtRandom(C, I, Vectors[I]);
  return mergeTaskVectors(C, Vectors, /*Consensus=*/true);
}

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
    "dare_ties",
    "task vectors of which a random share is kept, merged by elected sign",
    "As `dare_linear`, where finetunes pull in opposite directions.",
    "Yu et al., Language models are super Mario, 2023 (arXiv:2311.03099)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
