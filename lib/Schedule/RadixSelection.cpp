//===- RadixSelection.cpp - Ranks of magnitudes by histograms ------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/RadixSelection.h"
#include "mergec/Schedule/Sample.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mergec;

static constexpr unsigned HighBins = 65536, LowBins = 32768;

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

static uint64_t wanted(const Reduction &R, const GroupState &G, size_t I) {
  return std::min(uint64_t(G.Numbers[R.Inputs[I].Slot]), G.Cut.Elements);
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

static bool anyWanted(const Reduction &R, const GroupState &G) {
  for (size_t I = 0; I != R.Inputs.size(); ++I)
    if (wanted(R, G, I) && !G.Selections[R.Selection + I].Known)
      return true;
  return false;
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

// Whichever zeros survive, they stay zeros.
static void keepZeros(SelectionState &S) {
  if (S.Threshold == 0)
    S.Survivors = S.ClassSize;
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

/// From how many of the class each segment has.
template <class Function>
static void setClassBefore(SelectionState &S, uint32_t Segments,
                           Function CountOf) {
  S.ClassBefore.reserve(Segments);
  uint64_t Before = 0;
  for (uint32_t I = 0; I != Segments; ++I) {
    S.ClassBefore.push_back(Before);
    Before += CountOf(I);
  }
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

// Guesses. Of the ranks of the sample that correspond to the one that is wanted
// the smallest and the largest likely one are looked up in its histogram. In
// the differences of 16-bit models each bin has one magnitude, its lowest one,
// and few are so close to each other. If these two are the magnitudes of most
// of the ranks in between, they are the guesses.

namespace {
/// Between these ranks of the sample the wanted magnitude nearly always lies.
struct SampleRanks {
  uint64_t First, Last;

  SampleRanks(uint64_t Wanted, uint64_t Elements) {
    const double Share = double(Wanted) / double(Elements);
    const double Middle = Share * double(Sample::Elements);
    // Four standard deviations, of half as many elements, since neighbours are
    // alike.
    const double Margin = 4 * std::sqrt(2 * Middle * (1 - Share));
    First = uint64_t(std::max(Middle - Margin, 1.0));
    Last = uint64_t(std::min(Middle + Margin + 1, double(Sample::Elements)));
  }
};

/// What the whole tensor has of the magnitudes that are guessed.
struct GuessCounts {
  uint64_t Greater[2], Equal[2];
};
} // namespace

static void mergeSample(void *Shared, const void *Worker) {
  auto *To = static_cast<SeenBin *>(Shared);
  auto *From = static_cast<const SeenBin *>(Worker);
  for (unsigned I = 0; I != HighBins; ++I) {
    To[I].Lowest += From[I].Lowest;
    To[I].Others =
        std::min<uint32_t>(To[I].Others + From[I].Others, SeenBin::MostOthers);
  }
}

/// The bin of the rank in a sample, and the rank in its lowest class or among
/// the others, which are larger.
static void searchSample(SelectionState &S, const SeenBin *Seen) {
  auto Size = [Seen](unsigned Bin) -> uint64_t {
    return Seen[Bin].Lowest + Seen[Bin].Others;
  };
  unsigned Bin = HighBins - 1;
  for (; Bin && Size(Bin) < S.Rank; --Bin)
    S.Rank -= Size(Bin);
  S.Threshold = Bin << 15;
  S.IsLowest = S.Rank > Seen[Bin].Others;
  if (S.IsLowest)
    S.Rank -= Seen[Bin].Others;
  S.ClassSize = S.IsLowest ? Seen[Bin].Lowest : Seen[Bin].Others;
}

static void finishSample(const Reduction &R, GroupState &G, const void *Shared,
                         const void *) {
  for (size_t I = 0; I != R.Inputs.size(); ++I) {
    SelectionState *Guesses = &G.Selections[R.Guess + 2 * I];
    SelectionState &S = G.Selections[R.Selection + I];
    const uint64_t Wanted = wanted(R, G, I);
    S.None = S.Known = Wanted == 0;
    if (S.None || !Shared) {
      Guesses[0].None = Guesses[1].None = true;
      continue;
    }
    const SampleRanks Ranks(Wanted, G.Cut.Elements);
    Guesses[0].Rank = Ranks.First;
    Guesses[1].Rank = Ranks.Last;
    for (unsigned K = 0; K != 2; ++K)
      searchSample(Guesses[K], static_cast<const SeenBin *>(Shared));
  }
}

/// Of the likely ranks most have one of the two magnitudes.
static bool isGoodGuess(const Reduction &R, const GroupState &G) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  if (Guesses[0].None)
    return false;
  if (Guesses[0].IsLowest && Guesses[1].IsLowest &&
      Guesses[0].Threshold == Guesses[1].Threshold)
    return true;
  const SampleRanks Ranks(wanted(R, G, 0), G.Cut.Elements);
  uint64_t Covered = 0;
  if (Guesses[0].IsLowest)
    Covered += Guesses[0].ClassSize - Guesses[0].Rank + 1;
  if (Guesses[1].IsLowest)
    Covered += Guesses[1].Rank;
  return 4 * Covered >= 3 * (Ranks.Last - Ranks.First + 1);
}

static void beginAround(const Reduction &R, const GroupState &G, uint32_t,
                        void *Worker) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  AroundState Empty = {};
  Empty.Magnitude[0] = Guesses[0].Threshold;
  Empty.Magnitude[1] = Guesses[1].Threshold;
  *static_cast<AroundState *>(Worker) = Empty;
}

static void endAround(void *Worker, void *Segment) {
  auto &Found = *static_cast<const AroundState *>(Worker);
  auto &To = *static_cast<GuessCounts *>(Segment);
  for (unsigned I = 0; I != 2; ++I) {
    To.Greater[I] = Found.Greater[I];
    To.Equal[I] = Found.Equal[I];
  }
}

/// The selection is known: `Threshold`, of whose class so many survive.
static void know(SelectionState &S, uint32_t Threshold, uint64_t ClassSize,
                 uint64_t Survivors) {
  S.Known = true;
  S.Threshold = Threshold;
  S.ClassSize = ClassSize;
  S.Rank = S.Survivors = Survivors;
  keepZeros(S);
}

static void finishAround(const Reduction &R, GroupState &G, const void *,
                         const void *Segments) {
  if (!Segments || !isGoodGuess(R, G))
    return; // Not counted.
  auto *Counts = static_cast<const GuessCounts *>(Segments);
  SelectionState &S = G.Selections[R.Selection];
  const uint64_t Wanted = wanted(R, G, 0);
  for (unsigned I = 0; I != 2; ++I) {
    uint64_t Greater = 0, Equal = 0;
    for (uint32_t Segment = 0; Segment != G.Cut.Count; ++Segment) {
      Greater += Counts[Segment].Greater[I];
      Equal += Counts[Segment].Equal[I];
    }
    if (Wanted <= Greater || Wanted > Greater + Equal)
      continue;
    know(S, G.Selections[R.Guess + I].Threshold, Equal, Wanted - Greater);
    setClassBefore(S, G.Cut.Count,
                   [&](uint32_t Segment) { return Counts[Segment].Equal[I]; });
    return;
  }
}

// Zooming in. Between the two magnitudes that are guessed there are bins; in
// the bin of the rank, patterns.

static constexpr uint32_t ZoomBins = 32768;
static constexpr uint32_t MostPatterns = 1 << ZoomState::MostShift;

namespace {
struct ZoomStates {
  ZoomState Bounds;
  ZoomBin Bins[ZoomBins];
};
struct ZoomCounts {
  uint64_t Greater, Counts[ZoomBins];
  uint8_t Inverse[ZoomBins], Largest[ZoomBins];
};
struct PatternStates {
  ZoomState Bounds;
  ZoomBin Bins[MostPatterns];
};
struct PatternCounts {
  uint32_t Counts[MostPatterns];
};
} // namespace

namespace {
/// Where to look: between the guesses, and as far again on either side.
/// Few of the sample's elements are as large as those at a high rank, and they
/// come from few rows, so that it says less than its number promises.
struct ZoomBounds {
  uint32_t Low, High, Shift = 0;

  explicit ZoomBounds(const SelectionState *Guesses)
      : Low(Guesses[1].Threshold),
        High(Guesses[0].Threshold | (Guesses[0].IsLowest ? 0 : 0x7fff)) {
    const uint32_t More = High - Low + 1;
    Low -= std::min(Low, More);
    High += More;
    while ((High - Low) >> Shift >= ZoomBins)
      ++Shift;
  }
};
} // namespace

static bool canZoom(const Reduction &R, const GroupState &G) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  return !Guesses[0].None && !isGoodGuess(R, G) &&
         ZoomBounds(Guesses).Shift <= ZoomState::MostShift;
}

static void beginZoom(const Reduction &R, const GroupState &G, uint32_t,
                      void *Worker) {
  const ZoomBounds Within(&G.Selections[R.Guess]);
  ZoomState &Bounds = static_cast<ZoomStates *>(Worker)->Bounds;
  Bounds.High = Within.High;
  Bounds.Low = Within.Low;
  Bounds.Shift = Within.Shift;
}

static void mergeZoom(void *Shared, const void *Worker) {
  auto &To = *static_cast<ZoomCounts *>(Shared);
  auto &From = *static_cast<const ZoomStates *>(Worker);
  To.Greater += From.Bounds.Greater;
  for (unsigned I = 0; I != ZoomBins; ++I) {
    To.Counts[I] += From.Bins[I].Count;
    To.Inverse[I] = std::max(To.Inverse[I], From.Bins[I].Inverse);
    To.Largest[I] = std::max(To.Largest[I], From.Bins[I].Largest);
  }
}

static void finishZoom(const Reduction &R, GroupState &G, const void *Shared,
                       const void *) {
  if (!Shared || !canZoom(R, G))
    return; // Not counted.
  auto &Counts = *static_cast<const ZoomCounts *>(Shared);
  SelectionState *Guesses = &G.Selections[R.Guess];
  uint64_t Rank = wanted(R, G, 0), Between = 0;
  for (uint64_t Count : Counts.Counts)
    Between += Count;
  if (Rank <= Counts.Greater || Rank > Counts.Greater + Between)
    return;
  Rank -= Counts.Greater;
  const unsigned Bin = descend(Counts.Counts, ZoomBins, Rank);
  const ZoomBounds Bounds(Guesses);
  const uint32_t First = Bounds.Low + (Bin << Bounds.Shift);
  const uint32_t Least = 255 - Counts.Inverse[Bin], Most = Counts.Largest[Bin];
  if (Least == Most && (Rank == Counts.Counts[Bin] || First + Most == 0)) {
    know(G.Selections[R.Selection], First + Most, Counts.Counts[Bin], Rank);
    return;
  }
  // For another sweep.
  Guesses[0].Threshold = First + Most;
  Guesses[1].Threshold = First + Least;
  Guesses[0].Rank = Rank;
  Guesses[0].Known = true;
}

static bool isUnsettled(const Reduction &R, const GroupState &G) {
  return G.Selections[R.Guess].Known && !G.Selections[R.Selection].Known;
}

static void beginPatterns(const Reduction &R, const GroupState &G, uint32_t,
                          void *Worker) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  ZoomState &Bounds = static_cast<PatternStates *>(Worker)->Bounds;
  Bounds.High = Guesses[0].Threshold;
  Bounds.Low = Guesses[1].Threshold;
}

