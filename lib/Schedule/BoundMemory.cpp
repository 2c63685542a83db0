//===- BoundMemory.cpp - Workers and buffers within the budget -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/RowMap.h"
#include "mergec/Output/Output.h"
#include "mergec/Schedule/Chunks.h"
#include "mergec/Schedule/Sample.h"
#include "mergec/Schedule/Schedule.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

// When the budget is short, chunks shrink first, then workers are given up.
static constexpr uint64_t MostChunk = 256 * 1024; // elements
static constexpr uint64_t LeastChunk = LeastChunkElements;
/// Groups in flight for each worker.
static constexpr uint64_t MostStates = 4;
/// For requests of some MiB.
static constexpr uint64_t DirectChunkBytes = 16 << 20;
static constexpr uint64_t MostDirectChunk = 2 * 1024 * 1024; // elements

uint64_t mergec::chunkBytesPerElement(const GroupCode &Code, const Sweep &S) {
  uint64_t Bytes = 0;
  for (uint16_t Stream : S.Streams)
    Bytes += byteWidth(Code.StreamTypes[Stream]);
  for (const Sweep::Written &W : S.Outputs)
    if (W.From.Where == TileOperand::Place::Output && W.From.Index == W.Output)
      Bytes += byteWidth(Code.OutputTypes[W.Output]);
  if (!S.Ranked.empty())
    Bytes += S.Ranked.size() * RankedBytesPerElement + RankBytesPerElement;
  return Bytes;
}

uint64_t mergec::bestChunkElements(const GroupCode &Code, const Sweep &S,
                                   uint64_t Bytes) {
  uint64_t PerElement = chunkBytesPerElement(Code, S);
  // With many inputs they are read in turn, so that not all matter at a time.
  return std::clamp(PerElement ? Bytes / PerElement : MostChunk, MostChunk / 4,
                    MostChunk);
}

uint64_t mergec::directChunkElements(const GroupCode &Code, const Sweep &S) {
  uint64_t Best = bestChunkElements(Code, S);
  uint64_t PerElement = chunkBytesPerElement(Code, S);
  // Ranks are sought in the cache.
  if (!PerElement || !S.Ranked.empty())
    return Best;
  return std::clamp(DirectChunkBytes / PerElement, Best, MostDirectChunk);
}

bool mergec::writesUnchanged(const Sweep &S) {
  return llvm::any_of(S.Outputs, [](const Sweep::Written &W) {
    return W.From.Where != TileOperand::Place::Output ||
           W.From.Index != W.Output;
  });
}

uint64_t mergec::workerFixedBytes(const Sweep &S) {
  // Buffers begin at a block; what is in them may begin later, and ends in one.
  uint64_t Buffers = S.Streams.size() + S.Outputs.size();
  return S.Registers * TileElements * sizeof(double) + S.StateBytes +
         (writesUnchanged(S) ? BounceBytes : 0) +
         (2 * Buffers + 1) * FileBlockBytes;
}

uint64_t mergec::groupStateBytes(const Program &P, const Group &G) {
  const GroupCode &Code = P.code(G);
  Segments Cut(G.Elements, G.RowLength);
  uint64_t Bytes =
      Code.Numbers * sizeof(double) +
      Code.Selections * (sizeof(SelectionState) + sizeof(SelectionGuess) +
                         SelectionGuess::MostWatched * sizeof(uint32_t) +
                         Cut.Count * sizeof(uint64_t));
  uint64_t Most = 0;
  for (const Sweep &S : Code.Sweeps) {
    uint64_t Sum = 0;
    for (const Reduction &R : S.Reductions)
      Sum += R.Info->SharedBytes + uint64_t(R.Info->SegmentBytes) * Cut.Count;
    Most = std::max(Most, Sum);
  }
  for (size_t I = 0; I != Code.StreamTypes.size(); ++I)
    if (uint32_t At = P.Streams[G.FirstStream + I].Gathered;
        At != StreamBinding::None)
      Bytes += P.Gathered[At].stateBytes();
  return Bytes + Most + 512; // And the record of the group itself.
}

