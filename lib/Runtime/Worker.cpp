//===- Worker.cpp - One thread's buffers and its interpreter -------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "CountingLock.h"
#include "mergec/Schedule/Chunks.h"
#include "mergec/Schedule/Sample.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <utility>

using namespace mergec;
using Place = TileOperand::Place;

void RunContext::reportFailure(Kind K, const llvm::Twine &Message,
                               llvm::StringRef Hint) {
  if (!Failed.exchange(true)) {
    Diagnostic &D = Diags.report(K, Message);
    if (!Hint.empty())
      D.hint(Hint);
  }
  Progress.Cancel = true;
}

void RunContext::reportHeldFailure(int Error) {
  if (Error == ENOSPC)
    reportFailure(Kind::DiskFull, "no space is left for intermediate values",
                  "name another directory with `--scratch`, or allow more "
                  "memory with `--memory`");
  else
    reportFailure(Kind::CannotWrite,
                  "can't hold intermediate values: " +
                      llvm::Twine(Error == File::EndOfFile
                                      ? "the scratch file became shorter"
                                      : std::strerror(Error)),
                  "`--scratch` names a directory for them");
}

void RunContext::reportWriteFailure(int Error) {
  reportFailure(Error == ENOSPC ? Kind::DiskFull : Kind::CannotWrite,
                "can't write the result: " + llvm::Twine(std::strerror(Error)));
}

void Worker::Free::operator()(char *P) const { std::free(P); }

static uint64_t wholeBlocks(uint64_t Bytes) {
  return (Bytes + FileBlockBytes - 1) / FileBlockBytes * FileBlockBytes;
}

/// Where the kernel has them, a few large pages take less of the processor's
/// translation buffers than many small ones.
static constexpr uint64_t LargePageBytes = 2 << 20;

Worker::Worker(RunContext &Run) : Run(Run) {
  const uint64_t Bytes = wholeBlocks(Run.P.Memory.WorkerBytes);
  void *Begin = nullptr;
  if (Bytes < LargePageBytes ||
      ::posix_memalign(&Begin, LargePageBytes, Bytes) != 0)
    Begin = std::aligned_alloc(FileBlockBytes, Bytes);
  else // No more than what was asked for.
    ::madvise(Begin, Bytes / LargePageBytes * LargePageBytes, MADV_HUGEPAGE);
  Memory.reset(static_cast<char *>(Begin));
  Mappings.resize(Run.P.Inputs.size());
}

Worker::Address Worker::locate(const TileOperand &O) const {
  switch (O.Where) {
  case Place::None:
    return {};
  case Place::Register:
    return {Registers + O.Index * TileElements * sizeof(double), 0};
  case Place::Stream:
    return {StreamBuffers[O.Index], byteWidth(O.Type)};
  case Place::Output:
    return {OutputBuffers[O.Index], byteWidth(O.Type)};
  case Place::Ranked:
    return {reinterpret_cast<char *>(RankedRows[O.Index]), 0};
  case Place::Drawn:
    return {reinterpret_cast<char *>(DrawnBuffers[O.Index]), 1};
  case Place::ColumnSums:
    return {States, 0};
  }
  return {};
}

/// Finds the operands in the buffers again.
void Worker::aim() {
  for (Bound &X : Body) {
    const Instruction &I = *X.From;
    Address Out = locate(I.Out), A = locate(I.A), B = locate(I.B),
            C = locate(I.C);
    X.Out = Out.Base, X.OutStep = Out.Step;
    if (I.Out.Where == Place::ColumnSums)
      X.Out += I.State;
    X.A = A.Base, X.AStep = A.Step;
    X.B = B.Base, X.BStep = B.Step;
    X.C = C.Base, X.CStep = C.Step;
  }
  for (Fusion &X : Fusions) {
    for (unsigned I = 0; I != X.Inputs; ++I)
      X.At[I] = locate(X.Ins[I]);
    X.Out = locate(X.Result);
  }
}

/// Of chunks that wait until nobody else writes to their file.
static constexpr uint64_t MostCollected = 6;

