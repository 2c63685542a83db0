//===- SelectLargest.cpp - The k largest magnitudes ----------------------===//
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

#include <cstring>

// Exact and streaming: a radix selection. The 31 magnitude bits of an f32 are
// taken in two steps. The first sweep counts elements by their high 16 bits and
// finds the bin with the k-th largest; the second counts that bin by the low 15
// bits and finds the threshold. Elements above it are selected, elements equal
// to it share the rest: their even thinning needs to know how many of them
// precede each segment, which is the third sweep; it is skipped when the whole
// class survives.

static constexpr unsigned HighBins = 65536, LowBins = 32768;

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  if (G.type(Operands[1]) != Type::scalar())
    Error = "the number to select is f64, not " + typeText(G.type(Operands[1]));
  return G.intern(Type::selection());
}

static uint64_t wanted(const Reduction &R, const GroupState &G) {
  return uint64_t(G.Numbers[R.Input.Slot]);
}

template <unsigned Bins> static void merge(void *Shared, const void *Worker) {
  auto *To = static_cast<uint64_t *>(Shared);
  auto *From = static_cast<const uint32_t *>(Worker);
  for (unsigned I = 0; I != Bins; ++I)
    To[I] += From[I];
}

/// The bin, from above, in which the count reaches `Rank`, which becomes the
/// rank within the bin.
static unsigned descend(const uint64_t *Counts, unsigned Bins, uint64_t &Rank) {
  for (unsigned I = Bins; I-- > 0;) {
    if (Counts[I] >= Rank)
      return I;
    Rank -= Counts[I];
  }
  return 0;
}

static bool isProperPart(const Reduction &R, const GroupState &G) {
  uint64_t K = wanted(R, G);
  return K > 0 && K < G.Cut.Elements;
}

static void finishHigh(const Reduction &R, GroupState &G, const void *Shared,
                       const void *) {
  SelectionState &S = G.Selections[R.Target];
  S = {};
  S.KeepNone = wanted(R, G) == 0;
  S.KeepAll = wanted(R, G) >= G.Cut.Elements && !S.KeepNone;
  if (S.KeepNone || S.KeepAll)
    return;
  S.Rank = wanted(R, G);
  S.Bin = descend(static_cast<const uint64_t *>(Shared), HighBins, S.Rank);
}

static bool isOpen(const Reduction &R, const GroupState &G) {
  const SelectionState &S = G.Selections[R.Target];
  return !S.KeepAll && !S.KeepNone;
}

static void finishLow(const Reduction &R, GroupState &G, const void *Shared,
                      const void *) {
  SelectionState &S = G.Selections[R.Target];
  if (S.KeepAll || S.KeepNone)
    return;
  auto *Counts = static_cast<const uint64_t *>(Shared);
  unsigned Low = descend(Counts, LowBins, S.Rank);
  S.Threshold = S.Bin << 15 | Low;
  S.ClassSize = Counts[Low];
  S.Survivors = S.Rank;
  // Whichever zeros survive, they stay zeros.
  if (S.Threshold == 0)
    S.Survivors = S.ClassSize;
}

static bool isThinned(const Reduction &R, const GroupState &G) {
  const SelectionState &S = G.Selections[R.Target];
  return S.Survivors < S.ClassSize;
}

static void endSegment(void *Worker, void *Segment) {
  std::memcpy(Segment, Worker, sizeof(uint64_t));
  std::memset(Worker, 0, sizeof(uint64_t));
}

static void finishCount(const Reduction &R, GroupState &G, const void *,
                        const void *Segments) {
  SelectionState &S = G.Selections[R.Target];
  S.ClassBefore.clear();
  if (!isThinned(R, G))
    return;
  S.ClassBefore.reserve(G.Cut.Count);
  uint64_t Before = 0;
  for (uint32_t I = 0; I != G.Cut.Count; ++I) {
    S.ClassBefore.push_back(Before);
    Before += static_cast<const uint64_t *>(Segments)[I];
  }
}

static const ReductionInfo Phases[] = {
    {"select_largest.high", HighBins * 4, 0, HighBins * 8, nullptr, nullptr,
     merge<HighBins>, finishHigh, isProperPart, nullptr},
    {"select_largest.low", LowBins * 4, 0, LowBins * 8, nullptr, nullptr,
     merge<LowBins>, finishLow, isOpen, nullptr},
    {"select_largest.count", 8, 8, 0, nullptr, endSegment, nullptr, finishCount,
     isThinned, nullptr},
};

static void emit(SweepBuilder &B, ValueId V, unsigned Phase) {
  static constexpr Kernel Kernels[3][2] = {
      {Kernel::HistogramHighF32, Kernel::HistogramHighF64},
      {Kernel::HistogramLowF32, Kernel::HistogramLowF64},
      {Kernel::CountEqualF32, Kernel::CountEqualF64}};
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  Instruction I;
  I.A = B.readWide(Operands[0]);
  I.First = Kernels[Phase][I.A.Type == DType::F64];
  I.State = B.reduction(Phases[Phase], V, B.numbers(Operands[1])).WorkerState;
  if (Phase == 1)
    I.KeyFrom = Instruction::KeySource::SelectionBin;
  if (Phase == 2)
    I.KeyFrom = Instruction::KeySource::SelectionThreshold;
  I.Key = B.selection(V);
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opSelectLargest;
const OpInfo opSelectLargest = {
    "select_largest",
    OpClass::Reduction,
    2,
    2,
    {},
    "the k elements of largest magnitude; of a class of equals on the edge, an "
    "even share",
    infer,
    nullptr,
    emit,
    3};
} // namespace mergec::ops
