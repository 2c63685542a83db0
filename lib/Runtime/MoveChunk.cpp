//===- MoveChunk.cpp - Chunks from files and to them ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the chunks of a sweep's inputs and results lie in a worker's memory,
// and how they get there and from there: through the page cache or past it, or
// not at all where a value is held in memory.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>
#include <cstring>

using namespace mergec;
using Place = TileOperand::Place;
using Way = ReadingWays::Way;

bool Worker::readStream(Flight &F, uint16_t Stream, char *To, uint64_t Begin,
                        uint64_t Count) {
  const StreamBinding &Bound = Run.P.Streams[F.TheGroup.FirstStream + Stream];
  if (Bound.Gathered != StreamBinding::None)
    return readGathered(F, Stream, To, Begin, Count);
  uint64_t Width = byteWidth(F.Code.StreamTypes[Stream]);
  return readFile(Bound.File, Bound.Offset + Begin * Width, To, Count * Width);
}

bool Worker::readFile(uint32_t File, uint64_t Offset, char *To, uint64_t Bytes,
                      bool Directly) {
  if (isHeld(File)) {
    int Error = Run.Held.readAt(heldIndex(File), To, Bytes, Offset);
    if (Error)
      Run.reportHeldFailure(Error);
    return !Error;
  }
  const SourceFile &From = Run.Inputs[File];
  if (int Error = Directly ? From.readDirectlyAt(To, Bytes, Offset)
                           : From.readAt(To, Bytes, Offset)) {
    const std::string &Path = Run.P.Inputs[File].Path;
    if (Error == mergec::File::EndOfFile)
      Run.reportFailure(Kind::InputChanged,
                        "`" + Path +
                            "` has become shorter since its header was read");
    else
      Run.reportFailure(Kind::CannotRead,
                        "can't read `" + Path + "`: " + std::strerror(Error));
    return false;
  }
  Run.Progress.BytesRead.fetch_add(Bytes, std::memory_order_relaxed);
  return true;
}

bool Worker::readChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  for (uint16_t Stream : F.sweep().Streams)
    if (!readStream(F, Stream, StreamBuffers[Stream], Begin, Count))
      return false;
  return true;
}

/// Moves the chunk to where a direct read or write of file offset `Offset`
/// wants it.
void Worker::place(char *&Buffer, char *Slot, uint64_t Offset) {
  char *Where = Slot + Offset % FileBlockBytes;
  Moved |= Buffer != Where;
  Buffer = Where;
}

/// What is held in memory is made there.
void Worker::placeHeld(const Flight &F, const Sweep::Written &W, uint32_t Held,
                       uint64_t Begin) {
  bool IsDrawn = W.From.Where == Place::Drawn;
  if (!IsDrawn && (W.From.Where != Place::Output || W.From.Index != W.Output))
    return; // Is copied there.
  char *Memory = Run.Held.memory(Held);
  if (!Memory)
    return;
  char *To = Memory + Begin * byteWidth(F.Code.OutputTypes[W.Output]);
  if (IsDrawn)
    DrawnBuffers[W.From.Index] = reinterpret_cast<uint8_t *>(To);
  else
    OutputBuffers[W.Output] = To;
  Moved = true;
}

/// Says where the results of the chunk are to be made and, in
/// `StreamsWrittenAt`, where the streams that are written unchanged go.
void Worker::placeOutputs(Flight &F, uint64_t Begin) {
  StreamsWrittenAt.assign(StreamBuffers.size(), 0);
  for (const Sweep::Written &W : F.sweep().Outputs) {
    uint32_t Tensor = Run.P.Outputs[F.TheGroup.FirstOutput + W.Output].Tensor;
    if (isHeld(Tensor)) {
      placeHeld(F, W, heldIndex(Tensor), Begin);
      continue;
    }
    const OutputPlace &To = Run.P.Places[Tensor];
    if (!Run.Shards[To.Shard].mayWriteDirectly())
      continue;
    uint64_t At = To.Offset + Begin * byteWidth(F.Code.OutputTypes[W.Output]);
    if (W.From.Where == Place::Stream)
      StreamsWrittenAt[W.From.Index] = At;
    else if (W.From.Index == W.Output) {
      Collected &Before = Waiting[W.Output];
      if (Before.Bytes == 0)
        Before.Offset = At;
      uint64_t FirstBlock = Before.Offset / FileBlockBytes * FileBlockBytes;
      place(OutputBuffers[W.Output],
            OutputSlots[W.Output] +
                (At - FirstBlock) / FileBlockBytes * FileBlockBytes,
            At);
    }
  }
}

/// How a stream of the group is read. All workers read it the same way.
ReadingWays::Way Worker::wayToRead(Flight &F, uint16_t Stream) {
  Way Chosen = F.Ways[Stream].load(std::memory_order_relaxed);
  if (Chosen != Way::Undecided)
    return Chosen;
  const StreamBinding &Bound = Run.P.Streams[F.TheGroup.FirstStream + Stream];
  Way Choice = Way::Cached;
  if (Bound.Gathered == StreamBinding::None && !isHeld(Bound.File)) {
    const SourceFile &From = Run.Inputs[Bound.File];
    uint64_t Bytes =
        F.TheGroup.Elements * byteWidth(F.Code.StreamTypes[Stream]);
    if (From.readsDirectly())
      Choice = Way::Directly;
    else if (From.mayReadDirectly() && From.isUncached(Bytes, Bound.Offset))
      Choice = Run.Ways.choose(F.expectedSweeps(), Bytes);
  }
  F.Ways[Stream].compare_exchange_strong(Chosen, Choice);
  return F.Ways[Stream];
}

