//===- GuessSelection.cpp - Ranks of magnitudes by a sample --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/GuessSelection.h"
#include "Ranks.h"
#include "mergec/Schedule/Sample.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstddef>
#include <utility>

using namespace mergec;

static constexpr unsigned MostWatched = SelectionGuess::MostWatched;
/// Of a sweep that zooms in, and of one that looks into one of its bins.
static constexpr uint32_t ZoomBins = 32768, MostPatterns = 256;

static const SelectionGuess &guessOf(const Reduction &R, const GroupState &G) {
  return G.Guesses[R.Selection];
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

// The sample's histogram is by the high 16 bits; of each bin the elements that
// have its lowest magnitude are told from the others. In the differences of
// 16-bit models nearly all do.

namespace {
/// Ranks of the sample between which the wanted one lies.
struct SampleRanks {
  uint64_t First, Middle, Last;

  /// `Deviations`: the standard ones on either side, of half as many elements,
  /// since neighbours are alike.
  SampleRanks(uint64_t Wanted, uint64_t Elements, double Deviations) {
    const double Share = double(Wanted) / double(Elements);
    const double At = Share * double(Sample::Elements);
    const double Margin = Deviations * std::sqrt(2 * At * (1 - Share));
    First = uint64_t(std::max(At - Margin, 1.0));
    Middle = uint64_t(std::max(At, 1.0));
    Last = uint64_t(std::min(At + Margin + 1, double(Sample::Elements)));
  }
};

/// The bins of a sample's histogram that have elements, from the largest on.
class SampleSeen {
public:
  struct Bin {
    uint32_t Lowest; ///< Its lowest magnitude.
    uint64_t Before; ///< Elements of bins above.
    uint64_t Others; ///< With other magnitudes than the lowest.
    uint64_t End;    ///< Elements of bins above and of this one.
    uint64_t atLowest() const { return End - Before - Others; }
  };

  explicit SampleSeen(const SeenBin *Seen) {
    uint64_t Before = 0;
    for (unsigned I = HighBins; I-- > 0;)
      if (uint64_t Count = Seen[I].Lowest + Seen[I].Others) {
        Bins.push_back({I << 15, Before, Seen[I].Others, Before + Count});
        Before += Count;
      }
  }

  void guess(SelectionGuess &To, uint64_t Wanted, uint64_t Elements) const;

private:
  /// The number of the bin in which a rank lies.
  size_t binOf(uint64_t Rank) const {
    const size_t I = llvm::partition_point(
                         Bins, [=](const Bin &B) { return B.End < Rank; }) -
                     Bins.begin();
    return std::min(I, Bins.size() - 1);
  }
  std::pair<uint32_t, uint32_t> boundsOf(const SampleRanks &Ranks) const;
  void findBounds(SelectionGuess &To, const SampleRanks &Mostly,
                  const SampleRanks &Likely) const;
  void findLikely(SelectionGuess &To, const SampleRanks &Ranks) const;
  void findWatched(SelectionGuess &To, uint64_t Rank) const;

  std::vector<Bin> Bins;
};
} // namespace

/// The smallest and the largest magnitude that these ranks may have.
std::pair<uint32_t, uint32_t>
SampleSeen::boundsOf(const SampleRanks &Ranks) const {
  const Bin &Upper = Bins[binOf(Ranks.First)];
  const bool IsLowest = Ranks.First > Upper.Before + Upper.Others;
  return {Bins[binOf(Ranks.Last)].Lowest,
          Upper.Lowest | (IsLowest ? 0 : 0x7fff)};
}

/// Where to zoom in: between the magnitudes of the ranks that it mostly has and
/// as far again on either side, and at all of the likely ones. Few of the
/// sample's elements are as large as those at a high rank, and they come from
/// few rows, so that it says less than its number promises.
void SampleSeen::findBounds(SelectionGuess &To, const SampleRanks &Mostly,
                            const SampleRanks &Likely) const {
  const auto [Low, High] = boundsOf(Mostly);
  const auto [LeastLow, MostHigh] = boundsOf(Likely);
  const uint32_t More = High - Low + 1;
  To.Low = std::min(Low - std::min(Low, More), LeastLow);
  To.High = std::max(std::min(High + More, uint32_t(0x7fffffff)), MostHigh);

  uint64_t Lowest = 0, Others = 0;
  for (const Bin &B : Bins)
    if (B.Lowest + 0x7fff >= To.Low && B.Lowest <= To.High) {
      Lowest += B.atLowest();
      Others += B.Others;
    }
  To.IsCoarse = 64 * Others <= Lowest;
}

/// The two magnitudes that most of the ranks have. Only the lowest ones of
/// their bins count: what the others are is not known.
void SampleSeen::findLikely(SelectionGuess &To,
                            const SampleRanks &Ranks) const {
  uint64_t Most[2] = {};
  for (size_t I = binOf(Ranks.First); I != Bins.size(); ++I) {
    const Bin &B = Bins[I];
    if (B.Before >= Ranks.Last)
      break;
    const uint64_t Before = std::max(B.Before + B.Others, Ranks.First - 1);
    const uint64_t Last = std::min(B.End, Ranks.Last);
    const uint64_t Covered = Last > Before ? Last - Before : 0;
    if (Covered > Most[0]) {
      Most[1] = std::exchange(Most[0], Covered);
      To.Likely[1] = std::exchange(To.Likely[0], B.Lowest);
    } else if (Covered > Most[1]) {
      Most[1] = Covered;
      To.Likely[1] = B.Lowest;
    }
  }
  if (!Most[1])
    To.Likely[1] = To.Likely[0];
  To.Covered = double(Most[0] + Most[1]) / double(Ranks.Last - Ranks.First + 1);
}

/// The lowest magnitudes of the bins around the rank, the nearest first.
void SampleSeen::findWatched(SelectionGuess &To, uint64_t Rank) const {
  size_t Down = binOf(Rank), Up = Down;
  auto Watch = [&](const Bin &B) {
    if (B.atLowest() && B.Lowest >= To.Low && B.Lowest <= To.High &&
        To.Watched.size() < MostWatched)
      To.Watched.push_back(B.Lowest);
  };
  while (To.Watched.size() < MostWatched && (Up || Down != Bins.size())) {
    if (Down != Bins.size())
      Watch(Bins[Down++]);
    if (Up)
      Watch(Bins[--Up]);
  }
}

void SampleSeen::guess(SelectionGuess &To, uint64_t Wanted,
                       uint64_t Elements) const {
  const SampleRanks Mostly(Wanted, Elements, 4);
  // All but for rare tensors, of which some parts are unlike the others.
  const SampleRanks Likely(Wanted, Elements, 8);
  To.Made = true;
  findBounds(To, Mostly, Likely);
  findLikely(To, Likely);
  findWatched(To, Likely.Middle);
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

static void finishSample(const Reduction &R, GroupState &G, const void *Shared,
                         const void *) {
  for (size_t I = 0; I != R.Inputs.size(); ++I) {
    SelectionState &S = G.Selections[R.Selection + I];
    S.None = S.Known = wanted(R, G, I) == 0;
  }
  if (!Shared || !anyWanted(R, G))
    return;
  const SampleSeen Seen(static_cast<const SeenBin *>(Shared));
  for (size_t I = 0; I != R.Inputs.size(); ++I)
    if (!G.Selections[R.Selection + I].Known)
      Seen.guess(G.Guesses[R.Selection + I], wanted(R, G, I), G.Cut.Elements);
}

// Counting one or two magnitudes.

namespace {
/// What a segment has of these.
struct GuessCounts {
  uint64_t Greater[2], Equal[2];
};
} // namespace

/// In bins of so many patterns, as a power of 2.
static uint32_t zoomShift(const SelectionGuess &Guess) {
  uint32_t Shift = 0;
  while ((Guess.High - Guess.Low) >> Shift >= ZoomBins)
    ++Shift;
  return Shift;
}

static bool canZoom(const Reduction &R, const GroupState &G) {
  const SelectionGuess &Guess = guessOf(R, G);
  return Guess.Made && Guess.Covered < 1 &&
         (Guess.IsCoarse || uint32_t(1) << zoomShift(Guess) <= MostPatterns);
}

static bool isGoodGuess(const Reduction &R, const GroupState &G) {
  const SelectionGuess &Guess = guessOf(R, G);
  return Guess.Made && Guess.Covered >= 0.75 && !canZoom(R, G);
}

static void beginAround(const Reduction &R, const GroupState &G, uint32_t,
                        void *Worker) {
  AroundState Empty = {};
  for (unsigned I = 0; I != 2; ++I)
    Empty.Magnitude[I] = guessOf(R, G).Likely[I];
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
    know(S, guessOf(R, G).Likely[I], Equal, Wanted - Greater);
    setClassBefore(S, G.Cut.Count,
                   [&](uint32_t Segment) { return Counts[Segment].Equal[I]; });
    return;
  }
}

// Zooming in.

namespace {
struct ZoomStates {
  ZoomState Bounds;
  ZoomBin Bins[ZoomBins];
  /// The bins of what is watched, and what they had before the segment.
  uint32_t Watched[MostWatched], Before[MostWatched], Count;

  uint32_t bins() const {
    return ((Bounds.High - Bounds.Low) >> Bounds.Shift) + 1;
  }
};
/// Of what is watched, in a segment.
struct WatchedCounts {
  uint32_t Counts[MostWatched];
};
struct ZoomCounts {
  uint64_t Greater, Counts[ZoomBins];
  uint16_t Inverse[ZoomBins], Largest[ZoomBins];
};
} // namespace

static uint32_t clearedForZoom(const Reduction &R, const GroupState &G) {
  const SelectionGuess &Guess = guessOf(R, G);
  const uint32_t Last = (Guess.High - Guess.Low) >> zoomShift(Guess);
  return offsetof(ZoomStates, Bins) + (Last + 1) * sizeof(ZoomBin);
}

static void beginZoom(const Reduction &R, const GroupState &G, uint32_t,
                      void *Worker) {
  const SelectionGuess &Guess = guessOf(R, G);
  auto &To = *static_cast<ZoomStates *>(Worker);
  To.Bounds.High = Guess.High;
  To.Bounds.Low = Guess.Low;
  To.Bounds.Shift = zoomShift(Guess);
  To.Bounds.Frequent = std::clamp(Guess.Likely[0], Guess.Low, Guess.High);
  for (size_t I = 0; I != Guess.Watched.size(); ++I) {
    To.Watched[I] = (Guess.Watched[I] - Guess.Low) >> To.Bounds.Shift;
    To.Before[I] = To.Bins[To.Watched[I]].Count;
  }
  To.Count = Guess.Watched.size();
}

static void endZoom(void *Worker, void *Segment) {
  auto &Found = *static_cast<const ZoomStates *>(Worker);
  auto &To = *static_cast<WatchedCounts *>(Segment);
  for (uint32_t I = 0; I != Found.Count; ++I)
    To.Counts[I] = Found.Bins[Found.Watched[I]].Count - Found.Before[I];
}

static void mergeZoom(void *Shared, const void *Worker) {
  auto &To = *static_cast<ZoomCounts *>(Shared);
  auto &From = *static_cast<const ZoomStates *>(Worker);
  To.Greater += From.Bounds.Greater;
  for (uint32_t I = 0; I != From.bins(); ++I) {
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
  SelectionGuess &Guess = G.Guesses[R.Selection];
  uint64_t Rank = wanted(R, G, 0), Between = 0;
  for (uint64_t Count : Counts.Counts)
    Between += Count;
  if (Rank <= Counts.Greater || Rank > Counts.Greater + Between)
    return;
  Rank -= Counts.Greater;
  const unsigned Bin = descend(Counts.Counts, ZoomBins, Rank);
  const uint32_t First = Guess.Low + (Bin << zoomShift(Guess));
  const uint32_t Low = First + (ZoomBin::MostBeyond - Counts.Inverse[Bin]);
  const uint32_t High = First + Counts.Largest[Bin];
  if (Low == High) {
    SelectionState &S = G.Selections[R.Selection];
    const uint64_t Size = Counts.Counts[Bin];
    const auto It = llvm::find(Guess.Watched, Low);
    const size_t Number = It - Guess.Watched.begin();
    const bool IsWatched = It != Guess.Watched.end();
    if (IsWatched || Rank == Size || Low == 0)
      know(S, Low, Size, Rank);
    if (IsWatched)
      setClassBefore(S, G.Cut.Count, [&](uint32_t Segment) {
        return static_cast<const WatchedCounts *>(Segments)[Segment]
            .Counts[Number];
      });
    if (S.Known)
      return;
  }
  if (High - Low >= MostPatterns)
    return;
  Guess.IsOpen = true;
  Guess.Low = Low;
  Guess.High = High;
  Guess.Rank = Rank;
}

// Looking into the bin of the rank.

namespace {
struct PatternStates {
  ZoomState Bounds;
  ZoomBin Bins[MostPatterns];
};
struct PatternCounts {
  uint32_t Counts[MostPatterns];
};
} // namespace

static bool isUnsettled(const Reduction &R, const GroupState &G) {
  return guessOf(R, G).IsOpen && !G.Selections[R.Selection].Known;
}

static void beginPatterns(const Reduction &R, const GroupState &G, uint32_t,
                          void *Worker) {
  ZoomState &Bounds = static_cast<PatternStates *>(Worker)->Bounds;
  Bounds.High = guessOf(R, G).High;
  Bounds.Low = Bounds.Frequent = guessOf(R, G).Low;
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
  const SelectionGuess &Guess = guessOf(R, G);
  uint64_t All[MostPatterns] = {}, Rank = Guess.Rank;
  for (uint32_t Segment = 0; Segment != G.Cut.Count; ++Segment)
    for (unsigned I = 0; I != MostPatterns; ++I)
      All[I] += Counts[Segment].Counts[I];
  const unsigned Pattern = descend(All, MostPatterns, Rank);
  SelectionState &S = G.Selections[R.Selection];
  know(S, Guess.Low + Pattern, All[Pattern], Rank);
  setClassBefore(S, G.Cut.Count, [&](uint32_t Segment) {
    return Counts[Segment].Counts[Pattern];
  });
}

/// Another selection from the same tensor has made the histogram.
static const ReductionInfo SharedSample = {
    .Name = "sample.shared",
    .WorkerBytes = 0,
    .Finish = finishSample,
    .Needed = anyWanted,
};
static const ReductionInfo SeenInSample = {
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
    .Cleared = clearedForZoom,
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
    Reduction &R = B.sharedReduction(SeenInSample, SharedSample, V, Tensor);
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
