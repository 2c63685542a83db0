//===- Dot.cpp - Inner products ------------------------------------------===//
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
  const Type &T = G.type(Operands[0]);
  if (G.get(NameId{uint32_t(Attributes[0])}) == "column")
    return G.intern(Type::columns(T.columnCount()));
  return reducedType(G, T, Attributes[0], 1, Error);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  ValueId X = G.operands(V)[0], Y = G.operands(V)[1];
  if (G.type(V).Kind == TypeKind::Columns) {
    TileOperand A = B.readDouble(X), C = X == Y ? A : B.readDouble(Y);
    TileOperand Product = B.scratch(DType::F64);
    B.call(Kernel::MultiplyF64, Product, A, C);
    return emitColumnSum(B, V, Product);
  }
  TileOperand A = B.read(X), C = B.read(Y);
  bool Narrow = G.type(X).Element == DType::F32 && A.Type == C.Type;
  if (!Narrow) {
    A = B.readWide(X);
    C = B.readWide(Y);
  }
  emitLaneSum(B, V, dotKernel(A.Type), A, C);
}

namespace mergec::ops {
extern const OpInfo opDot;
const OpInfo opDot = {
    .Mnemonic = "dot",
    .Class = OpClass::Reduction,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Attributes = OverAttribute,
    .Summary = "<x, y> over the tensor, each row or each column, in f64",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