/// As `readChunk`, but past the page cache where that is better.
bool Worker::readChunkInPlace(Flight &F, uint64_t Begin, uint64_t Count) {
  using Clock = std::chrono::steady_clock;
  for (uint16_t Stream : F.sweep().Streams) {
    const StreamBinding &Bound = Run.P.Streams[F.TheGroup.FirstStream + Stream];
    uint64_t Width = byteWidth(F.Code.StreamTypes[Stream]);
    uint64_t Offset = Bound.Offset + Begin * Width, Bytes = Count * Width;
    if (isHeld(Bound.File) && Bound.Gathered == StreamBinding::None)
      if (char *Memory = Run.Held.memory(heldIndex(Bound.File))) {
        StreamBuffers[Stream] = Memory + Offset;
        Moved = true;
        continue;
      }
    Way How = wayToRead(F, Stream);
    bool Directly = How == Way::Directly && Offset % Width == 0;
    char *&To = StreamBuffers[Stream];
    place(To, StreamSlots[Stream],
          Directly ? Offset : StreamsWrittenAt[Stream]);
    Clock::time_point Start;
    if (How != Way::Cached)
      Start = Clock::now();
    if (Directly ? !readFile(Bound.File, Offset, To, Bytes, /*Directly=*/true)
                 : !readStream(F, Stream, To, Begin, Count))
      return false;
    if (How != Way::Cached)
      Run.Ways.took(How, F.Begun == 1, Bytes,
                    std::chrono::nanoseconds(Clock::now() - Start).count());
  }
  return true;
}

/// Reads a chunk. Ranking reads other rows into the same buffers later.
bool Worker::takeChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  Run.Progress.Chunks.fetch_add(1, std::memory_order_relaxed);
  Moved = false;
  placeOutputs(F, Begin);
  bool Read = F.sweep().Ranked.empty() ? readChunkInPlace(F, Begin, Count)
                                       : readChunk(F, Begin, Count);
  if (Moved)
    aim();
  return Read;
}

bool Worker::writeShard(uint32_t Shard, char *From, uint64_t Bytes,
                        uint64_t Offset) {
  using Clock = std::chrono::steady_clock;
  ShardFile &To = Run.Shards[Shard];
  Clock::time_point Start = Clock::now();
  // Around a part of a held value there is what others have made.
  const bool IsOwn =
      From >= Memory.get() && From < Memory.get() + Run.P.Memory.WorkerBytes;
  if (int Error =
          To.writeAt(From, Bytes, Offset, Bounce, WritesDirectly, IsOwn)) {
    Run.reportWriteFailure(Error);
    return false;
  }
  if (To.mayWriteDirectly())
    Run.Writing.took(WritesDirectly, Bytes,
                     std::chrono::nanoseconds(Clock::now() - Start).count());
  Run.Progress.BytesWritten.fetch_add(Bytes, std::memory_order_relaxed);
  return true;
}

/// Writes what waits in buffers that have no room for `Wanted` more elements.
bool Worker::writeCollected(Flight &F, uint64_t Wanted) {
  for (size_t O = 0; O != Waiting.size(); ++O) {
    auto [Offset, Bytes] = Waiting[O];
    uint64_t Width = byteWidth(F.Code.OutputTypes[O]);
    if (Bytes == 0 || Bytes + Wanted * Width <= SlotElements * Width)
      continue;
    Waiting[O].Bytes = 0;
    const OutputPlace &Place =
        Run.P.Places[Run.P.Outputs[F.TheGroup.FirstOutput + O].Tensor];
    if (!writeShard(Place.Shard, OutputSlots[O] + Offset % FileBlockBytes,
                    Bytes, Offset))
      return false;
  }
  return true;
}

/// Writes a chunk, or collects what is written directly.
bool Worker::writeChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  for (const Sweep::Written &W : F.sweep().Outputs) {
    const OutputBinding &Bound =
        Run.P.Outputs[F.TheGroup.FirstOutput + W.Output];
    uint64_t Width = byteWidth(F.Code.OutputTypes[W.Output]);
    if (isHeld(Bound.Tensor)) {
      if (int Error =
              Run.Held.writeAt(heldIndex(Bound.Tensor), locate(W.From).Base,
                               Count * Width, Begin * Width)) {
        Run.reportHeldFailure(Error);
        return false;
      }
      continue;
    }
    const OutputPlace &Place = Run.P.Places[Bound.Tensor];
    bool Owns =
        W.From.Where == TileOperand::Place::Output && W.From.Index == W.Output;
    if (Owns && WritesDirectly && Run.Shards[Place.Shard].mayWriteDirectly())
      Waiting[W.Output].Bytes += Count * Width;
    else if (!writeShard(Place.Shard, locate(W.From).Base, Count * Width,
                         Place.Offset + Begin * Width))
      return false;
  }
  return true;
}

/// Whether some of the sweep's results can be written directly.
bool Worker::mayWriteDirectly(const Flight &F) const {
  return llvm::any_of(F.sweep().Outputs, [&](const Sweep::Written &W) {
    uint32_t Tensor = Run.P.Outputs[F.TheGroup.FirstOutput + W.Output].Tensor;
    return !isHeld(Tensor) &&
           Run.Shards[Run.P.Places[Tensor].Shard].mayWriteDirectly();
  });
}

bool Worker::readsDirectly(Flight &F) {
  const Sweep &S = F.sweep();
  return S.Ranked.empty() && !S.ByColumns &&
         llvm::any_of(S.Streams, [&](uint16_t Stream) {
           return wayToRead(F, Stream) == Way::Directly;
         });
}
