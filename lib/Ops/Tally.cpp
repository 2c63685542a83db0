//===- Tally.cpp - How many tensors are not 0 ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  bool Double = G.type(V).Element == DType::F64;
  TileOperand Out = B.result(V);
  B.call(Double ? Kernel::FillF64 : Kernel::FillF32, Out, {});
  for (ValueId X : G.operands(V))
    B.call(Double ? Kernel::AddIsNonzeroF64 : Kernel::AddIsNonzeroF32, Out,
           B.readWide(X));
}

namespace mergec::ops {
extern const OpInfo opTally;
const OpInfo opTally = {
    .Mnemonic = "tally",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = OpInfo::AnyNumber,
    .Summary = "how many of the tensors are not 0 there",
    .Infer = inferSame,
    .Emit = emit,
};
} // namespace mergec::ops
