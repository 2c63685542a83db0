//===- Della.cpp - Random drop by magnitude, elected signs ----------------===//
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
    thinByRank(C, I, Vectors[I]);
  return mergeTaskVectors(C, Vectors, /*Consensus=*/true);
}

static constexpr ParameterSpec Parameters[] = {
    WeightParameter,
    densityParameter("share of the differences that is kept: at random, the "
                     "larger the likelier"),
    EpsilonParameter,
    normalizeParameter(true, DivideByAdded),
    LambdaParameter,
    rescaleParameter(true),
    Int8MaskParameter,
    ConsensusParameter,
};

namespace mergec::methods {
extern const Method methodDella;
const Method methodDella = {
    "della",
    "task vectors thinned at random, small entries more than large ones, "
    "merged "
    "by elected sign",
    "As `dare_ties`, but keeping what a finetune changed most.",
    "Deep et al., DELLA-Merging, 2024 (arXiv:2406.11617)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
