//===- RunBand.cpp - Sums over columns -----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Segments are consecutive elements, so each would leave a sum behind for every
// column: more than the tensor, if it has few entries along its first axis. A
// sweep that sums over columns is therefore cut the other way, into bands of
// columns. A worker takes a band through all entries, holds the sums of that
// band alone, and adds in the order of the entries: the result depends on
// nothing else, not even on the width of a band.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include <cstring>

using namespace mergec;

bool Worker::runBand(Flight &F, uint64_t Band) {
  const uint64_t Columns = F.TheGroup.Columns;
  const uint64_t Entries = F.TheGroup.Elements / Columns;
  BandBegin = Band * BandColumns;
  const uint64_t Width = std::min(BandColumns, Columns - BandBegin);
  for (uint64_t Entry = 0; Entry != Entries;) {
    if (Run.Progress.Cancel.load(std::memory_order_relaxed))
      return false;
    uint64_t Count = std::min(ChunkElements / Width, Entries - Entry);
    if (!readBand(F, Entry, Count, Width))
      return false;
    for (uint64_t I = 0; I != Count; ++I, ++Entry)
      for (uint64_t Offset = 0; Offset != Width;) {
        uint64_t Index = Entry * Columns + BandBegin + Offset;
        size_t N = tileLength(F, Index, Width - Offset);
        runTile(F, Instruction::Pass::Main, /*SegmentBegin=*/0,
                I * Width + Offset, Index, N);
        Offset += N;
      }
  }
  for (const Reduction &R : F.sweep().Reductions) {
    auto *Sums = reinterpret_cast<double *>(States + R.WorkerState);
    for (uint64_t I = 0; I != Width; ++I)
      F.State.Numbers[R.Target + (BandBegin + I) * R.Stride] = Sums[I];
    std::memset(Sums, 0, Width * sizeof(double));
  }
  return true;
}

/// Columns of `Count` entries from `Entry` on, one entry behind the other.
bool Worker::readBand(Flight &F, uint64_t Entry, uint64_t Count,
                      uint64_t Width) {
  const uint64_t Columns = F.TheGroup.Columns;
  if (Width == Columns)
    return readChunk(F, Entry * Columns, Count * Columns);
  for (uint16_t Stream : F.sweep().Streams) {
    uint64_t Step = Width * byteWidth(F.Code.StreamTypes[Stream]);
    for (uint64_t I = 0; I != Count; ++I)
      if (!readStream(F, Stream, StreamBuffers[Stream] + I * Step,
                      (Entry + I) * Columns + BandBegin, Width))
        return false;
  }
  return true;
}
