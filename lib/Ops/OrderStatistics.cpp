//===- OrderStatistics.cpp - Magnitudes by rank ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/RadixSelection.h"
#include <bit>

using namespace mergec;

// Exact, in two sweeps for any number of ranks. Of f64 elements the magnitude
// is that of the nearest f32.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  ranksOf(G, Operands, Error);
  return G.intern(Type::scalar(Operands.size() - 1));
}

static bool never(const Reduction &, const GroupState &) { return false; }

static void finishMagnitudes(const Reduction &R, GroupState &G, const void *,
                             const void *) {
  for (uint32_t I = 0; I != R.Stride; ++I) {
    const SelectionState &S = G.Selections[R.Selection + I];
    G.Numbers[R.Target + I] = S.None ? 0.0 : std::bit_cast<float>(S.Threshold);
  }
}

static const ReductionInfo Magnitudes = {
    .Name = "order_statistics",
    .WorkerBytes = 0,
    .Finish = finishMagnitudes,
    .Needed = never,
};

static void emit(SweepBuilder &B, ValueId V, unsigned Phase) {
  emitRadixSelection(B, V, Phase);
  if (Phase == 1)
    B.reduction(Magnitudes, V);
}

namespace mergec::ops {
extern const OpInfo opOrderStatistics;
const OpInfo opOrderStatistics = {
    .Mnemonic = "order_statistics",
    .Class = OpClass::Reduction,
    .MinOperands = 2,
    .MaxOperands = OpInfo::AnyNumber,
    .Summary = "the k-th largest magnitudes, one for each k",
    .Infer = infer,
    .Emit = emit,
    .Phases = 2,
};
} // namespace mergec::ops
