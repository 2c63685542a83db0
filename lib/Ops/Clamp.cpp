//===- Clamp.cpp - Values between two bounds -----------------------------===//
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

// A NaN stays one. With an infinite bound this is a minimum or a maximum.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.typeId(Operands[0]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  TileOperand X = B.readWide(G.operands(V)[0]);
  B.call(X.Type == DType::F64 ? Kernel::ClampF64 : Kernel::ClampF32,
         B.result(V), X, {}, B.literal(number(G.attribute(V, 0))),
         B.literal(number(G.attribute(V, 1))));
}

static constexpr AttributeSpec Attributes[] = {
    {"low", AttributeKind::Number},
    {"high", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opClamp;
const OpInfo opClamp = {"clamp",    OpClass::Elementwise,
                        1,          1,
                        Attributes, "x, but at least `low` and at most `high`",
                        infer,      nullptr,
                        emit};
} // namespace mergec::ops
