//===- SourceFile.h - A file that weights are read from --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lies in the page cache is best read from there, and left there for the
// next run. What does not can also be read past it (O_DIRECT): that costs
// little processor time and takes no memory; but whole blocks have to be read,
// into memory that is placed as they are in the file.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_SOURCEFILE_H
#define MERGEC_LIB_RUNTIME_SOURCEFILE_H

#include "File.h"
#include "mergec/Runtime/Runtime.h"

namespace mergec {

class SourceFile {
public:
  /// 0, or errno: with `Direct` also if the file system allows no direct reads.
  int open(const std::string &Path, IOMode Mode);

  /// Whether everything is to be read directly, or what is faster so.
  bool readsDirectly() const { return Mode == IOMode::Direct; }
  bool mayReadDirectly() const { return Mode != IOMode::Buffered; }

  /// Whether enough of these bytes is missing in the page cache that they have
  /// to be read from the disk.
  bool isUncached(uint64_t Size, uint64_t Offset) const {
    return Cached.isUncached(Size, Offset);
  }

  /// All of `Size` bytes, through the page cache. 0, errno, or EndOfFile.
  int readAt(void *To, uint64_t Size, uint64_t Offset) const {
    return Cached.readAt(To, Size, Offset);
  }
  /// The same past the page cache. `To` and `Offset` leave the same remainder
  /// of FileBlockBytes; what lies around the bytes in their blocks is read into
  /// memory too.
  int readDirectlyAt(char *To, uint64_t Size, uint64_t Offset) const;

  /// Whether all of these bytes are known to be in the page cache.
  bool isCached(uint64_t Size, uint64_t Offset) const {
    return Cached.isCached(Size, Offset);
  }
  /// 0, or errno.
  int map(FileMapping &As) const { return Cached.map(As); }

  void forget(uint64_t Size, uint64_t Offset) const {
    Cached.forget(Size, Offset);
  }

private:
  friend class ShardFile;
  File Cached, Direct;
  IOMode Mode = IOMode::Buffered;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_SOURCEFILE_H
