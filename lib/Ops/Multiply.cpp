//===- Multiply.cpp - Products of elements -------------------------------===//
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

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.typeId(Operands[0]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  TileOperand X = B.readWide(Operands[0]);
  TileOperand Y = B.readWide(Operands[1]);
  B.call(X.Type == DType::F64 ? Kernel::MultiplyF64 : Kernel::MultiplyF32,
         B.result(V), X, Y);
}

namespace mergec::ops {
extern const OpInfo opMultiply;
const OpInfo opMultiply = {
    "multiply", OpClass::Elementwise, 2, 2, {}, "x·y", infer, nullptr, emit};
} // namespace mergec::ops
