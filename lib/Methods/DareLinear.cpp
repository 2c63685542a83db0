//===- DareLinear.cpp - Random drop, rescale, add -------------------------===//
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
  return mergeTaskVectors(C, Vectors, /*Consensus=*/false);
}

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
    "dare_linear",
    "task vectors of which a random share is kept and scaled up",
    "Several finetunes of one base: dropping most of each leaves less for the "
    "others to collide with.",
    "Yu et al., Language models are super Mario, 2023 (arXiv:2311.03099)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
