//===- Cast.cpp - Exact widening -----------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/Op.h"
#include "mergec/Ops/TypeRules.h"

using namespace mergec;

// No kernel of its own: whatever reads the value widens as it loads.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId Stated,
                    std::string &Error) {
  Type T = G.type(Operands[0]);
  if (!isFloatTensor(T) || !Stated.valid() || !isComputed(G.get(Stated)) ||
      bitWidth(G.get(Stated).Element) < bitWidth(T.Element)) {
    Error = "`cast` widens a float tensor to f32 or f64, not " + typeText(T);
    return {};
  }
  T.Element = G.get(Stated).Element;
  return G.intern(T);
}

static ValueId fold(Graph &G, ValueId V) {
  ValueId From = G.operands(V)[0];
  if (G.typeId(V) == G.typeId(From))
    return From;
  if (G.op(From) == Op::Cast) // Both are exact: widen at once.
    G.setOperand(V, 0, G.operands(From)[0]);
  return {};
}

namespace mergec::ops {
extern const OpInfo opCast;
const OpInfo opCast = {
    .Mnemonic = "cast",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Summary = "the same values in a wider type; exact",
    .Infer = infer,
    .Fold = fold,
};
} // namespace mergec::ops
