//===- ByRank.cpp - Numbers by rank in the row ---------------------------===//
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

// Elements of equal magnitude share the mean of their ranks. What is ranked is
// computed ahead for the whole of a chunk, and again with the rest of the
// sweep: so it takes no sweep of its own, and only rows that are longer than a
// chunk are read more than once.
//
// Operands: x, the number for the smallest magnitude, that for the largest.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  for (ValueId Number : Operands.drop_front())
    if (G.type(Number) != Type::scalar())
      Error = "what ranks stand for is f64, not " + typeText(G.type(Number));
  Type T = G.type(Operands[0]);
  T.Element = DType::F32;
  return G.intern(T);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  B.rankRows(V, B.readWide(Operands[0]), B.numbers(Operands[1]),
             B.numbers(Operands[2]));
}

namespace mergec::ops {
extern const OpInfo opByRank;
const OpInfo opByRank = {"by_rank",
                         OpClass::Elementwise,
                         3,
                         3,
                         {},
                         "from one number to another by the rank of |x| in its "
                         "row, as f32",
                         infer,
                         nullptr,
                         emit,
                         1,
                         false,
                         true,
                         true};
} // namespace mergec::ops