/// Divides the worker's memory for the sweep.
void Worker::layOutBuffers(Flight &F) {
  const Sweep &S = F.sweep();
  uint64_t PerElement = chunkBytesPerElement(F.Code, S);
  uint64_t Room = Run.P.Memory.WorkerBytes - workerFixedBytes(S);
  SlotElements = PerElement ? Room / PerElement : F.TheGroup.Elements;
  SlotElements = std::min(SlotElements, directChunkElements(F.Code, S));
  SlotElements = SlotElements / TileElements * TileElements;
  ChunkElements =
      std::min(SlotElements, bestChunkElements(F.Code, S, Run.ChunkBytes) /
                                 TileElements * TileElements);
  CollectElements = std::min(
      SlotElements, MostCollected * (ChunkElements + 2 * FileBlockBytes));

  Bounce = Memory.get();
  States = Bounce + (writesUnchanged(S) ? BounceBytes : 0);
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    if (F.Needed[I])
      std::memset(States + R.WorkerState, 0,
                  R.Info->Cleared ? R.Info->Cleared(R, F.State)
                                  : R.Info->WorkerBytes);
  }
  Registers = States + S.StateBytes;

  char *Next = Registers + S.Registers * TileElements * sizeof(double);
  RankedRows.clear();
  DrawnSlots.clear();
  if (!S.Ranked.empty()) {
    Piece.emplace(Next);
    Next += ChunkElements * RankBytesPerElement;
  }
  for (size_t I = 0; I != S.Ranked.size(); ++I) {
    RankedRows.push_back(reinterpret_cast<float *>(Next));
    Next += ChunkElements * sizeof(float);
    DrawnSlots.push_back(reinterpret_cast<uint8_t *>(Next));
    Next += ChunkElements;
  }
  DrawnBuffers = DrawnSlots;
  Next = Memory.get() + wholeBlocks(Next - Memory.get());
  StreamSlots.assign(F.Code.StreamTypes.size(), nullptr);
  OutputSlots.assign(F.Code.OutputTypes.size(), nullptr);
  auto TakeSlot = [&](DType Type) {
    char *Slot = Next;
    Next += wholeBlocks(SlotElements * byteWidth(Type)) + FileBlockBytes;
    return Slot;
  };
  for (uint16_t Stream : S.Streams)
    StreamSlots[Stream] = TakeSlot(F.Code.StreamTypes[Stream]);
  for (const Sweep::Written &W : S.Outputs)
    if (W.From.Where == Place::Output && W.From.Index == W.Output)
      OutputSlots[W.Output] = TakeSlot(F.Code.OutputTypes[W.Output]);
  StreamBuffers = StreamSlots;
  Windows.clear();
  Windows.resize(StreamSlots.size());
  OutputBuffers = OutputSlots;
  Waiting.assign(S.Outputs.size(), {});
  CollectedEnd = WaitingBytes = 0;
  WritesStream.assign(StreamSlots.size(), false);
  for (const Sweep::Written &W : S.Outputs)
    if (W.From.Where == Place::Stream &&
        !isHeld(Run.P.Outputs[F.TheGroup.FirstOutput + W.Output].Tensor))
      WritesStream[W.From.Index] = true;
  // Copies are best written while they are in a cache. Ranking reads all
  // streams to the beginning of their slots.
  MayCollect = !S.Body.empty() &&
               (S.Ranked.empty() || !llvm::is_contained(WritesStream, true));
}

