//===- File.h - Positional reads and writes ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_FILE_H
#define MERGEC_LIB_RUNTIME_FILE_H

#include "FileWindow.h"
#include <cstdint>
#include <string>
#include <utility>

namespace mergec {

/// An open file; closed on destruction. Reads and writes at offsets, from any
/// thread.
class File {
public:
  File() = default;
  File(File &&Other) noexcept : Descriptor(Other.Descriptor) {
    Other.Descriptor = -1;
  }
  File(const File &) = delete;
  File &operator=(const File &) = delete;
  File &operator=(File &&Other) noexcept {
    std::swap(Descriptor, Other.Descriptor);
    return *this;
  }
  ~File();

  /// 0, or errno. `Direct`: past the page cache, in whole blocks.
  int openForReading(const std::string &Path, bool Direct = false);
  int openForWriting(const std::string &Path, bool Direct = false);
  /// A new file without a name in a directory, to write and read.
  int openScratch(const std::string &Directory);

  /// All of `Size` bytes. 0, errno, or EndOfFile.
  int readAt(void *To, uint64_t Size, uint64_t Offset) const {
    return readAt(To, Size, Offset, Size);
  }
  /// The same, where a file may end after `Least` bytes.
  int readAt(void *To, uint64_t Size, uint64_t Offset, uint64_t Least) const;
  int writeAt(const void *From, uint64_t Size, uint64_t Offset) const;

  /// Makes bytes those of another file, without copying them: whole blocks of
  /// the file system, on the same one. 0, or errno.
  int shareAt(const File &From, uint64_t FromOffset, uint64_t Size,
              uint64_t Offset) const;
  /// True on a file system that keeps its files on a disk of this machine,
  /// where direct input and output is as fast as the disk.
  bool isOnLocalDisk() const;
  /// In bytes; 0 if it can't be known.
  uint64_t size() const;
  /// True if more than one in eight of these bytes is not in the page cache,
  /// false if fewer are not or it can't be known.
  bool isUncached(uint64_t Size, uint64_t Offset) const;

  /// True if all of these bytes are known to be in the page cache.
  bool isCached(uint64_t Size, uint64_t Offset) const;

  /// 0, or errno.
  int map(FileMapping &As) const { return As.open(Descriptor, size()); }

  /// Takes bytes out of the page cache.
  void forget(uint64_t Size, uint64_t Offset) const;

  static constexpr int EndOfFile = -1;

private:
  int Descriptor = -1;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_FILE_H