std::vector<uint64_t> mergec::heldBytesOfGroups(const Program &P) {
  std::vector<uint64_t> Most(P.Groups.size(), 0);
  for (size_t Begin = 0; Begin != P.Held.size();) {
    // The values of one group are next to each other.
    size_t End = Begin;
    uint32_t Group = P.Held[Begin].FirstGroup;
    std::vector<uint64_t> BySweep(P.code(P.Groups[Group]).Sweeps.size(), 0);
    for (; End != P.Held.size() && P.Held[End].FirstGroup == Group; ++End) {
      const HeldTensor &H = P.Held[End];
      if (!H.InMemory)
        continue;
      bool Outlives = H.LastGroup != Group;
      for (size_t S = H.FirstSweep;
           S != (Outlives ? BySweep.size() : H.LastSweep + 1); ++S)
        BySweep[S] += H.Bytes;
    }
    Most[Group] = *std::max_element(BySweep.begin(), BySweep.end());
    Begin = End;
  }
  return Most;
}

/// The most memory that held values take while groups run one by one.
static uint64_t mostHeld(const Program &P) {
  std::vector<uint64_t> OfGroup = heldBytesOfGroups(P);
  std::vector<uint64_t> Outliving(P.Groups.size() + 1, 0), Ends = Outliving;
  for (const HeldTensor &H : P.Held)
    if (H.InMemory && H.LastGroup != H.FirstGroup) {
      Outliving[H.FirstGroup + 1] += H.Bytes;
      Ends[H.LastGroup + 1] += H.Bytes;
    }
  uint64_t Most = 0, Others = 0;
  for (size_t I = 0; I != P.Groups.size(); ++I) {
    Others += Outliving[I];
    Others -= Ends[I];
    Most = std::max(Most, Others + OfGroup[I]);
  }
  return Most;
}

uint64_t Program::bytesHeld(bool InMemory) const {
  uint64_t Bytes = 0;
  for (const HeldTensor &H : Held)
    if (H.InMemory == InMemory)
      Bytes += H.Bytes;
  return Bytes;
}

namespace {
/// The needs of a program, each the largest over all groups.
struct Needs {
  uint64_t State = 0; ///< Of one group.
  uint64_t Held = 0;  ///< Between sweeps.
};
} // namespace

/// Of a worker whose chunks have at most `Chunk` elements.
static uint64_t workerBytes(const Program &P, uint64_t Chunk) {
  uint64_t Most = 0;
  for (const GroupCode &Code : P.Codes)
    for (const Sweep &S : Code.Sweeps)
      Most =
          std::max(Most, workerFixedBytes(S) +
                             chunkBytesPerElement(Code, S) *
                                 std::min(Chunk, directChunkElements(Code, S)));
  return Most;
}

static Needs measure(const Program &P) {
  Needs N;
  for (const Group &G : P.Groups)
    N.State = std::max(N.State, groupStateBytes(P, G));
  N.Held = mostHeld(P);
  return N;
}

