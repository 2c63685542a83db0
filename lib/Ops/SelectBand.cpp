//===- SelectBand.cpp - All but the largest of the largest ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/GuessSelection.h"
#include "mergec/Schedule/RadixSelection.h"

using namespace mergec;

// Both edges are ranks of one histogram. A class of equals that lies on one
// edge is thinned evenly, and one that lies on both too, to k2 - k1.
//
// Operands: the tensor, k1, k2 ≥ k1.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  ranksOf(G, Operands, Error);
  return G.intern(Type::selection());
}

static bool never(const Reduction &, const GroupState &) { return false; }

/// When both edges are known: of the upper one's class those survive that the
/// lower one's selection has on top.
static void finishEdges(const Reduction &R, GroupState &G, const void *,
                        const void *) {
  SelectionState &Upper = G.Selections[R.Selection];
  SelectionState &Lower = G.Selections[R.Selection + 1];
  if (Upper.None || Lower.None || Upper.Threshold == 0)
    return;
  if (Upper.Threshold == Lower.Threshold) {
    Lower.Survivors = Lower.Rank > Upper.Rank ? Lower.Rank - Upper.Rank : 0;
    Upper.Survivors = Upper.ClassSize;
  } else {
    Upper.Survivors = Upper.ClassSize - Upper.Rank;
  }
}

static const ReductionInfo Edges = {
    "select_band.edges", 0,     0,      0, nullptr, nullptr, nullptr,
    finishEdges,         never, nullptr};

static void emit(SweepBuilder &B, ValueId V, unsigned Phase) {
  emitRadixSelection(B, V, Phase);
  if (Phase == 1)
    B.reduction(Edges, V);
}

namespace mergec::ops {
extern const OpInfo opSelectBand;
const OpInfo opSelectBand = {
    .Mnemonic = "select_band",
    .Class = OpClass::Reduction,
    .MinOperands = 3,
    .MaxOperands = 3,
    .Summary = "the elements of largest magnitude up to rank k2 but for those "
               "up to rank k1",
    .Infer = infer,
    .Emit = emit,
    .Phases = 3,
    .Guess = emitGuess,
};
} // namespace mergec::ops
