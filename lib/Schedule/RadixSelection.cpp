//===- RadixSelection.cpp - Ranks of magnitudes by histograms ------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/RadixSelection.h"
#include "mergec/Schedule/Sample.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

using namespace mergec;

static constexpr unsigned HighBins = 65536, LowBins = 32768, ZoomBins = 32768;

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

// Guesses. The ranks of the sample that correspond to the one that is wanted
// are looked up in its histogram. In the differences of 16-bit models each bin
// has one magnitude, its lowest one, and few are so close to each other. If one
// or two magnitudes are those of all likely ranks, only these are counted. Else
// the tensor is zoomed into.

namespace {
/// Between these ranks of the sample the wanted magnitude mostly lies.
struct SampleRanks {
  uint64_t First, Middle, Last;

  /// `Deviations`: the standard ones on either side, of half as many elements,
  /// since neighbours are alike.
  SampleRanks(uint64_t Wanted, uint64_t Elements, double Deviations = 4) {
    const double Share = double(Wanted) / double(Elements);
    const double Middle = Share * double(Sample::Elements);
    const double Margin = Deviations * std::sqrt(2 * Middle * (1 - Share));
    this->Middle = uint64_t(std::max(Middle, 1.0));
    First = uint64_t(std::max(Middle - Margin, 1.0));
    Last = uint64_t(std::min(Middle + Margin + 1, double(Sample::Elements)));
  }
};

/// While a tensor is zoomed into, so many magnitudes are counted in each of its
/// segments.
constexpr unsigned MostWatched = 64;

/// What the whole tensor has of the magnitudes that are guessed.
struct GuessCounts {
  uint64_t Greater[2], Equal[2];
};
} // namespace

/// Between which the wanted magnitude lies but for rare tensors, of which some
/// parts are unlike the others.
static SampleRanks likelyRanks(uint64_t Wanted, const GroupState &G) {
  return SampleRanks(Wanted, G.Cut.Elements, 8);
}

static void mergeSample(void *Shared, const void *Worker) {
  auto *To = static_cast<SeenBin *>(Shared);
  auto *From = static_cast<const SeenBin *>(Worker);
  for (unsigned I = 0; I != HighBins; ++I) {
    To[I].Lowest += From[I].Lowest;
    To[I].Others =
        std::min<uint32_t>(To[I].Others + From[I].Others, SeenBin::MostOthers);
  }
}

namespace {
/// Where a rank is in a sample.
struct SeenRank {
  unsigned Bin;
  bool IsLowest; ///< It has the lowest magnitude of its bin, or a larger one.

  SeenRank(uint64_t Rank, const SeenBin *Seen) : Bin(HighBins - 1) {
    auto Size = [=](unsigned Bin) -> uint64_t {
      return Seen[Bin].Lowest + Seen[Bin].Others;
    };
    for (; Bin && Size(Bin) < Rank; --Bin)
      Rank -= Size(Bin);
    IsLowest = Rank > Seen[Bin].Others;
  }
};

/// Where to zoom in.
struct ZoomBounds {
  uint32_t Low, High, Shift = 0;

  explicit ZoomBounds(const SelectionState *Guesses)
      : Low(Guesses[1].Threshold), High(Guesses[0].Threshold) {
    while ((High - Low) >> Shift >= ZoomBins)
      ++Shift;
  }
};
} // namespace

/// The magnitudes of some ranks of the sample, from the smallest to the largest
/// that it may be.
static void findBounds(const SampleRanks &Ranks, const SeenBin *Seen,
                       uint32_t &Low, uint32_t &High) {
  const SeenRank First(Ranks.First, Seen), Last(Ranks.Last, Seen);
  High = First.Bin << 15 | (First.IsLowest ? 0 : 0x7fff);
  Low = Last.Bin << 15;
}

