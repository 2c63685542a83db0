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
#include "llvm/Support/MathExtras.h"
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
  Run.Progress.Reads.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool Worker::readChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  for (uint16_t Stream : F.sweep().Streams)
    if (!readStream(F, Stream, StreamBuffers[Stream], Begin, Count))
      return false;
  return true;
}

void Worker::place(char *&Buffer, char *Where) {
  Moved |= Buffer != Where;
  Buffer = Where;
}

/// Finds room for a chunk in the slots of what is written: behind what it
/// follows in the tensor, too, or else with at least a block between.
bool Worker::takeSlot(uint64_t Begin, uint64_t Count) {
  const bool Follows = Begin == Stretch.Begin + CollectedEnd - Stretch.Slot;
  const uint64_t Slot =
      CollectedEnd == 0 ? 0
      : Follows         ? CollectedEnd
                : llvm::alignTo(CollectedEnd, FileBlockBytes) + FileBlockBytes;
  const uint64_t Room = WritesDirectly ? SlotElements : CollectElements;
  if (Slot + Count > Room && !writeCollected(/*Waits=*/true))
    return false;
  if (CollectedEnd == 0)
    Stretch = {0, Begin, 0};
  else if (Follows)
    Stretch.Before = Begin - Stretch.Begin;
  else
    Stretch = {Slot, Begin, 0};
  return true;
}

/// Where the chunk goes in a slot whose bytes are read or written at file
/// offset `Offset`: what begins a block there begins one in memory.
char *Worker::inSlot(char *Slot, uint64_t Offset, uint64_t Width) const {
  const uint64_t Before = Stretch.Before * Width;
  return Slot + Stretch.Slot * Width + (Offset - Before) % FileBlockBytes +
         Before;
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
    const uint64_t Width = byteWidth(F.Code.OutputTypes[W.Output]);
    // Where it doesn't matter, as if the file began with the stretch.
    const uint64_t At = Run.Shards[To.Shard].mayWriteDirectly()
                            ? To.Offset + Begin * Width
                            : Stretch.Before * Width;
    if (W.From.Where == Place::Stream)
      StreamsWrittenAt[W.From.Index] = At;
    else if (W.From.Where == Place::Output && W.From.Index == W.Output)
      place(OutputBuffers[W.Output], inSlot(OutputSlots[W.Output], At, Width));
  }
}

/// Of smaller tensors nobody notices how they were read.
static constexpr uint64_t LeastMappedBytes = 256 << 10;

/// How a stream of the group is read. All workers read it the same way.
ReadingWays::Way Worker::wayToRead(Flight &F, uint16_t Stream) {
  return F.wayToRead(Stream, Run.Progress, [&] {
    const StreamBinding &Bound = Run.P.Streams[F.TheGroup.FirstStream + Stream];
    if (Bound.Gathered != StreamBinding::None || isHeld(Bound.File))
      return Way::Cached;
    const SourceFile &From = Run.Inputs[Bound.File];
    if (From.readsDirectly())
      return Way::Directly;
    const uint64_t Width = byteWidth(F.Code.StreamTypes[Stream]);
    const uint64_t Bytes = F.TheGroup.Elements * Width;
    if (Run.MapsInputs && Bytes >= LeastMappedBytes &&
        Bound.Offset % Width == 0 && From.isCached(Bytes, Bound.Offset))
      return Way::Mapped;
    return From.mayReadDirectly() && From.isUncached(Bytes, Bound.Offset)
               ? Run.Ways.choose(F.expectedSweeps(), Bytes)
               : Way::Cached;
  });
}

/// Where a part of a stream is in the page cache, in a window that takes no
/// more memory than the stream's slot, which isn't used meanwhile; or null.
const char *Worker::findCached(const Flight &F, uint16_t Stream, uint64_t Begin,
                               uint64_t Count) {
  const StreamBinding &Bound = Run.P.Streams[F.TheGroup.FirstStream + Stream];
  const uint64_t Width = byteWidth(F.Code.StreamTypes[Stream]);
  const uint64_t Offset = Bound.Offset + Begin * Width, Bytes = Count * Width;
  FileMapping &File = Mappings[Bound.File];
  if (!File.begin() && Run.Inputs[Bound.File].map(File) != 0)
    return nullptr;
  const char *There = File.begin() + Offset;
  if (There + Bytes > File.end())
    return nullptr; // Reading it says why.
  FileWindow &Window = Windows[Stream];
  if (!Window.isOpenAt(There, Bytes)) {
    const uint64_t Most = std::min(ClaimEnd - Begin, WindowBytes / Width);
    if (Window.open(File, Offset, std::max(Count, Most) * Width) != 0)
      return nullptr;
    Run.Progress.Reads.fetch_add(1, std::memory_order_relaxed);
  }
  Run.Progress.BytesRead.fetch_add(Bytes, std::memory_order_relaxed);
  Run.Progress.BytesMapped.fetch_add(Bytes, std::memory_order_relaxed);
  return There;
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
    // Bytes that are only copied cost less from a buffer that is in a cache.
    if (How == Way::Mapped && !WritesStream[Stream])
      if (const char *There = findCached(F, Stream, Begin, Count)) {
        place(StreamBuffers[Stream], const_cast<char *>(There));
        continue;
      }
    const bool Directly =
        How == Way::Directly && Offset % Width == 0 && F.sweep().Ranked.empty();
    char *&To = StreamBuffers[Stream];
    if (WritesStream[Stream])
      place(To, inSlot(StreamSlots[Stream],
                       Directly ? Offset : StreamsWrittenAt[Stream], Width));
    else
      place(To, StreamSlots[Stream] + (Directly ? Offset % FileBlockBytes : 0));
    Clock::time_point Start;
    const bool IsMeasured = Directly || How == Way::Passing;
    if (IsMeasured)
      Start = Clock::now();
    if (Directly ? !readFile(Bound.File, Offset, To, Bytes, /*Directly=*/true)
                 : !readStream(F, Stream, To, Begin, Count))
      return false;
    if (IsMeasured)
      Run.Ways.took(How, F.Begun == 1, Bytes,
                    std::chrono::nanoseconds(Clock::now() - Start).count());
  }
  return true;
}

