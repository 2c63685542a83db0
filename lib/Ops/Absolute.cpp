//===- Absolute.cpp - Magnitudes -----------------------------------------===//
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
  const Graph &G = B.graph();
  TileOperand X = B.readWide(G.operands(V)[0]);
  B.call(X.Type == DType::F64 ? Kernel::AbsoluteF64 : Kernel::AbsoluteF32,
         B.result(V), X, {});
}

namespace mergec::ops {
extern const OpInfo opAbsolute;
const OpInfo opAbsolute = {
    "absolute", OpClass::Elementwise, 1, 1, {}, "|x|", infer, nullptr, emit};
} // namespace mergec::ops