/// Prepares the sweep: memory, and all that an instruction needs.
void Worker::bind(Flight &F) {
  const Sweep &S = F.sweep();
  layOutBuffers(F);
  const size_t Outputs = F.Code.OutputTypes.size();
  NonFinite.assign(Outputs + 1 + F.Code.StreamTypes.size(), 0);
  auto NonFiniteCount = [&](const Instruction &I) {
    if (I.Out.Where == Place::Output)
      return &NonFinite[I.Out.Index];
    bool OfInput = I.Out.Where == Place::None;
    return &NonFinite[OfInput ? Outputs + 1 + I.A.Index : Outputs];
  };
  Body.clear();
  RankingEnd = 0;
  Measured = false;
  auto Whole = [&](const NumberRef &N) {
    return N.By == NumberRef::Axis::Whole ? F.State.Numbers[N.Slot] : 0.0;
  };
  llvm::SmallVector<uint32_t, 8> Unneeded; // States.
  for (size_t R = 0; R != S.Reductions.size(); ++R)
    if (!F.Needed[R] && S.Reductions[R].Info->WorkerBytes)
      Unneeded.push_back(S.Reductions[R].WorkerState);
  for (const Instruction &I : S.Body) {
    if (llvm::is_contained(Unneeded, I.State))
      continue;
    Bound X;
    X.First = kernelFunction(I.First, Run.Set);
    X.Next = kernelFunction(I.Next, Run.Set);
    X.S = Whole(I.S);
    X.T = Whole(I.T);
    X.State = I.State == Instruction::NoState ? nullptr
              : I.State == Instruction::NonFiniteCount
                  ? static_cast<void *>(NonFiniteCount(I))
                  : States + I.State;
    X.Key = I.Key;
    if (I.KeyFrom == Instruction::KeySource::NumberBits)
      X.Key = std::bit_cast<uint64_t>(F.State.Numbers[I.Key]);
    else if (I.KeyFrom == Instruction::KeySource::SelectionBin)
      X.Key = F.State.Selections[I.Key].Bin;
    else if (I.KeyFrom == Instruction::KeySource::SelectionThreshold)
      X.Key = F.State.Selections[I.Key].Threshold;
    X.From = &I;
    Body.push_back(X);
    if (I.Runs == Instruction::Pass::Ranking)
      RankingEnd = Body.size();
  }
  fuseCalls();
  Lengths = findDrawnLengths(F);
  aim();
}

/// Every `Stride`th number, in the type of `Out`.
template <class T>
static void spread(const double *From, uint32_t Stride, T *Out, size_t N) {
  for (size_t I = 0; I != N; ++I)
    Out[I] = static_cast<T>(From[I * Stride]);
}

/// What instruction `X` is called with.
KernelCall Worker::callFor(const Flight &F, const Bound &X,
                           const Tile &T) const {
  const Instruction &I = *X.From;
  KernelCall Call;
  Call.Out = X.Out + T.ChunkOffset * X.OutStep;
  Call.A = X.A + T.ChunkOffset * X.AStep;
  Call.B = X.B + T.ChunkOffset * X.BStep;
  if (!X.B)
    Call.B = nullptr;
  Call.C = X.C + T.ChunkOffset * X.CStep;
  Call.S = I.S.By == NumberRef::Axis::Row
               ? F.State.Numbers[I.S.Slot + T.Row * I.S.Stride]
               : X.S;
  Call.T = I.T.By == NumberRef::Axis::Row
               ? F.State.Numbers[I.T.Slot + T.Row * I.T.Stride]
               : X.T;
  Call.State = X.State;
  Call.Key = X.Key;
  Call.Index = I.Base == Instruction::IndexBase::Tensor ? T.Index
               : I.Base == Instruction::IndexBase::Row  ? T.Column
                                                        : T.InSegment;
  Call.N = T.N;
  if (I.Out.Where == Place::ColumnSums)
    Call.Out =
        X.Out + (T.Index % F.TheGroup.Columns - BandBegin) * sizeof(double);
  return Call;
}

/// Some of a tile's instructions, one tile after the other: what a kernel has
/// declined to do with all of it.
void Worker::runByTiles(Flight &F, const Tile &All, size_t Begin, size_t End) {
  for (size_t Done = 0; Done < All.N; Done += TileElements) {
    Tile Part = All;
    Part.ChunkOffset += Done;
    Part.Index += Done;
    Part.InSegment += Done;
    Part.Column += F.sweep().SplitRows ? Done : 0;
    Part.N = std::min(TileElements, All.N - Done);
    runInstructions(F, Part, Begin, End);
  }
}

