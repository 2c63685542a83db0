//===- ReadGathered.cpp - Rows from several tensors -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A gathered stream is read as the runs of its map: what is consecutive in a
// source is one read, whatever the number of rows. Rows that have to be widened
// are read into the end of their place and widened from the front. Means are
// formed in f64, in the order of the map, so that they depend on nothing else.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "mergec/Kernels/KernelCall.h"
#include <algorithm>
#include <cstring>
#include <limits>

using namespace mergec;

namespace {
/// One tile's worth of elements of any type.
struct alignas(64) TileBuffer {
  char Bytes[TileElements * sizeof(double)];
};
} // namespace

/// Widens `Count` elements, of which there is at most a tile. The source may
/// overlap with the end of `To`.
static void widen(InstructionSet Set, DType From, DType Type,
                  const char *Narrow, uint64_t Count, char *To) {
  TileBuffer Tile;
  std::memcpy(Tile.Bytes, Narrow, Count * byteWidth(From));
  KernelCall Call{};
  Call.Out = To;
  Call.A = Tile.Bytes;
  Call.N = Count;
  kernelFunction(widening(From, Type), Set)(Call);
}

/// As they are to be read: every NaN is the same.
template <class T>
static void put(const double *Sums, double Divisor, uint64_t Count, char *To) {
  auto *Out = reinterpret_cast<T *>(To);
  for (uint64_t I = 0; I != Count; ++I) {
    T Mean = static_cast<T>(Sums[I] / Divisor);
    Out[I] = Mean == Mean ? Mean : std::numeric_limits<T>::quiet_NaN();
  }
}

static void putMeans(const double *Sums, double Divisor, uint64_t Count,
                     DType Type, char *To) {
  if (Type == DType::F64)
    put<double>(Sums, Divisor, Count, To);
  else
    put<float>(Sums, Divisor, Count, To);
}

/// Elements of one source from `Begin` on, in type `Type`.
bool Worker::readRows(const GatheredRows::Source &From, uint64_t Begin,
                      uint64_t Count, DType Type, char *To) {
  const uint64_t Narrow = byteWidth(From.Type), Wide = byteWidth(Type);
  char *At = To + Count * (Wide - Narrow);
  if (!readFile(From.File, From.Offset + Begin * Narrow, At, Count * Narrow))
    return false;
  if (From.Type == Type)
    return true;
  for (uint64_t I = 0; I < Count; I += TileElements)
    widen(Run.Set, From.Type, Type, At + I * Narrow,
          std::min<uint64_t>(TileElements, Count - I), To + I * Wide);
  return true;
}

/// The mean of a few rows, from `Column` on: a part of a row, at most.
bool Worker::readMean(const GatheredRows &Rows, llvm::ArrayRef<RowMap::Term> Of,
                      uint64_t Column, uint64_t Count, DType Type, char *To) {
  double Sums[TileElements], Values[TileElements];
  for (uint64_t Done = 0; Done < Count;) {
    uint64_t N = std::min<uint64_t>(TileElements, Count - Done);
    std::fill_n(Sums, N, 0.0);
    for (const RowMap::Term &T : Of) {
      if (!readRows(Rows.Sources[T.Source],
                    T.Row * Rows.RowElements + Column + Done, N, DType::F64,
                    reinterpret_cast<char *>(Values)))
        return false;
      for (uint64_t I = 0; I != N; ++I)
        Sums[I] += Values[I];
    }
    putMeans(Sums, Of.size(), N, Type, To + Done * byteWidth(Type));
    Done += N;
  }
  return true;
}

/// For each column the mean over all rows of a source, from the first row to
/// the last. The first worker that needs it finds it; the few others that do,
/// at the end of the same tensor, wait. Null if reading failed.
const std::vector<double> *Worker::rowMeans(Flight &F, uint16_t Stream,
                                            uint32_t Source) {
  const GatheredRows &Rows =
      Run.P.Gathered[Run.P.Streams[F.TheGroup.FirstStream + Stream].Gathered];
  const GatheredRows::Source &From = Rows.Sources[Source];
  std::lock_guard Lock(F.FindingMeans);
  auto [It, New] = F.RowMeans.try_emplace({Stream, Source});
  std::vector<double> &Means = It->second;
  if (!New)
    return Means.empty() ? nullptr : &Means;
  std::vector<double> Sums(Rows.RowElements, 0.0);
  std::vector<char> Buffer(GatheredRows::MeanBufferBytes);
  const uint64_t Width = byteWidth(From.Type), Length = Rows.RowElements;
  const uint64_t All = From.Rows * Length, Piece = Buffer.size() / Width;
  double Values[TileElements];
  KernelFunction Add = kernelFunction(Kernel::AddScaledF64F64, Run.Set);
  for (uint64_t Begin = 0; Begin < All; Begin += Piece) {
    if (Run.Progress.Cancel.load(std::memory_order_relaxed))
      return nullptr;
    uint64_t Count = std::min(Piece, All - Begin);
    if (!readFile(From.File, From.Offset + Begin * Width, Buffer.data(),
                  Count * Width))
      return nullptr;
    for (uint64_t I = 0; I < Count;) {
      uint64_t Column = (Begin + I) % Length;
      uint64_t N =
          std::min<uint64_t>({TileElements, Count - I, Length - Column});
      const char *At = Buffer.data() + I * Width;
      if (From.Type == DType::F64)
        std::memcpy(Values, At, N * Width);
      else
        widen(Run.Set, From.Type, DType::F64, At, N,
              reinterpret_cast<char *>(Values));
      KernelCall Call{};
      Call.Out = &Sums[Column];
      Call.A = Values;
      Call.S = 1;
      Call.N = N;
      Add(Call);
      I += N;
    }
  }
  for (double &Sum : Sums)
    Sum /= double(From.Rows);
  Means = std::move(Sums);
  return &Means;
}

bool Worker::readGathered(Flight &F, uint16_t Stream, char *To, uint64_t Begin,
                          uint64_t Count) {
  using Kind = RowMap::RunKind;
  const GatheredRows &Rows =
      Run.P.Gathered[Run.P.Streams[F.TheGroup.FirstStream + Stream].Gathered];
  const DType Type = F.Code.StreamTypes[Stream];
  const uint64_t Width = byteWidth(Type), Length = Rows.RowElements;
  while (Count) {
    const uint64_t Row = Begin / Length, Column = Begin % Length;
    const RowMap::Run &R = Rows.Map->runOf(Row);
    const uint64_t Into = Row - R.First; // The run.
    const bool Whole = R.Kind == Kind::Rows || R.Kind == Kind::Zero;
    const uint64_t N =
        std::min(Count, (Whole ? R.Count - Into : 1) * Length - Column);
    if (R.Kind == Kind::Rows) {
      if (!readRows(Rows.Sources[R.Source], (R.Row + Into) * Length + Column, N,
                    Type, To))
        return false;
    } else if (R.Kind == Kind::Zero) {
      std::memset(To, 0, N * Width);
    } else if (R.Kind == Kind::Mean) {
      if (!readMean(Rows, Rows.Map->terms(R), Column, N, Type, To))
        return false;
    } else {
      const std::vector<double> *Means = rowMeans(F, Stream, R.Source);
      if (!Means)
        return false;
      putMeans(Means->data() + Column, 1, N, Type, To);
    }
    To += N * Width;
    Begin += N;
    Count -= N;
  }
  return true;
}
