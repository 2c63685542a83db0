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
  llvm::SmallVector<ValueId, 8> Vectors = taskVectors(C), Trimmed;
  for (size_t I = 0; I != Vectors.size(); ++I) {
    double Density = C.parameter(I, "density");
    Trimmed.push_back(
        Density >= 1
            ? Vectors[I]
            : C.keepLargest(Vectors[I], survivors(Density, C.elements())));
  }
  return mergeTaskVectors(C, Vectors, Trimmed, /*Consensus=*/true);
}

static constexpr llvm::StringLiteral Consensus[] = {"sum", "count"};

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
     .Help = "share of the differences that is kept: the largest"},
    {.Name = "normalize",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 1,
     .Help = "divide by the weights of the models that were added"},
    {.Name = "lambda",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1,
     .Help = "factor for the whole change"},
    {.Name = "rescale",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "scale what was kept up to the length of the whole"},
    {.Name = "int8_mask",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "accepted for compatibility; changes nothing"},
    {.Name = "consensus_method",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Choice,
     .Default = 0,
     .Choices = Consensus,
     .Help = "elect signs by the `sum` of the differences or by their `count`"},
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
