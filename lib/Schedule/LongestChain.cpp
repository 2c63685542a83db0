//===- LongestChain.cpp - What no number of threads makes faster ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups don't wait for one another, but for those that hold what they read;
// the sweeps of a group follow one another; the parts of a sweep, segments or
// bands of columns, don't wait for anything. So with threads without end a
// program takes as long as the group whose largest parts, one of each sweep,
// are the most bytes.
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/Program.h"
#include <algorithm>

using namespace mergec;

/// Elements of the largest part that one worker takes.
static uint64_t largestPart(const Group &G, const Sweep &S) {
  if (S.ByColumns)
    return G.Elements / G.Columns * std::min(BandColumns, G.Columns);
  Segments Cut(G.Elements, G.RowLength);
  uint64_t Most = 0;
  for (uint32_t I = 0; I != Cut.Count; ++I)
    Most = std::max(Most, Cut.begin(I + 1) - Cut.begin(I));
  return Most;
}

static uint64_t bytesPerElement(const GroupCode &Code, const Sweep &S) {
  uint64_t Bytes = 0;
  for (uint16_t Stream : S.Streams)
    Bytes += byteWidth(Code.StreamTypes[Stream]);
  for (const Sweep::Written &W : S.Outputs)
    Bytes += byteWidth(Code.OutputTypes[W.Output]);
  return Bytes;
}

uint64_t Program::longestChain() const {
  std::vector<uint64_t> UpTo(Groups.size(), 0); // By group.
  uint64_t Longest = 0;
  for (size_t I = 0; I != Groups.size(); ++I) {
    const Group &G = Groups[I];
    const GroupCode &Code = code(G);
    for (size_t S = 0; S != Code.StreamTypes.size(); ++S)
      if (uint32_t File = Streams[G.FirstStream + S].File; isHeld(File))
        if (uint32_t Maker = Held[heldIndex(File)].FirstGroup; Maker < I)
          UpTo[I] = std::max(UpTo[I], UpTo[Maker]);
    for (const Sweep &S : Code.Sweeps)
      if (Program::expectedElements(G, S) == G.Elements)
        UpTo[I] += largestPart(G, S) * bytesPerElement(Code, S);
    Longest = std::max(Longest, UpTo[I]);
  }
  return Longest;
}
