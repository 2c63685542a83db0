//===- SumExp.cpp - The denominator of a softmax --------------------------===//
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
  if (!sameComputed(G, Operands.take_front(), Error) ||
      !weighs(G, Operands[1], G.type(Operands[0]), Error))
    return {};
  return reducedType(G, G.type(Operands[0]), Attributes[0], 1, Error);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  TileOperand X = B.readWide(Operands[0]);
  emitLaneSum(B, V,
              X.Type == DType::F64 ? Kernel::SumExpF64 : Kernel::SumExpF32, X,
              {}, 0, B.numbers(Operands[1]));
}

namespace mergec::ops {
extern const OpInfo opSumExp;
const OpInfo opSumExp = {
    .Mnemonic = "sum_exp",
    .Class = OpClass::Reduction,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Attributes = OverAttribute,
    .Summary = "Σexp(x - s) over the tensor or each row, in f64",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
