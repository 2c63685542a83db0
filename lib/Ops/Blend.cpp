//===- Blend.cpp - Averages with a weight for each element ---------------===//
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
  TileOperand Z = B.readWide(Operands[2]);
  Instruction I;
  I.A = X;
  I.B = Y;
  I.C = Z;
  I.First = X.Type == DType::F64 ? Kernel::BlendF64 : Kernel::BlendF32;
  I.Out = B.result(V);
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opBlend;
const OpInfo opBlend = {
    "blend", OpClass::Elementwise,
    3,       3,
    {},      "z·x + (1 - z)·y: an average with a weight z for each element",
    infer,   nullptr,
    emit};
} // namespace mergec::ops
