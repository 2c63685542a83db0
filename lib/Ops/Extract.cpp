//===- Extract.cpp - One of several numbers ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/Map.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  Type T = G.type(Operands[0]);
  if (!T.isNumbers() || Attributes[0] >= T.Width) {
    Error = "`extract` can't take number " + std::to_string(Attributes[0]) +
            " of " + typeText(T);
    return {};
  }
  T.Width = 1;
  return G.intern(T);
}

static ValueId fold(Graph &G, ValueId V) {
  ValueId From = G.operands(V)[0];
  if (G.type(From).Width == 1)
    return From;
  llvm::SmallVector<double, 4> Out;
  if (G.op(From) == Op::Map && foldMap(G, From, Out))
    G.becomeConstant(V, Out[G.attribute(V, 0)]);
  return {};
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  NumberRef N = B.numbers(B.graph().operands(V)[0]);
  N.Slot += B.graph().attribute(V, 0);
  B.bind(V, N);
}

static constexpr AttributeSpec Attributes[] = {
    {"index", AttributeKind::Integer},
};

namespace mergec::ops {
extern const OpInfo opExtract;
const OpInfo opExtract = {
    .Mnemonic = "extract",
    .Class = OpClass::Host,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "number `index` of several",
    .Infer = infer,
    .Fold = fold,
    .Emit = emit,
};
} // namespace mergec::ops
