//===- RankChunk.cpp - The pass that ranks a chunk's rows ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Before a chunk is computed, the values that are drawn by rank are: the
// instructions that lead to them run over a few rows, which are then drawn from
// while they lie in the cache. A chunk is whole rows, or a piece of one row;
// the elements of a piece are compared with some of the whole row, which is
// then read once more.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "mergec/Kernels/RandomWord.h"
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

/// Runs what leads to the values to be drawn over elements of the chunk, from
/// `Offset` on, and puts these into `RankedRows`, one after the other; or, if
/// there is `Visit`, at the front, and calls it with their number.
void Worker::runRankingPass(Flight &F, uint64_t Begin, uint64_t Offset,
                            uint64_t Count,
                            llvm::function_ref<void(size_t)> Visit) {
  for (uint64_t Done = 0; Done < Count;) {
    const uint64_t At = Offset + Done;
    size_t N = tileLength(F, Begin + At, Count - Done);
    for (Bound &X : Body)
      if (X.From->Out.Where == TileOperand::Place::Ranked)
        X.Out = reinterpret_cast<char *>(RankedRows[X.From->Out.Index] +
                                         (Visit ? 0 : Done));
    runTile(F, Pass::Ranking, Begin, At, Begin + At, N);
    if (Visit)
      Visit(N);
    Done += N;
  }
}

/// What ranked value `Value` is drawn with.
KernelCall Worker::drawingOf(const Flight &F, uint16_t Value) const {
  const RankedValue &V = F.sweep().Ranked[Value];
  KernelCall Call = {};
  Call.S = F.State.Numbers[V.Low.Slot];
  Call.T = F.State.Numbers[V.High.Slot];
  Call.Key = std::bit_cast<uint64_t>(F.State.Numbers[V.Key.Slot]);
  return Call;
}

/// A piece of a row that is longer than a chunk.
bool Worker::rankPiece(Flight &F, uint64_t Begin, uint64_t Count) {
  const uint64_t Length = F.State.Cut.RowLength;
  const uint64_t Row = Begin - Begin % Length;
  for (uint16_t I = 0; I != RankedRows.size(); ++I) {
    if (I != 0 && !readChunk(F, Begin, Count))
      return false;
    KernelCall Call = drawingOf(F, I);
    Piece->begin({Call.S, Call.T, Length}, Call.Key, Begin, Begin - Row,
                 DrawnBuffers[I]);
    runRankingPass(F, Begin, 0, Count, [&](size_t N) {
      Piece->append({RankedRows[I], N});
    });
    // This leaves other data than before in the stream buffers.
    for (uint64_t At = 0; At < Length;) {
      const uint64_t Part = std::min(ChunkElements, Length - At);
      if (!readChunk(F, Row + At, Part))
        return false;
      runRankingPass(F, Row + At, 0, Part, [&](size_t N) {
        Piece->compare({RankedRows[I], N});
      });
      At += Part;
    }
  }
  return readChunk(F, Begin, Count);
}

/// The lanes that the body adds to, by ranked value, if it does nothing else
/// with what is drawn than to add up the lengths of all elements and of those
/// that are kept; else nothing.
std::vector<DrawnLengths> Worker::findDrawnLengths(const Flight &F) const {
  const size_t Values = F.sweep().Ranked.size();
  constexpr Kernel Measures[] = {Kernel::SumAbsF32F32, Kernel::KeepMarkedF32,
                                 Kernel::SumAbsF32F32};
  constexpr size_t Steps = 1 + std::size(Measures);
  // Rows begin with the first lane.
  if (!Values || F.State.Cut.RowLength % ReductionLanes ||
      F.sweep().SplitRows || F.sweep().SplitColumns || RankingEnd != Values ||
      Body.size() != RankingEnd + Values * Steps)
    return {};
  std::vector<DrawnLengths> Found(Values, {nullptr, nullptr});
  for (size_t At = RankingEnd; At != Body.size(); At += Steps) {
    if (Body[At].Fusion == Bound::NoFusion || Body[At].Fused != Steps)
      return {};
    for (size_t S = 1; S != Steps; ++S)
      if (Body[At + S].From->First != Measures[S - 1])
        return {};
    const Fusion &Chain = Fusions[Body[At].Fusion];
    const TileOperand &Marks = Chain.Ins[Chain.Inputs - 1];
    if (Marks.Where != TileOperand::Place::Drawn || Found[Marks.Index].All)
      return {};
    // The same difference as the one that is ranked.
    const Instruction &Difference = *Body[At].From;
    const Instruction &Ranked = *Body[Marks.Index].From;
    if (Ranked.Out.Index != Marks.Index || Ranked.First != Difference.First ||
        Ranked.A != Difference.A || Ranked.B != Difference.B)
      return {};
    Found[Marks.Index] = {static_cast<double *>(Body[At + 1].State),
                          static_cast<double *>(Body[At + 3].State)};
  }
  return Found;
}

bool Worker::rankChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  uint64_t Length = F.State.Cut.RowLength;
  Measured = Count >= Length && !Lengths.empty();
  if (Count < Length)
    return rankPiece(F, Begin, Count);
  KernelFunction Draw = kernelFunction(Kernel::DrawByRankF32, Run.Set);
  // Short rows fill tiles together.
  const uint64_t Most = std::max<uint64_t>(TileElements / Length, 1) * Length;
  for (uint64_t Offset = 0; Offset < Count; Offset += Most) {
    const uint64_t Rows = std::min(Most, Count - Offset);
    runRankingPass(F, Begin, Offset, Rows);
    for (uint16_t I = 0; I != RankedRows.size(); ++I) {
      KernelCall Row = drawingOf(F, I);
      Row.N = Length;
      Row.State = Measured ? &Lengths[I] : nullptr;
      for (uint64_t At = 0; At < Rows; At += Length) {
        Row.A = RankedRows[I] + At;
        Row.Out = DrawnBuffers[I] + Offset + At;
        Row.Index = Begin + Offset + At;
        Draw(Row);
      }
    }
  }
  return true;
}