/// Zooming in looks between the magnitudes of the ranks that it mostly has and
/// as far again on either side, and at all of the likely ones. Few of the
/// sample's elements are as large as those at a high rank, and they come from
/// few rows, so that it says less than its number promises.
static void setBounds(SelectionState *Guesses, uint64_t Wanted,
                      const GroupState &G, const SeenBin *Seen) {
  uint32_t Low, High, LeastLow, MostHigh;
  findBounds(SampleRanks(Wanted, G.Cut.Elements), Seen, Low, High);
  findBounds(likelyRanks(Wanted, G), Seen, LeastLow, MostHigh);
  const uint32_t More = High - Low + 1;
  Guesses[0].Threshold =
      std::max(std::min(High + More, uint32_t(0x7fffffff)), MostHigh);
  Guesses[1].Threshold = std::min(Low - std::min(Low, More), LeastLow);
}

/// The two magnitudes that most of the likely ranks of a sample have, and how
/// many they are. Others than the lowest ones of their bins don't count: it is
/// not known which ones they are.
static void findLikely(SelectionState *Guesses, const SampleRanks &Ranks,
                       const SeenBin *Seen) {
  uint64_t Above = 0; // The bin.
  for (unsigned Bin = HighBins; Bin-- > 0 && Above < Ranks.Last;) {
    const uint64_t First = Above + Seen[Bin].Others; // Above the lowest.
    Above = First + Seen[Bin].Lowest;
    const uint64_t Before = std::max(First, Ranks.First - 1);
    const uint64_t Last = std::min(Above, Ranks.Last);
    const uint64_t Covered = Last > Before ? Last - Before : 0;
    for (unsigned K = 0; K != 2; ++K) {
      if (Covered <= Guesses[K].Covered)
        continue;
      if (K == 0) {
        Guesses[1].Covered = Guesses[0].Covered;
        Guesses[1].Likely = Guesses[0].Likely;
      }
      Guesses[K].Covered = Covered;
      Guesses[K].Likely = Bin << 15;
      break;
    }
  }
  if (!Guesses[1].Covered)
    Guesses[1].Likely = Guesses[0].Likely;
}

/// The lowest magnitudes of the bins around the wanted rank, the nearest first.
static void findWatched(SelectionState *Guesses, uint64_t Rank,
                        const SeenBin *Seen) {
  std::vector<uint32_t> &Watched = Guesses[0].Watched;
  const ZoomBounds Within(Guesses);
  int64_t Up = SeenRank(Rank, Seen).Bin, Down = Up - 1;
  const int64_t First = (Within.Low + 0x7fff) >> 15, Last = Within.High >> 15;
  while (Watched.size() < MostWatched && (Up <= Last || Down >= First)) {
    if (Up <= Last && Seen[Up].Lowest)
      Watched.push_back(Up << 15);
    if (Down >= First && Seen[Down].Lowest && Watched.size() < MostWatched)
      Watched.push_back(Down << 15);
    ++Up, --Down;
  }
}

/// Whether nearly all magnitudes within are the lowest ones in their bins.
static bool isCoarse(const ZoomBounds &Within, const SeenBin *Seen) {
  uint64_t Lowest = 0, Others = 0;
  for (uint32_t Bin = Within.Low >> 15; Bin <= Within.High >> 15; ++Bin) {
    Lowest += Seen[Bin].Lowest;
    Others += Seen[Bin].Others;
  }
  return 64 * Others <= Lowest;
}

static void finishSample(const Reduction &R, GroupState &G, const void *Shared,
                         const void *) {
  auto *Seen = static_cast<const SeenBin *>(Shared);
  for (size_t I = 0; I != R.Inputs.size(); ++I) {
    SelectionState *Guesses = &G.Selections[R.Guess + 2 * I];
    SelectionState &S = G.Selections[R.Selection + I];
    const uint64_t Wanted = wanted(R, G, I);
    S.None = S.Known = Wanted == 0;
    if (S.None || !Seen) {
      Guesses[0].None = Guesses[1].None = true;
      continue;
    }
    setBounds(Guesses, Wanted, G, Seen);
    const SampleRanks Ranks = likelyRanks(Wanted, G);
    findLikely(Guesses, Ranks, Seen);
    findWatched(Guesses, Ranks.Middle, Seen);
    Guesses[0].IsCoarse = isCoarse(ZoomBounds(Guesses), Seen);
  }
}

/// Which part of the likely ranks have one of the two magnitudes.
static double covered(const Reduction &R, const GroupState &G) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  if (Guesses[0].None)
    return 0;
  const SampleRanks Ranks = likelyRanks(wanted(R, G, 0), G);
  return double(Guesses[0].Covered + Guesses[1].Covered) /
         double(Ranks.Last - Ranks.First + 1);
}

