//===- KeepAbove.cpp - Magnitudes above a threshold ----------------------===//
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

// The threshold is compared with in f64, exactly. A NaN is kept, so that it
// reaches the result and is reported.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.typeId(Operands[0]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  TileOperand X = B.readWide(G.operands(V)[0]);
  B.call(X.Type == DType::F64 ? Kernel::KeepGreaterF64 : Kernel::KeepGreaterF32,
         B.result(V), X, {}, B.literal(number(G.attribute(V, 0))));
}

static constexpr AttributeSpec Attributes[] = {
    {"threshold", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opKeepAbove;
const OpInfo opKeepAbove = {"keep_above",
                            OpClass::Elementwise,
                            1,
                            1,
                            Attributes,
                            "x where |x| > `threshold`, else 0",
                            infer,
                            nullptr,
                            emit};
} // namespace mergec::ops
