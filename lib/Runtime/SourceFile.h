//===- SourceFile.h - A file that weights are read from --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What lies in the page cache is best read from there, and left there for the
// next run. What does not is
//
// - read past it (O_DIRECT) if it is read once: that costs no processor time,
//   takes no memory from others and leaves the cache to what is used again; but
//   whole blocks have to be read, into memory that is placed as they are in the
//   file;
// - read through it if it is read in several sweeps, and taken out of it after
//   the last one, so that the memory serves the next tensor.
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

  enum class Way {
    Cached,   ///< By readAt.
    Passing,  ///< By readAt, and `forget` when they are no longer needed.
    Directly, ///< By readDirectlyAt.
  };
  /// How these bytes should be read.
  Way wayToRead(uint64_t Size, uint64_t Offset, bool Once) const;

  /// All of `Size` bytes, through the page cache. 0, errno, or EndOfFile.
  int readAt(void *To, uint64_t Size, uint64_t Offset) const {
    return Cached.readAt(To, Size, Offset);
  }
  /// The same past the page cache. `To` and `Offset` leave the same remainder
  /// of FileBlockBytes; what lies around the bytes in their blocks is read into
  /// memory too.
  int readDirectlyAt(char *To, uint64_t Size, uint64_t Offset) const;

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
