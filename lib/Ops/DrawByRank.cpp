//===- DrawByRank.cpp - Random masks by rank in the row ------------------===//
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

// An element is drawn with a probability between the two, linear in the rank of
// |x| in its row, without the ranks being found (RankDraw in RandomWord.h): its
// random bits, a pure function of the key and of its index in the tensor, may
// ask for a comparison with any other element of the row. So what is ranked is
// computed ahead for the whole of a chunk, and again with the rest of the
// sweep: it takes no sweep of its own, and only rows that are longer than a
// chunk are read more than once.
//
// Operands: x, the probability of the smallest magnitude, that of the largest.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  for (ValueId P : Operands.drop_front())
    if (G.type(P) != Type::scalar())
      Error = "a probability is f64, not " + typeText(G.type(P));
  Type T = G.type(Operands[0]);
  T.Element = DType::Bool;
  return G.intern(T);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  llvm::ArrayRef<ValueId> Operands = G.operands(V);
  // The key as a constant: see `thin`.
  B.rankRows(V, B.readWide(Operands[0]),
             {B.numbers(Operands[1]), B.numbers(Operands[2]),
              B.literal(number(G.attribute(V, 0)))});
}

static constexpr AttributeSpec Attributes[] = {
    {"key", AttributeKind::Integer},
};

namespace mergec::ops {
extern const OpInfo opDrawByRank;
const OpInfo opDrawByRank = {
    .Mnemonic = "draw_by_rank",
    .Class = OpClass::Elementwise,
    .MinOperands = 3,
    .MaxOperands = 3,
    .Attributes = Attributes,
    .Summary = "true with a probability that rises with the rank of |x| in its "
               "row; drawn by `key`",
    .Infer = infer,
    .Emit = emit,
    .KeepsState = true,
    .RanksRows = true,
    .Price = 3,
};
} // namespace mergec::ops
