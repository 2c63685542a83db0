//===- TaskArithmetic.cpp - Sums of task vectors -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"

using namespace mergec;

static ValueId lower(MethodContext &C) {
  llvm::SmallVector<ValueId, 8> Vectors = taskVectors(C);
  return mergeTaskVectors(C, Vectors, Vectors, /*Consensus=*/false);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "weight",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Help = "factor for the model's difference to the base"},
    {.Name = "density",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Default = 1,
     .Min = 0,
     .Max = 1,
     .Help = "accepted for compatibility; changes nothing"},
    {.Name = "normalize",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "divide by the sum of the weights"},
    {.Name = "lambda",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1,
     .Help = "factor for the whole change"},
    {.Name = "rescale",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "accepted for compatibility; changes nothing"},
    {.Name = "int8_mask",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "accepted for compatibility; changes nothing"},
};

namespace mergec::methods {
extern const Method methodTaskArithmetic;
const Method methodTaskArithmetic = {
    "task_arithmetic",
    "the base plus weighted differences to it",
    "Adds (or with a negative weight removes) what finetunes of the base have "
    "learnt.",
    "Ilharco et al., Editing models with task arithmetic, 2022 "
    "(arXiv:2212.04089)",
    BaseUse::Required,
    1,
    Method::AnyNumber,
    Parameters,
    lower,
    TaskVectorFunctions};
} // namespace mergec::methods