/// Instructions from `Begin` to before `End`.
void Worker::runInstructions(Flight &F, const Tile &Where, size_t Begin,
                             size_t End) {
  uint64_t CountedLater = 0;
  bool Empty = true; // Of the sum being accumulated.
  for (size_t At = Begin; At < End; ++At) {
    const Bound &X = Body[At];
    const Instruction &I = *X.From;
    if (X.Fusion != Bound::NoFusion) {
      const bool Done = runFusion(X, Where);
      if (!Done && Where.N > TileElements)
        runByTiles(F, Where, At, At + X.Fused);
      if (Done || Where.N > TileElements) {
        At += X.Fused - 1;
        continue;
      }
    }
    if (X.Fused && X.Fusion == Bound::NoFusion) {
      KernelCall Each[MostFused];
      for (size_t K = 0; K != X.Fused; ++K)
        Each[K] = callFor(F, Body[At + K], Where);
      runFused({&X, X.Fused}, {Each, X.Fused});
      At += X.Fused - 1;
      continue;
    }
    KernelCall Call = callFor(F, X, Where);
    // What is ranked is computed again: its NaNs are counted then.
    if (I.Runs == Instruction::Pass::Ranking &&
        I.State == Instruction::NonFiniteCount)
      Call.State = &CountedLater;
    if (I.How == Instruction::Form::Call) {
      X.First(Call);
      continue;
    }
    if (I.How == Instruction::Form::Operand) {
      Operands.push_back(Call.A);
      continue;
    }
    if (I.How == Instruction::Form::CallWithOperands) {
      Call.A = Operands.data();
      X.First(Call);
      Operands.clear();
      continue;
    }
    if (I.How == Instruction::Form::Columns) {
      const double *From =
          &F.State.Numbers[I.S.Slot +
                           Where.Index % F.TheGroup.Columns * I.S.Stride];
      if (I.Out.Type == DType::F64)
        spread(From, I.S.Stride, static_cast<double *>(Call.Out), Where.N);
      else
        spread(From, I.S.Stride, static_cast<float *>(Call.Out), Where.N);
      continue;
    }
    Empty |= I.StartsSum;
    if (Call.S != 0) {
      (Empty ? X.First : X.Next)(Call);
      Empty = false;
    }
    if (I.EndsSum && Empty)
      std::memset(Call.Out, 0, Where.N * byteWidth(I.Out.Type));
  }
}

void Worker::runTile(Flight &F, Instruction::Pass Pass, uint64_t SegmentBegin,
                     uint64_t ChunkOffset, uint64_t Index, size_t N) {
  const uint64_t RowLength = F.State.Cut.RowLength;
  const bool SplitRows = F.sweep().SplitRows;
  const uint64_t Row = SplitRows ? Index / RowLength : 0;
  const uint64_t Column = SplitRows ? Index % RowLength : 0;
  const bool IsMain = Pass == Instruction::Pass::Main;
  runInstructions(F, {ChunkOffset, Index, Index - SegmentBegin, Row, Column, N},
                  IsMain ? RankingEnd : 0, IsMain ? Body.size() : RankingEnd);
  // Pieces of rows that are longer than a segment are put together at the end.
  if (!IsMain || !SplitRows || Column + N != RowLength ||
      F.State.Cut.SegmentsPerRow != 1)
    return;
  for (const Reduction &R : F.sweep().Reductions)
    if (R.PerRow)
      R.Info->EndRow(States + R.WorkerState,
                     &F.State.Numbers[R.Target + Row * R.Stride]);
}

/// Of the tile that begins at element `Index` of the tensor.
size_t Worker::tileLength(const Flight &F, uint64_t Index,
                          uint64_t Left) const {
  uint64_t N = std::min<uint64_t>(MostAtOnce, Left);
  const Sweep &S = F.sweep();
  if (!S.SplitRows && !S.SplitColumns)
    return N;
  for (uint64_t Length : {S.SplitRows ? F.State.Cut.RowLength : 0,
                          S.SplitColumns ? F.TheGroup.Columns : 0})
    if (Length)
      N = std::min<uint64_t>(N, Length - Index % Length);
  return N;
}

/// From offset `Offset` in the chunk to `End`.
void Worker::runTiles(Flight &F, uint32_t Segment, uint64_t ChunkBegin,
                      uint64_t Offset, uint64_t End) {
  if (Body.empty())
    return;
  const uint64_t SegmentBegin = F.State.Cut.begin(Segment);
  while (Offset < End) {
    size_t N = tileLength(F, ChunkBegin + Offset, End - Offset);
    runTile(F, Instruction::Pass::Main, SegmentBegin, Offset,
            ChunkBegin + Offset, N);
    Offset += N;
  }
}

/// NaN or infinite elements of a stored chunk. Only called for chunks that gave
/// such results, so it need not be fast.
static uint64_t nonFiniteIn(const char *Data, DType Type, uint64_t Count) {
  uint64_t Found = 0;
  auto Test = [&](auto Zero, auto Exponent) {
    using Bits = decltype(Zero);
    for (uint64_t I = 0; I != Count; ++I) {
      Bits B;
      std::memcpy(&B, Data + I * sizeof(Bits), sizeof(Bits));
      Found += (B & Exponent) == Exponent;
    }
  };
  switch (Type) {
  case DType::BF16:
    Test(uint16_t(0), uint16_t(0x7f80));
    break;
  case DType::F16:
    Test(uint16_t(0), uint16_t(0x7c00));
    break;
  case DType::F32:
    Test(uint32_t(0), uint32_t(0x7f800000));
    break;
  case DType::F64:
    Test(uint64_t(0), uint64_t(0x7ff0000000000000));
    break;
  default:
    break;
  }
  return Found;
}

