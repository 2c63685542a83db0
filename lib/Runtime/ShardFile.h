//===- ShardFile.h - A file that weights are written to --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Chunks of tensors begin and end anywhere, but direct writes (O_DIRECT) are of
// whole blocks of the file. Where there may be such, a block that several
// chunks share is collected in memory, and whoever brings its last bytes writes
// it, together with the rest of the chunk: no block is written twice, and no
// request is made for a shared block alone unless it is all that a chunk has.
// What waits in memory is one part of a block for each place where a chunk that
// is written lies next to one that is not: a few for each worker, and never
// more than one for each tensor besides.
//
// Some of the blocks may go past the page cache and others through it, but each
// goes one way, and once: the kernel keeps the ways apart by its lock of the
// file, and what is in the cache of other blocks doesn't matter.
//
// The last block of a file is rarely whole. What lies in it goes through the
// page cache, where nothing else of the file is.
//
// Blocks that are those of an input can be shared with it, where the file
// system can do so.
//
// The bytes do not depend on any of this.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_SHARDFILE_H
#define MERGEC_LIB_RUNTIME_SHARDFILE_H

#include "SourceFile.h"
#include "mergec/Runtime/Runtime.h"
#include "llvm/ADT/DenseMap.h"
#include <atomic>
#include <memory>
#include <mutex>

namespace mergec {

class ShardFile {
public:
  /// Through the page cache no call writes more, nor beyond a multiple of it.
  /// The kernel takes memory for what is written in pieces as large as the call
  /// and its place in the file allow. Of this size there are always some, and
  /// file systems know it; larger ones it may have to put together first, which
  /// takes several times as long as all the rest.
  static constexpr uint64_t PieceBytes = 256 << 10;

  /// A file that exists at its final size. 0, or errno: with `Direct` also if
  /// the file system allows no direct writes.
  /// `Progress` counts locks and writes.
  int open(const std::string &Path, IOMode Mode, RunProgress &Progress);

  /// If so, data that are at a multiple of FileBlockBytes plus
  /// `Offset % FileBlockBytes` in memory needn't be copied.
  bool mayWriteDirectly() const { return DirectEnd != 0; }

  /// Through the page cache the kernel lets one thread at a time write to a
  /// file, while others spin. Who has something else to do asks first.
  bool isBeingWritten() const { return Writers.load() != 0; }

  /// Each byte of the file once, by any thread. If it `MayChange`, the memory
  /// around `From` up to multiples of FileBlockBytes is the caller's, too, and
  /// blocks that are shared are put together there. `Bounce` has BounceBytes,
  /// at a multiple of FileBlockBytes. `Directly` only matters if that is
  /// possible. 0, or errno.
  int writeAt(char *From, uint64_t Size, uint64_t Offset, char *Bounce,
              bool Directly, bool MayChange = true);

  /// False once the file system has refused to.
  bool mayShare() const { return MayShare; }
  /// Lets whole blocks be those of an input; false if that can't be done.
  bool share(const SourceFile &From, uint64_t FromOffset, uint64_t Size,
             uint64_t Offset);

private:
  int writeCached(const char *From, uint64_t Size, uint64_t Offset);
  int writeCongruent(char *From, uint64_t Size, uint64_t Offset, bool Directly);
  bool completes(uint64_t Block, char *Mine, uint64_t Begin, uint64_t End);

  struct SharedBlock {
    std::unique_ptr<char[]> Bytes;
    uint64_t Filled = 0;
  };

  File Cached, Direct;
  uint64_t DirectEnd = 0; ///< Of the whole blocks; 0: no direct writes.
  std::atomic<bool> MayShare{true};
  RunProgress *Progress = nullptr;
  std::atomic<unsigned> Writers{0}; ///< Through the page cache.
  std::mutex Mutex;
  llvm::DenseMap<uint64_t, SharedBlock> Shared; ///< By number; not complete.
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_SHARDFILE_H
