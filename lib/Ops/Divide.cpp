//===- Divide.cpp - Quotients of elements --------------------------------===//
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

// A divisor of 0 counts as 1: an average over nothing is the sum of nothing.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.typeId(Operands[0]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  TileOperand X = B.readWide(Operands[0]);
  TileOperand Y = B.readWide(Operands[1]);
  B.call(X.Type == DType::F64 ? Kernel::DivideNonzeroF64
                              : Kernel::DivideNonzeroF32,
         B.result(V), X, Y);
}

namespace mergec::ops {
extern const OpInfo opDivide;
const OpInfo opDivide = {"divide", OpClass::Elementwise,
                         2,        2,
                         {},       "x / y; a divisor of 0 counts as 1",
                         infer,    nullptr,
                         emit};
} // namespace mergec::ops