static void endPatterns(void *Worker, void *Segment) {
  auto &Found = *static_cast<PatternStates *>(Worker);
  auto &To = *static_cast<PatternCounts *>(Segment);
  for (unsigned I = 0; I != MostPatterns; ++I) {
    To.Counts[I] = Found.Bins[I].Count;
    Found.Bins[I].Count = 0;
  }
}

static void finishPatterns(const Reduction &R, GroupState &G, const void *,
                           const void *Segments) {
  if (!Segments || !isUnsettled(R, G))
    return;
  auto *Counts = static_cast<const PatternCounts *>(Segments);
  const SelectionState *Guesses = &G.Selections[R.Guess];
  uint64_t All[MostPatterns] = {}, Rank = Guesses[0].Rank;
  for (uint32_t Segment = 0; Segment != G.Cut.Count; ++Segment)
    for (unsigned I = 0; I != MostPatterns; ++I)
      All[I] += Counts[Segment].Counts[I];
  const unsigned Pattern = descend(All, MostPatterns, Rank);
  SelectionState &S = G.Selections[R.Selection];
  know(S, Guesses[1].Threshold + Pattern, All[Pattern], Rank);
  setClassBefore(S, G.Cut.Count, [&](uint32_t Segment) {
    return Counts[Segment].Counts[Pattern];
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

static const ReductionInfo SharedSample = {
    .Name = "sample.shared",
    .WorkerBytes = 0,
    .Finish = finishSample,
    .Needed = anyWanted,
};
static const ReductionInfo SampleSeen = {
    .Name = "sample",
    .WorkerBytes = HighBins * sizeof(SeenBin),
    .SharedBytes = HighBins * sizeof(SeenBin),
    .Merge = mergeSample,
    .Finish = finishSample,
    .Needed = anyWanted,
};
static const ReductionInfo Around = {
    .Name = "guess.count",
    .WorkerBytes = sizeof(AroundState),
    .SegmentBytes = sizeof(GuessCounts),
    .BeginSegment = beginAround,
    .EndSegment = endAround,
    .Finish = finishAround,
    .Needed = isGoodGuess,
};

static const ReductionInfo Zoom = {
    .Name = "zoom",
    .WorkerBytes = sizeof(ZoomStates),
    .SharedBytes = sizeof(ZoomCounts),
    .BeginSegment = beginZoom,
    .Merge = mergeZoom,
    .Finish = finishZoom,
    .Needed = canZoom,
};
static const ReductionInfo Patterns = {
    .Name = "zoom.patterns",
    .WorkerBytes = sizeof(PatternStates),
    .SegmentBytes = sizeof(PatternCounts),
    .BeginSegment = beginPatterns,
    .EndSegment = endPatterns,
    .Finish = finishPatterns,
    .Needed = isUnsettled,
};

void mergec::emitGuess(SweepBuilder &B, ValueId V, unsigned Stage) {
  ValueId Tensor = B.graph().operands(V)[0];
  llvm::ArrayRef<ValueId> Ranks = B.graph().operands(V).drop_front();
  Instruction I;
  I.A = B.readWide(Tensor);
  const bool Double = I.A.Type == DType::F64;
  if (Stage == 0) {
    Reduction &R = B.sharedReduction(SampleSeen, SharedSample, V, Tensor);
    R.Guess = R.Selection + Ranks.size();
    for (ValueId Rank : Ranks)
      R.Inputs.push_back(B.numbers(Rank));
    I.First = Double ? Kernel::HistogramSeenF64 : Kernel::HistogramSeenF32;
    I.State = R.WorkerState;
    if (R.SharedOf == Reduction::Own)
      B.append(I);
    return;
  }
  auto Append = [&](const ReductionInfo &Info, size_t K, Kernel Run) {
    Reduction &R = B.reduction(Info, V);
    R.Guess = R.Selection + Ranks.size() + 2 * K;
    R.Selection += K;
    R.Inputs.push_back(B.numbers(Ranks[K]));
    I.First = Run;
    I.State = R.WorkerState;
    B.append(I);
  };
  for (size_t K = 0; K != Ranks.size(); ++K) {
    const Kernel Zooms = Double ? Kernel::ZoomF64 : Kernel::ZoomF32;
    if (Stage == 2) {
      Append(Patterns, K, Zooms);
      continue;
    }
    Append(Around, K, Double ? Kernel::CountAroundF64 : Kernel::CountAroundF32);
    Append(Zoom, K, Zooms);
  }
}

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
