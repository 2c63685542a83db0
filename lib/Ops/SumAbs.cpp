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

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  return reducedType(G, G.type(Operands[0]), Attributes[0], 1, Error);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  TileOperand X = B.readWide(B.graph().operands(V)[0]);
  emitLaneSum(
      B, V, X.Type == DType::F64 ? Kernel::SumAbsF64F64 : Kernel::SumAbsF32F32,
      X, {});
}

static constexpr AttributeSpec Attributes[] = {
    {"over", AttributeKind::Name},
};

namespace mergec::ops {
extern const OpInfo opSumAbs;
const OpInfo opSumAbs = {"sum_abs",  OpClass::Reduction,
                         1,          1,
                         Attributes, "Σ|x| over the tensor or each row, in f64",
                         infer,      nullptr,
                         emit};
} // namespace mergec::ops