/// Reads a chunk. Ranking reads other rows into the same buffers later.
bool Worker::takeChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  Run.Progress.Chunks.fetch_add(1, std::memory_order_relaxed);
  if (!takeSlot(Begin, Count))
    return false;
  Moved = false;
  placeOutputs(F, Begin);
  // What is drawn for a piece of a row needs its other pieces in buffers.
  const bool InPlace =
      F.sweep().Ranked.empty() || Count >= F.State.Cut.RowLength;
  bool Read =
      InPlace ? readChunkInPlace(F, Begin, Count) : readChunk(F, Begin, Count);
  if (Moved)
    aim();
  return Read;
}

/// Through the page cache more is written at a time than a chunk: a call has
/// its price, and the kernel takes larger pages for longer ones.
static constexpr uint64_t LeastWriteBytes = 1 << 20;

/// Writes what waits. Through the page cache one thread at a time can write to
/// a file, so that what another one keeps from being written goes on to wait
/// unless `Waits`.
bool Worker::writeCollected(bool Waits) {
  using Clock = std::chrono::steady_clock;
  bool IsLeft = false;
  for (std::vector<Collected> &Parts : Waiting) {
    if (Parts.empty())
      continue;
    ShardFile &To = Run.Shards[Parts.front().Shard];
    Clock::time_point Start = Clock::now();
    if (!WritesDirectly && !Waits && To.isBeingWritten()) {
      IsLeft = true;
      continue;
    }
    uint64_t Written = 0;
    for (const Collected &Part : Parts) {
      // Around a part of a held value there is what others have made.
      const bool IsOwn = Part.From >= Memory.get() &&
                         Part.From < Memory.get() + Run.P.Memory.WorkerBytes;
      if (int Error = To.writeAt(Part.From, Part.Bytes, Part.Offset, Bounce,
                                 WritesDirectly, IsOwn)) {
        Run.reportWriteFailure(Error);
        return false;
      }
      Written += Part.Bytes;
    }
    Parts.clear();
    if (To.mayWriteDirectly())
      Run.Writing.took(WritesDirectly, Written,
                       std::chrono::nanoseconds(Clock::now() - Start).count());
    Run.Progress.BytesWritten.fetch_add(Written, std::memory_order_relaxed);
  }
  if (!IsLeft)
    CollectedEnd = WaitingBytes = 0;
  return true;
}

/// Writes a chunk, or leaves it in its slots to be written with others.
bool Worker::writeChunk(Flight &F, uint64_t Begin, uint64_t Count) {
  for (auto [Index, W] : llvm::enumerate(F.sweep().Outputs)) {
    const OutputBinding &Bound =
        Run.P.Outputs[F.TheGroup.FirstOutput + W.Output];
    uint64_t Width = byteWidth(F.Code.OutputTypes[W.Output]);
    char *From = locate(W.From).Base;
    if (isHeld(Bound.Tensor)) {
      if (int Error = Run.Held.writeAt(heldIndex(Bound.Tensor), From,
                                       Count * Width, Begin * Width)) {
        Run.reportHeldFailure(Error);
        return false;
      }
      continue;
    }
    const OutputPlace &Place = Run.P.Places[Bound.Tensor];
    const uint64_t Offset = Place.Offset + Begin * Width;
    std::vector<Collected> &Parts = Waiting[Index];
    if (!Parts.empty() && Parts.back().From + Parts.back().Bytes == From &&
        Parts.back().Offset + Parts.back().Bytes == Offset)
      Parts.back().Bytes += Count * Width;
    else
      Parts.push_back({Place.Shard, From, Count * Width, Offset});
    CollectedEnd = Stretch.Slot + Stretch.Before + Count;
    WaitingBytes += Count * Width;
  }
  if (!MayCollect)
    return writeCollected(/*Waits=*/true);
  // At the end all threads want to write what is left.
  const bool IsEnd = F.NextPart.load(std::memory_order_relaxed) >= F.parts();
  return WritesDirectly || (WaitingBytes < LeastWriteBytes && !IsEnd) ||
         writeCollected(/*Waits=*/false);
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
