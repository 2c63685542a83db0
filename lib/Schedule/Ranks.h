//===- Ranks.h - What finds the magnitudes at ranks -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_SCHEDULE_RANKS_H
#define MERGEC_LIB_SCHEDULE_RANKS_H

#include "mergec/Schedule/Program.h"
#include <algorithm>

namespace mergec {

/// Of histograms by the high 16 bits of magnitudes, their lowest 15 bits left
/// out.
constexpr unsigned HighBins = 65536;

/// How many are selected by rank `I` of the reduction.
inline uint64_t wanted(const Reduction &R, const GroupState &G, size_t I) {
  return std::min(uint64_t(G.Numbers[R.Inputs[I].Slot]), G.Cut.Elements);
}

inline bool anyWanted(const Reduction &R, const GroupState &G) {
  for (size_t I = 0; I != R.Inputs.size(); ++I)
    if (wanted(R, G, I) && !G.Selections[R.Selection + I].Known)
      return true;
  return false;
}

/// The bin, from above, in which the count reaches `Rank`, which becomes the
/// rank within the bin.
inline unsigned descend(const uint64_t *Counts, unsigned Bins, uint64_t &Rank) {
  for (unsigned I = Bins; I-- > 0;) {
    if (Counts[I] >= Rank)
      return I;
    Rank -= Counts[I];
  }
  return 0;
}

// Whichever zeros survive, they stay zeros.
inline void keepZeros(SelectionState &S) {
  if (S.Threshold == 0)
    S.Survivors = S.ClassSize;
}

/// From how many of the class each segment has.
template <class Function>
inline void setClassBefore(SelectionState &S, uint32_t Segments,
                           Function CountOf) {
  S.ClassBefore.reserve(Segments);
  uint64_t Before = 0;
  for (uint32_t I = 0; I != Segments; ++I) {
    S.ClassBefore.push_back(Before);
    Before += CountOf(I);
  }
}

} // namespace mergec

#endif // MERGEC_LIB_SCHEDULE_RANKS_H
