//===- Flight.cpp - A group in flight ------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Flight.h"
#include "CountingLock.h"
#include "mergec/Methods/HostFunction.h"
#include "mergec/Schedule/Sample.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cmath>

using namespace mergec;

Flight::Flight(const Program &P, const Group &G, uint64_t Held)
    : P(P), TheGroup(G), Code(P.code(G)), Granted(groupStateBytes(P, G) + Held),
      Ways(Code.StreamTypes.size()), NonFiniteOutputs(Code.OutputTypes.size()),
      NonFiniteStreams(Code.StreamTypes.size()) {
  State.Cut = Segments(G.Elements, G.RowLength);
  State.Numbers.assign(Code.Numbers, 0.0);
  std::copy_n(P.Constants.begin() + G.FirstConstant, Code.Constants,
              State.Numbers.begin());
  State.Selections.resize(Code.Selections);
  State.Guesses.resize(Code.Selections);
}

void Flight::callHost(const HostCall &Call) {
  llvm::SmallVector<double, 16> In(Call.Inputs.size());
  for (uint64_t I = 0; I != Call.Count; ++I) {
    for (size_t K = 0; K != In.size(); ++K) {
      const NumberRef &N = Call.Inputs[K];
      bool Whole = N.By == NumberRef::Axis::Whole;
      In[K] = State.Numbers[N.Slot + (Whole ? 0 : I * N.Stride)];
    }
    llvm::MutableArrayRef<double> Out =
        llvm::MutableArrayRef(State.Numbers)
            .slice(Call.Target + I * Call.Width, Call.Width);
    Call.Function->Evaluate(In, Out);
    if (!Call.Function->Failure.empty() && std::isnan(Out[0]) &&
        llvm::all_of(In, [](double X) { return std::isfinite(X); }))
      Failed = Call.Function;
  }
}

unsigned Flight::expectedSweeps() const {
  return llvm::count_if(Code.Sweeps, [&](const mergec::Sweep &S) {
    return Program::expectedElements(TheGroup, S) == TheGroup.Elements;
  });
}

uint32_t Flight::parts() const {
  return isSampled() ? Sample::Parts
         : sweep().ByColumns
             ? (TheGroup.Columns + BandColumns - 1) / BandColumns
             : State.Cut.Count;
}

/// Which of the sweep's reductions are, and whether the sweep is.
bool Flight::findNeeded() {
  const mergec::Sweep &S = sweep();
  Needed.assign(S.Reductions.size(), false);
  if (isSampled() && Program::expectedElements(TheGroup, S) == 0)
    return false;
  // One selection for which there is no way makes the others superfluous.
  auto IsWay = [&](const Reduction &R) {
    return R.Info->Needed && R.Info->Needed(R, State);
  };
  if (S.Selects == Sweep::Way::Guess)
    for (const Reduction &R : S.Reductions)
      if (R.Info->Needed && !State.Selections[R.Selection].Known &&
          llvm::none_of(S.Reductions, [&](const Reduction &Other) {
            return Other.Selection == R.Selection && IsWay(Other);
          }))
        return false;
  bool Any = !S.Conditional;
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    if (R.Info->Needed && !R.Info->Needed(R, State))
      continue;
    Any = true;
    Needed[I] = true;
    if (R.SharedOf != Reduction::Own)
      Needed[R.SharedOf] = true;
  }
  return Any;
}

bool Flight::beginSweep() {
  for (; Sweep != Code.Sweeps.size(); ++Sweep) {
    for (const HostCall &Call : sweep().Before)
      callHost(Call);
    if (Failed)
      return false;
    Shared.clear();
    SegmentRecords.clear();
    bool Runs = findNeeded();
    uint64_t Reads = !Runs         ? 0
                     : isSampled() ? Sample::Elements
                                   : TheGroup.Elements;
    Unexpected += P.bytesRead(TheGroup, sweep(), Reads) -
                  P.bytesRead(TheGroup, sweep(),
                              Program::expectedElements(TheGroup, sweep()));
    for (size_t I = 0; I != sweep().Reductions.size(); ++I) {
      const ReductionInfo &Info = *sweep().Reductions[I].Info;
      const bool Fills = Runs && Needed[I];
      Shared.emplace_back(Fills ? Info.SharedBytes / 8 : 0);
      SegmentRecords.emplace_back(
          Fills ? uint64_t(Info.SegmentBytes) / 8 * State.Cut.Count : 0);
    }
    if (Runs) {
      Begun += !isSampled();
      NextPart = 0;
      return true;
    }
    endSweep();
    --Sweep; // The loop counts it.
  }
  return false;
}

void Flight::endSweep() {
  const mergec::Sweep &S = sweep();
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    size_t From = R.SharedOf == Reduction::Own ? I : R.SharedOf;
    if (R.Info->Finish)
      R.Info->Finish(R, State, Shared[From].data(), SegmentRecords[I].data());
  }
  ++Sweep;
}

ReadingWays::Way
Flight::wayToRead(uint16_t Stream, RunProgress &Progress,
                  llvm::function_ref<ReadingWays::Way()> Choose) {
  using Way = ReadingWays::Way;
  Way Known = Ways[Stream].load(std::memory_order_relaxed);
  if (Known != Way::Undecided)
    return Known;
  // Once: both ways are tried in turn, and a choice that nobody acts on would
  // count as one.
  CountingLock Lock(Choosing, Progress);
  Known = Ways[Stream].load(std::memory_order_relaxed);
  if (Known == Way::Undecided)
    Ways[Stream].store(Known = Choose(), std::memory_order_relaxed);
  return Known;
}
