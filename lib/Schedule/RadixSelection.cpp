//===- RadixSelection.cpp - Ranks of magnitudes by histograms ------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/RadixSelection.h"
#include "Ranks.h"
#include <cstring>

using namespace mergec;

static constexpr unsigned LowBins = 32768;

bool mergec::ranksOf(const Graph &G, llvm::ArrayRef<ValueId> Operands,
                     std::string &Error) {
  for (ValueId Rank : Operands.drop_front())
    if (G.type(Rank) != Type::scalar())
      Error = "a rank is f64, not " + typeText(G.type(Rank));
  const Type &T = G.type(Operands[0]);
  if (!T.isTensor() || (T.Element != DType::F32 && T.Element != DType::F64))
    Error =
        "what is selected from is a tensor of f32 or f64, not " + typeText(T);
  return Error.empty();
}

template <unsigned Bins> static void merge(void *Shared, const void *Worker) {
  auto *To = static_cast<uint64_t *>(Shared);
  auto *From = static_cast<const uint32_t *>(Worker);
  for (unsigned I = 0; I != Bins; ++I)
    To[I] += From[I];
}

/// The bin of the rank.
static void searchHigh(SelectionState &S, const void *Counts) {
  S.None = S.Rank == 0;
  if (!S.None)
    S.Bin = descend(static_cast<const uint64_t *>(Counts), HighBins, S.Rank);
}

/// The magnitude of the rank in its bin.
static void searchLow(SelectionState &S, const void *Shared) {
  auto *Counts = static_cast<const uint64_t *>(Shared);
  unsigned Low = descend(Counts, LowBins, S.Rank);
  S.Threshold = S.Bin << 15 | Low;
  S.ClassSize = Counts[Low];
  S.Survivors = S.Rank;
}

static void finishHigh(const Reduction &R, GroupState &G, const void *Shared,
                       const void *) {
  for (size_t I = 0; I != R.Inputs.size(); ++I) {
    SelectionState &S = G.Selections[R.Selection + I];
    if (S.Known)
      continue;
    S = {};
    S.Rank = wanted(R, G, I);
    searchHigh(S, Shared);
  }
}

static bool isOpen(const Reduction &R, const GroupState &G) {
  const SelectionState &S = G.Selections[R.Selection];
  return !S.None && !S.Known;
}

static void finishLow(const Reduction &R, GroupState &G, const void *Shared,
                      const void *) {
  if (!isOpen(R, G))
    return;
  SelectionState &S = G.Selections[R.Selection];
  searchLow(S, Shared);
  keepZeros(S);
}

static bool isThinned(const Reduction &R, const GroupState &G) {
  const SelectionState &S = G.Selections[R.Selection];
  return S.Survivors && S.Survivors < S.ClassSize && !S.Known;
}

static void endSegment(void *Worker, void *Segment) {
  std::memcpy(Segment, Worker, sizeof(uint64_t));
  std::memset(Worker, 0, sizeof(uint64_t));
}

static void finishCount(const Reduction &R, GroupState &G, const void *,
                        const void *Segments) {
  SelectionState &S = G.Selections[R.Selection];
  if (S.Known)
    return;
  S.ClassBefore.clear();
  if (!isThinned(R, G))
    return;
  setClassBefore(S, G.Cut.Count, [&](uint32_t I) {
    return static_cast<const uint64_t *>(Segments)[I];
  });
}

/// Another selection from the same tensor has made the first histogram.
static const ReductionInfo SharedHigh = {
    "radix.high.shared", 0,         0,      0, nullptr, nullptr, nullptr,
    finishHigh,          anyWanted, nullptr};
static const ReductionInfo Phases[] = {
    {"radix.high", HighBins * 4, 0, HighBins * 8, nullptr, nullptr,
     merge<HighBins>, finishHigh, anyWanted, nullptr},
    {"radix.low", LowBins * 4, 0, LowBins * 8, nullptr, nullptr, merge<LowBins>,
     finishLow, isOpen, nullptr},
    {"radix.count", 8, 8, 0, nullptr, endSegment, nullptr, finishCount,
     isThinned, nullptr},
};

void mergec::emitRadixSelection(SweepBuilder &B, ValueId V, unsigned Phase) {
  using KeySource = Instruction::KeySource;
  static constexpr Kernel Kernels[3][2] = {
      {Kernel::HistogramHighF32, Kernel::HistogramHighF64},
      {Kernel::HistogramLowF32, Kernel::HistogramLowF64},
      {Kernel::CountEqualF32, Kernel::CountEqualF64}};
  static constexpr KeySource Keys[3] = {KeySource::Literal,
                                        KeySource::SelectionBin,
                                        KeySource::SelectionThreshold};
  ValueId Tensor = B.graph().operands(V)[0];
  llvm::ArrayRef<ValueId> Ranks = B.graph().operands(V).drop_front();
  Instruction I;
  I.A = B.readWide(Tensor);
  I.First = Kernels[Phase][I.A.Type == DType::F64];
  I.KeyFrom = Keys[Phase];
  if (Phase == 0) { // One histogram serves all, also of other selections.
    Reduction &R = B.sharedReduction(Phases[0], SharedHigh, V, Tensor);
    for (ValueId Rank : Ranks)
      R.Inputs.push_back(B.numbers(Rank));
    I.State = R.WorkerState;
    if (R.SharedOf == Reduction::Own)
      B.append(I);
    return;
  }
  for (size_t K = 0; K != Ranks.size(); ++K) {
    Reduction &R = B.reduction(Phases[Phase], V);
    R.Selection += K;
    I.State = R.WorkerState;
    I.Key = R.Selection;
    B.append(I);
  }
}