void Worker::countNonFinite(Flight &F, uint64_t Count) {
  bool Any = false;
  for (size_t O = 0; O != F.Code.OutputTypes.size(); ++O) {
    if (!NonFinite[O])
      continue;
    Any = true;
    F.NonFiniteOutputs[O] += NonFinite[O];
    NonFinite[O] = 0;
  }
  for (uint16_t Stream : F.sweep().Streams) {
    // Counted by the sweep itself if it leaves elements out.
    uint64_t &Counted = NonFinite[F.Code.OutputTypes.size() + 1 + Stream];
    if (Any && !Counted)
      Counted =
          nonFiniteIn(StreamBuffers[Stream], F.Code.StreamTypes[Stream], Count);
    if (Counted)
      F.NonFiniteStreams[Stream] += std::exchange(Counted, 0);
  }
}

void Worker::beginSegment(Flight &F, uint32_t Segment) {
  const Sweep &S = F.sweep();
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    if (F.Needed[I] && R.Info->BeginSegment)
      R.Info->BeginSegment(R, F.State, Segment, States + R.WorkerState);
  }
}

void Worker::endSegment(Flight &F, uint32_t Segment) {
  const Sweep &S = F.sweep();
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    if (F.Needed[I] && R.Info->EndSegment)
      R.Info->EndSegment(States + R.WorkerState,
                         F.SegmentRecords[I].data() +
                             uint64_t(R.Info->SegmentBytes) / 8 * Segment);
  }
}

/// So many of the `Count` elements from `Begin` on that what is written of them
/// ends where the page cache has a page that is large.
uint64_t Worker::toPageEnd(const Flight &F, uint64_t Begin,
                           uint64_t Count) const {
  for (const Sweep::Written &W : F.sweep().Outputs) {
    const OutputBinding &To = Run.P.Outputs[F.TheGroup.FirstOutput + W.Output];
    if (isHeld(To.Tensor))
      continue;
    const uint64_t Width = byteWidth(F.Code.OutputTypes[W.Output]);
    const uint64_t End =
        Run.P.Places[To.Tensor].Offset + (Begin + Count) * Width;
    const uint64_t Beyond = End % ShardFile::PieceBytes / Width;
    return Beyond < Count ? Count - Beyond : Count;
  }
  return Count;
}

/// Of the chunk that begins in `Segment`: a part of it, or as many whole
/// segments before `Last` as fit.
uint64_t Worker::chunkLength(const Flight &F, uint32_t Segment, uint64_t Begin,
                             uint32_t Last) const {
  const uint64_t Most = LargeChunks ? SlotElements : ChunkElements;
  if (F.sweep().Body.empty()) { // Copies know no segments.
    uint64_t Left = F.State.Cut.begin(Last) - Begin;
    return Left <= Most ? Left : toPageEnd(F, Begin, Most);
  }
  const uint64_t Left = F.State.Cut.begin(Segment + 1) - Begin;
  if (!F.sweep().Ranked.empty())
    return wholeRows(F, Begin, std::min(Most, Left));
  if (Left > Most) {
    // Parts of about equal length, perhaps a little larger.
    uint64_t Parts = std::max<uint64_t>((Left + Most / 2) / Most, 1);
    uint64_t Part = llvm::alignTo((Left + Parts - 1) / Parts, TileElements);
    return std::min({Part, Left, SlotElements});
  }
  uint64_t Count = Left;
  if (Begin == F.State.Cut.begin(Segment))
    while (++Segment != Last && F.State.Cut.begin(Segment + 1) - Begin <= Most)
      Count = F.State.Cut.begin(Segment + 1) - Begin;
  return Count;
}

