//===- WritingWays.h - The faster way to write, by measurement --*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A large result can be written through the page cache or past it (O_DIRECT).
// Which is faster depends on the disk, on what memory costs (in a virtual
// machine that gives back what it doesn't use, filling the page cache takes
// several times as long as writing past it; elsewhere it is a copy), and on how
// much is still to be written back: once that is too much, the kernel makes
// writers wait. So a run tries both, stays with the faster, and looks again at
// times whether that has changed; the less often, the more a look costs. All
// workers go the same way at a time, because a write through the page cache
// locks the file against the others.
//
// What goes through the page cache takes the place of what others have there.
// So only a share of the memory may be filled; what is written beyond that goes
// directly.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_WRITINGWAYS_H
#define MERGEC_LIB_RUNTIME_WRITINGWAYS_H

#include "Rate.h"
#include <mutex>

namespace mergec {

class WritingWays {
public:
  /// At most `MostCached` bytes go through the page cache; 0: none.
  explicit WritingWays(uint64_t MostCached) : MostCached(MostCached) {}

  /// Whether the next `Bytes` are to go past the page cache.
  bool chooseDirect(uint64_t Bytes);

  /// So much was written by one thread.
  void took(bool Direct, uint64_t Bytes, uint64_t Nanoseconds);

private:
  bool nextIsDirect();

  const uint64_t MostCached;
  std::mutex Mutex;
  Rate Cached, Direct;
  uint64_t CachedBytes = 0; ///< In all.
  bool IsDirect = false;    ///< Now, for `Left` bytes more.
  uint64_t Left = 0;
  uint32_t UntilLook = 0; ///< Decisions.
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_WRITINGWAYS_H
