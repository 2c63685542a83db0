//===- KeepWhere.cpp - Elements chosen by others --------------------------===//
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

// The threshold is rounded to f32 and compared with as such. Where y is a NaN x
// is kept, so that a NaN reaches the result and is reported.
//
// Operands: x, y, the threshold; or x and y, which says of each element whether
// it is kept.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  Type By = G.type(Operands[0]);
  bool IsMarked = Operands.size() == 2;
  By.Element = IsMarked ? DType::Bool : DType::F32;
  if (G.type(Operands[1]) != By)
    Error = "`keep_where` decides by " + typeText(By) + ", not " +
            typeText(G.type(Operands[1]));
  else if (!IsMarked && G.type(Operands[2]) != Type::scalar())
    Error = "the threshold is f64, not " + typeText(G.type(Operands[2]));
  return G.typeId(Operands[0]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  TileOperand X = B.readWide(Operands[0]), Y = B.readWide(Operands[1]);
  if (Operands.size() == 2)
    return B.call(X.Type == DType::F64 ? Kernel::KeepMarkedF64
                                       : Kernel::KeepMarkedF32,
                  B.result(V), X, Y);
  B.call(X.Type == DType::F64 ? Kernel::KeepWhereF64 : Kernel::KeepWhereF32,
         B.result(V), X, Y, B.numbers(Operands[2]));
}

namespace mergec::ops {
extern const OpInfo opKeepWhere;
const OpInfo opKeepWhere = {
    .Mnemonic = "keep_where",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = 3,
    .Summary = "x where y says so, or |y| is at least a threshold, else 0",
    .Infer = infer,
    .Emit = emit,
    .LeavesOut = true,
};
} // namespace mergec::ops
