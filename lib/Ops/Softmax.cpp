//===- Softmax.cpp - Shares of a softmax ----------------------------------===//
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

// With the largest element as s and the sum of exp(x - s) as t.
//
// Operands: x, s, t.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  for (ValueId Number : Operands.drop_front())
    if (!weighs(G, Number, G.type(Operands[0]), Error))
      return {};
  Type T = G.type(Operands[0]);
  T.Element = DType::F64;
  return G.intern(T);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  TileOperand X = B.readWide(Operands[0]);
  B.call(X.Type == DType::F64 ? Kernel::SoftmaxF64F64 : Kernel::SoftmaxF64F32,
         B.result(V), X, {}, B.numbers(Operands[1]), B.numbers(Operands[2]));
}

namespace mergec::ops {
extern const OpInfo opSoftmax;
const OpInfo opSoftmax = {
    .Mnemonic = "softmax",
    .Class = OpClass::Elementwise,
    .MinOperands = 3,
    .MaxOperands = 3,
    .Summary = "exp(x - s) / t, in f64",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