/// Segments from `First` to before `Last`.
bool Worker::runSegments(Flight &F, uint32_t First, uint32_t Last) {
  const Segments &Cut = F.State.Cut;
  uint32_t Segment = First;
  ClaimEnd = Cut.begin(Last);
  for (uint64_t At = Cut.begin(First); Segment != Last;) {
    if (Run.Progress.Cancel.load(std::memory_order_relaxed))
      return false;
    uint64_t Count = chunkLength(F, Segment, At, Last);
    if (!takeChunk(F, At, Count))
      return false;
    for (uint64_t Done = 0; Done != Count;) {
      uint64_t Next = Cut.begin(Segment + 1);
      uint64_t End = std::min(Count, Next - At);
      if (At + Done == Cut.begin(Segment))
        beginSegment(F, Segment);
      // Such chunks lie within a segment.
      if (!F.sweep().Ranked.empty() && !rankChunk(F, At, Count))
        return false;
      if (!Measured)
        runTiles(F, Segment, At, Done, End);
      if (At + End == Next)
        endSegment(F, Segment++);
      Done = End;
    }
    countNonFinite(F, Count);
    if (!writeChunk(F, At, Count))
      return false;
    At += Count;
  }
  return true;
}

/// Whatever goes from tile to tile is as it would be at the beginning of the
/// segment: a sample need not be exact.
bool Worker::runSample(Flight &F, uint32_t Part) {
  const uint64_t Elements = F.TheGroup.Elements;
  for (uint64_t Piece = Part * Sample::PiecesPerPart;
       Piece != (Part + 1) * Sample::PiecesPerPart; ++Piece) {
    if (Run.Progress.Cancel.load(std::memory_order_relaxed))
      return false;
    const uint64_t Begin = Sample::begin(Piece, Elements);
    const uint32_t Segment = F.State.Cut.segmentOf(Begin);
    beginSegment(F, Segment);
    ClaimEnd = Begin + Sample::PieceElements;
    if (!takeChunk(F, Begin, Sample::PieceElements))
      return false;
    runTiles(F, Segment, Begin, 0, Sample::PieceElements);
  }
  return true;
}

void Worker::runStrand(Flight &F) {
  const Sweep &S = F.sweep();
  const uint32_t Parts = F.parts();
  if (F.NextPart.load() >= Parts)
    return;
  bind(F);
  const bool ReadsDirectly = readsDirectly(F), MayWrite = mayWriteDirectly(F);
  // Several segments at a time make for larger requests past the page cache.
  const uint64_t PartElements = F.TheGroup.Elements / Parts;
  uint32_t AtOnce = 1;
  if (!S.ByColumns && !F.isSampled() && (ReadsDirectly || MayWrite))
    AtOnce = std::clamp<uint64_t>(SlotElements / PartElements, 1,
                                  1 + (Parts - 1) / Run.P.Memory.Workers);
  else if (!S.ByColumns && !F.isSampled())
    AtOnce = std::clamp<uint64_t>(Parts / (4 * Run.P.Memory.Workers), 1, 8);
  uint64_t ResultBytes = 0;
  for (const Sweep::Written &W : S.Outputs)
    ResultBytes +=
        AtOnce * PartElements * byteWidth(F.Code.OutputTypes[W.Output]);
  uint32_t Part = F.NextPart.fetch_add(AtOnce);
  if (Part >= Parts)
    return;
  for (; Part < Parts; Part = F.NextPart.fetch_add(AtOnce)) {
    uint32_t Last = std::min(Part + AtOnce, Parts);
    bool Directly = MayWrite && Run.Writing.chooseDirect(ResultBytes);
    // Through the page cache what waits for its turn may go on to wait.
    if ((WritesDirectly || Directly) && !writeCollected(/*Waits=*/true))
      return;
    WritesDirectly = Directly;
    // What is only copied needn't be in a cache.
    LargeChunks = ReadsDirectly || (WritesDirectly && S.Body.empty());
    if (!(F.isSampled() ? runSample(F, Part)
          : S.ByColumns ? runBand(F, Part)
                        : runSegments(F, Part, Last)))
      return;
  }
  if (!writeCollected(/*Waits=*/true))
    return;
  Windows.clear();
  for (size_t I = 0; I != S.Reductions.size(); ++I) {
    const Reduction &R = S.Reductions[I];
    if (!F.Needed[I] || !R.Info->Merge)
      continue;
    CountingLock Lock(F.Merging, Run.Progress);
    R.Info->Merge(F.Shared[I].data(), States + R.WorkerState);
  }
}
