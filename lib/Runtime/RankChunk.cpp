//===- RankChunk.cpp - The pass that ranks a chunk's rows ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before a chunk is computed, the values that go by rank are: the instructions
// that lead to what is ranked run over all of its tiles, and what is drawn of
// each row is put in their place. A chunk is whole rows, or a piece of one row;
// the ranks of a piece take the whole row's magnitudes, which are then read
// piece by piece and counted.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include <algorithm>
#include <bit>

using namespace mergec;
using Pass = Instruction::Pass;

/// How much of `Count` elements from `Begin` on to take for a chunk.
uint64_t Worker::wholeRows(const Flight &F, uint64_t Begin,
                           uint64_t Count) const {
  uint64_t Length = F.State.Cut.RowLength;
  if (Begin % Length == 0 && Count >= Length)
    return Count - Count % Length;
  return std::min(Count, Length - Begin % Length);
}

/// Runs what leads to the values to be ranked over the chunk, and calls
/// `Visit(N)` after each tile of N elements.
void Worker::runRankingPass(Flight &F, uint64_t Begin, uint64_t Count,
                            llvm::function_ref<void(size_t)> Visit) {
  for (uint64_t Offset = 0; Offset < Count;) {
    size_t N = tileLength(F, Begin + Offset, Count - Offset);
    runTile(F, Pass::Ranking, Begin, Offset, Begin + Offset, N);
    Visit(N);
    Offset += N;
  }
}

/// Counts the magnitudes of ranked value `Value` in a whole row. Leaves other
/// data than before in the stream buffers.
bool Worker::countRow(Flight &F, uint64_t Row, uint16_t Value) {
  uint64_t Length = F.State.Cut.RowLength, Begin = Row * Length;
  // The pass is to write into tiles: the chunk is still to be ranked.
  for (Bound &X : Body)
    if (X.From->Runs == Pass::Ranking) {
      X.Out = reinterpret_cast<char *>(RankedTiles[X.From->Out.Index]);
      X.OutStep = 0;
    }
  bool Good = true;
  for (uint64_t At = 0; At < Length && Good;) {
    uint64_t Count = std::min(ChunkElements, Length - At);
    Good = readChunk(F, Begin + At, Count);
    if (Good)
      runRankingPass(F, Begin + At, Count, [&](size_t N) {
        Ranker->count({RankedTiles[Value], N});
      });
    At += Count;
  }
  for (Bound &X : Body)
    if (X.From->Runs == Pass::Ranking) {
      Address Out = locate(X.From->Out);
      X.Out = Out.Base;
      X.OutStep = Out.Step;
    }
  return Good;
}

bool Worker::rankChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  uint64_t Length = F.State.Cut.RowLength;
  runRankingPass(F, Begin, Count, [](size_t) {});
  KernelFunction Draw = kernelFunction(Kernel::DrawByRankF32, Run.Set);
  bool Whole = Count >= Length;
  for (uint16_t I = 0; I != RankedBuffers.size(); ++I) {
    const RankedValue &V = F.sweep().Ranked[I];
    KernelCall Row = {};
    Row.S = F.State.Numbers[V.Low.Slot];
    Row.T = F.State.Numbers[V.High.Slot];
    Row.Key = std::bit_cast<uint64_t>(F.State.Numbers[V.Key.Slot]);
    float *Part = RankedBuffers[I];
    if (!Whole) {
      Ranker->begin({Part, size_t(Count)});
      if (!countRow(F, Begin / Length, I))
        return false;
      Ranker->finish(Length, Row.S, Row.T, Row.Key, Begin, Part);
      continue;
    }
    Row.N = Length;
    Row.State = RankMemory;
    for (uint64_t Offset = 0; Offset < Count; Offset += Length) {
      Row.Out = Part + Offset;
      Row.A = Row.Out;
      Row.Index = Begin + Offset;
      Draw(Row);
    }
  }
  return Whole || readChunk(F, Begin, Count);
}
