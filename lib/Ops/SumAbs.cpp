//===- SumAbs.cpp - Sums of magnitudes -----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/LaneSum.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  TileOperand X = B.readWide(B.graph().operands(V)[0]);
  emitLaneSum(
      B, V, X.Type == DType::F64 ? Kernel::SumAbsF64F64 : Kernel::SumAbsF32F32,
      X, {});
}

namespace mergec::ops {
extern const OpInfo opSumAbs;
const OpInfo opSumAbs = {
    .Mnemonic = "sum_abs",
    .Class = OpClass::Reduction,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = OverAttribute,
    .Summary = "Σ|x| over the tensor or each row, in f64",
    .Infer = inferReduced,
    .Emit = emit,
};
} // namespace mergec::ops