bool mergec::boundMemory(Program &P, const MemoryRequest &Request,
                         Diagnostics &Diags) {
  Needs N = measure(P);
  P.Memory.Budget = Request.Budget;
  uint64_t Least = workerBytes(P, LeastChunk) + N.State + N.Held;
  if (Request.Budget < Least) {
    Diags
        .report(Kind::BudgetTooSmall,
                "a memory budget of " + formatBytes(Request.Budget) +
                    " is too small for this plan, which needs " +
                    formatBytes(Least))
        .hint("say `--memory " + std::to_string((Least + 1023) >> 10) +
              "KiB` or more");
    return false;
  }
  // A worker beyond the first wants a group of its own to be in flight.
  unsigned Workers = std::max(Request.Threads, 1u);
  auto Fits = [&](uint64_t Chunk, uint64_t States = 1) {
    return (workerBytes(P, Chunk) + N.State * States) * Workers + N.Held <=
           Request.Budget;
  };
  while (Workers > 1 && !Fits(LeastChunk))
    --Workers;
  // Groups in flight are worth more than the largest requests.
  uint64_t Chunk = MostDirectChunk;
  while (Chunk > MostChunk && !Fits(Chunk, MostStates))
    Chunk /= 2;
  while (Chunk > LeastChunk && !Fits(Chunk))
    Chunk /= 2;
  P.Memory.Workers = Workers;
  P.Memory.WorkerBytes = workerBytes(P, Chunk);
  // More groups in flight help when tensors are small, so that workers never
  // wait for the last segment of one; a few per worker are enough. Of those
  // that hold values one more than the largest is.
  uint64_t Left = Request.Budget - Workers * P.Memory.WorkerBytes;
  P.Memory.SharedBytes =
      std::min(Left, N.State * Workers * MostStates + N.Held * 2);
  return true;
}

uint64_t GatheredRows::bytesRead() const {
  uint64_t Bytes = 0;
  for (const RowMap::Run &R : Map->runs()) {
    if (R.Kind == RowMap::RunKind::Rows)
      Bytes += R.Count * byteWidth(Sources[R.Source].Type);
    else if (R.Kind == RowMap::RunKind::MeanOfAll)
      Bytes += Sources[R.Source].Rows * byteWidth(Sources[R.Source].Type);
    else if (R.Kind == RowMap::RunKind::Mean)
      for (const RowMap::Term &T : Map->terms(R))
        Bytes += byteWidth(Sources[T.Source].Type);
  }
  return Bytes * RowElements;
}

uint64_t GatheredRows::stateBytes() const {
  uint64_t Bytes = 0;
  for (const RowMap::Run &R : Map->runs())
    if (R.Kind == RowMap::RunKind::MeanOfAll)
      Bytes += RowElements * sizeof(double) + MeanBufferBytes;
  return Bytes;
}

uint64_t Program::expectedElements(const Group &G, const Sweep &S) {
  const bool Samples = Sample::pays(G.Elements);
  switch (S.Selects) {
  case Sweep::Way::Only:
    return G.Elements;
  case Sweep::Way::Sample:
    return Samples && S.Ranked.empty() ? Sample::Elements : 0;
  case Sweep::Way::Guess:
    return Samples ? G.Elements : 0;
  case Sweep::Way::Settle: // Not what is usual.
    return 0;
  case Sweep::Way::Search:
    return Samples ? 0 : G.Elements;
  }
  return 0;
}

uint64_t Program::bytesRead() const {
  uint64_t Bytes = 0;
  for (const Group &G : Groups)
    for (const Sweep &S : code(G).Sweeps)
      Bytes += bytesRead(G, S, expectedElements(G, S));
  return Bytes;
}

uint64_t Program::bytesRead(const Group &G, const Sweep &S,
                            uint64_t Elements) const {
  uint64_t Bytes = 0;
  for (uint16_t Stream : S.Streams) {
    const StreamBinding &Bound = Streams[G.FirstStream + Stream];
    if (Bound.Gathered != StreamBinding::None && Elements == G.Elements)
      Bytes += Gathered[Bound.Gathered].bytesRead();
    else if (!isHeld(Bound.File))
      Bytes += Elements * byteWidth(code(G).StreamTypes[Stream]);
  }
  return Bytes;
}

uint64_t Program::bytesWritten() const {
  uint64_t Bytes = 0;
  for (const Group &G : Groups)
    for (size_t O = 0; O != code(G).OutputTypes.size(); ++O)
      if (!isHeld(Outputs[G.FirstOutput + O].Tensor))
        Bytes += G.Elements * byteWidth(code(G).OutputTypes[O]);
  return Bytes;
}
