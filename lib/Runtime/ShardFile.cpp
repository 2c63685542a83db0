//===- ShardFile.cpp - A file that weights are written to -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShardFile.h"
#include "CountingLock.h"
#include "mergec/Schedule/Program.h"
#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

using namespace mergec;

// A small result is gone before anyone can tell, and may be read soon.
static constexpr uint64_t LeastDirect = uint64_t(64) << 20;

int ShardFile::open(const std::string &Path, IOMode Mode, RunProgress &P) {
  Progress = &P;
  if (int Error = Cached.openForWriting(Path))
    return Error;
  uint64_t Size = Cached.size();
  bool Tries =
      Mode == IOMode::Direct ||
      (Mode == IOMode::Auto && Size >= LeastDirect && Cached.isOnLocalDisk());
  if (!Tries)
    return 0;
  int Error = Direct.openForWriting(Path, /*Direct=*/true);
  if (!Error)
    DirectEnd = Size / FileBlockBytes * FileBlockBytes;
  return Mode == IOMode::Direct ? Error : 0;
}

int ShardFile::writeCached(const char *From, uint64_t Size, uint64_t Offset) {
  int Error = 0;
  Writers.fetch_add(1);
  while (Size && !Error) {
    uint64_t N = std::min(Size, PieceBytes - Offset % PieceBytes);
    Error = Cached.writeAt(From, N, Offset);
    Progress->Writes.fetch_add(1, std::memory_order_relaxed);
    From += N;
    Offset += N;
    Size -= N;
  }
  Writers.fetch_sub(1);
  return Error;
}

bool ShardFile::share(const SourceFile &From, uint64_t FromOffset,
                      uint64_t Size, uint64_t Offset) {
  if (Size && Cached.shareAt(From.Cached, FromOffset, Size, Offset) != 0)
    MayShare = false;
  return MayShare;
}

int ShardFile::writeAt(char *From, uint64_t Size, uint64_t Offset, char *Bounce,
                       bool Directly, bool MayChange) {
  if (Offset + Size > DirectEnd) {
    uint64_t Begin = std::max(Offset, DirectEnd);
    if (int Error =
            writeCached(From + (Begin - Offset), Offset + Size - Begin, Begin))
      return Error;
    Size = Begin - Offset;
  }
  if (Size == 0)
    return 0;
  uint64_t Lead = Offset % FileBlockBytes;
  if (MayChange && reinterpret_cast<uintptr_t>(From) % FileBlockBytes == Lead)
    return writeCongruent(From, Size, Offset, Directly);
  while (Size) {
    Lead = Offset % FileBlockBytes;
    uint64_t N = std::min(Size, BounceBytes - Lead);
    std::memcpy(Bounce + Lead, From, N);
    if (int Error = writeCongruent(Bounce + Lead, N, Offset, Directly))
      return Error;
    From += N;
    Offset += N;
    Size -= N;
  }
  return 0;
}

/// Bytes [Begin, End) of a block that is shared. If they are the last that were
/// missing, those of the others are put around them, and it is for the caller
/// to write the block. `Mine` is the whole block in memory.
bool ShardFile::completes(uint64_t Block, char *Mine, uint64_t Begin,
                          uint64_t End) {
  CountingLock Lock(Mutex, *Progress);
  SharedBlock &S = Shared[Block];
  S.Filled += End - Begin;
  assert(S.Filled <= FileBlockBytes && "bytes were written twice");
  if (!S.Bytes)
    S.Bytes = std::make_unique_for_overwrite<char[]>(FileBlockBytes);
  if (S.Filled != FileBlockBytes) {
    std::memcpy(S.Bytes.get() + Begin, Mine + Begin, End - Begin);
    return false;
  }
  std::memcpy(Mine, S.Bytes.get(), Begin);
  std::memcpy(Mine + End, S.Bytes.get() + End, FileBlockBytes - End);
  Shared.erase(Block);
  return true;
}

/// `From` lies in its block of memory as `Offset` in its block of the file.
int ShardFile::writeCongruent(char *From, uint64_t Size, uint64_t Offset,
                              bool Directly) {
  uint64_t Lead = Offset % FileBlockBytes;
  uint64_t Tail = (Offset + Size) % FileBlockBytes;
  // From here on `From` is that of whole blocks.
  From -= Lead;
  Offset -= Lead;
  uint64_t Blocks = (Lead + Size + FileBlockBytes - 1) / FileBlockBytes;
  uint64_t First = Offset / FileBlockBytes, Skip = 0;
  if (Lead &&
      !completes(First, From, Lead, std::min(Lead + Size, FileBlockBytes)))
    Skip = 1;
  if (Tail && (Blocks > 1 || !Lead) &&
      !completes(First + Blocks - 1, From + (Blocks - 1) * FileBlockBytes, 0,
                 Tail))
    --Blocks;
  if (Skip >= Blocks)
    return 0;
  From += Skip * FileBlockBytes;
  Offset += Skip * FileBlockBytes;
  Size = (Blocks - Skip) * FileBlockBytes;
  // Some file systems ask for more than blocks of the usual size.
  int Error = Directly ? Direct.writeAt(From, Size, Offset) : EINVAL;
  if (Error == EINVAL)
    return writeCached(From, Size, Offset);
  Progress->Writes.fetch_add(1, std::memory_order_relaxed);
  return Error;
}