// Zooming in. Between two magnitudes there are bins; in the bin of the rank,
// patterns.

static constexpr uint32_t MostPatterns = 256;

namespace {
struct ZoomStates {
  ZoomState Bounds;
  ZoomBin Bins[ZoomBins];
  /// The bins of what is watched, and what was counted before the segment.
  uint32_t Watched[MostWatched], Before[MostWatched];
};
/// Of what is watched, in a segment.
struct WatchedCounts {
  uint32_t Counts[MostWatched];
};
struct ZoomCounts {
  uint64_t Greater, Counts[ZoomBins];
  uint16_t Inverse[ZoomBins], Largest[ZoomBins];
};
struct PatternStates {
  ZoomState Bounds;
  ZoomBin Bins[MostPatterns];
};
struct PatternCounts {
  uint32_t Counts[MostPatterns];
};
} // namespace

static bool canZoom(const Reduction &R, const GroupState &G) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  return !Guesses[0].None && covered(R, G) < 1 &&
         (Guesses[0].IsCoarse ||
          uint32_t(1) << ZoomBounds(Guesses).Shift <= MostPatterns);
}

static bool isGoodGuess(const Reduction &R, const GroupState &G) {
  return covered(R, G) >= 0.75 && !canZoom(R, G);
}

static void beginAround(const Reduction &R, const GroupState &G, uint32_t,
                        void *Worker) {
  const SelectionState *Guesses = &G.Selections[R.Guess];
  AroundState Empty = {};
  Empty.Magnitude[0] = Guesses[0].Likely;
  Empty.Magnitude[1] = Guesses[1].Likely;
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
    know(S, G.Selections[R.Guess + I].Likely, Equal, Wanted - Greater);
    setClassBefore(S, G.Cut.Count,
                   [&](uint32_t Segment) { return Counts[Segment].Equal[I]; });
    return;
  }
}

static void beginZoom(const Reduction &R, const GroupState &G, uint32_t,
                      void *Worker) {
  const ZoomBounds Within(&G.Selections[R.Guess]);
  auto &To = *static_cast<ZoomStates *>(Worker);
  To.Bounds.High = Within.High;
  To.Bounds.Low = Within.Low;
  To.Bounds.Shift = Within.Shift;
  const std::vector<uint32_t> &Watched = G.Selections[R.Guess].Watched;
  for (size_t I = 0; I != Watched.size(); ++I)
    To.Watched[I] = (Watched[I] - Within.Low) >> Within.Shift;
}

static void endZoom(void *Worker, void *Segment) {
  auto &Found = *static_cast<ZoomStates *>(Worker);
  auto &To = *static_cast<WatchedCounts *>(Segment);
  for (unsigned I = 0; I != MostWatched; ++I) {
    const uint32_t Count = Found.Bins[Found.Watched[I]].Count;
    To.Counts[I] = Count - std::exchange(Found.Before[I], Count);
  }
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
                       const void *Segments) {
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
  const uint32_t Least = ZoomBin::MostBeyond - Counts.Inverse[Bin];
  const uint32_t Most = Counts.Largest[Bin];
  if (Least == Most) {
    SelectionState &S = G.Selections[R.Selection];
    const uint64_t Size = Counts.Counts[Bin];
    const auto It = llvm::find(Guesses[0].Watched, First + Most);
    const size_t Number = It - Guesses[0].Watched.begin();
    const bool IsWatched = It != Guesses[0].Watched.end();
    if (IsWatched || Rank == Size || First + Most == 0)
      know(S, First + Most, Size, Rank);
    if (IsWatched)
      setClassBefore(S, G.Cut.Count, [&](uint32_t Segment) {
        return static_cast<const WatchedCounts *>(Segments)[Segment]
            .Counts[Number];
      });
    if (S.Known)
      return;
  }
  if (Most - Least >= MostPatterns)
    return;
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
    .SegmentBytes = sizeof(WatchedCounts),
    .SharedBytes = sizeof(ZoomCounts),
    .BeginSegment = beginZoom,
    .EndSegment = endZoom,
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
