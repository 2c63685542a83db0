//===- ReadingWays.h - The faster way to read, by measurement ---*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tensor that is not in the page cache can be read past it (O_DIRECT) in each
// sweep; or through it in the first, from it in the others, and dropped after
// the last. Which is faster depends on the disk, on the number of sweeps, and
// on what memory costs: in a virtual machine that gives back what it doesn't
// use, filling the page cache takes several times as long as reading past it;
// with a slow disk and four sweeps it is the other way around. So a run tries
// both side by side, stays with the faster, and looks again at times whether
// that has changed. The kernel reads ahead, and beyond the tensor: what a few
// megabytes have taken through the page cache says nothing. Results don't
// depend on any of it.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_READINGWAYS_H
#define MERGEC_LIB_RUNTIME_READINGWAYS_H

#include "Rate.h"
#include <mutex>

namespace mergec {

class ReadingWays {
public:
  enum class Way : uint8_t {
    Undecided,
    Cached,   ///< It is copied from the page cache, and stays there.
    Mapped,   ///< It is read where the page cache has it.
    Passing,  ///< Through the page cache, from which it is dropped in the end.
    Directly, ///< Past it.
  };

  /// For a tensor of `Bytes` that is not in the page cache, and is read so many
  /// times.
  Way choose(unsigned Sweeps, uint64_t Bytes);

  /// A part of such a tensor was read; `First`: in the first sweep.
  void took(Way How, bool First, uint64_t Bytes, uint64_t Nanoseconds);

private:
  bool nextIsDirect(unsigned Sweeps, uint64_t Bytes);

  std::mutex Mutex;
  Rate Direct, Filling, Again;
  /// Chosen while one of them is not known.
  uint64_t TriedDirectly = 0, TriedFilling = 0;
  uint32_t Choices = 0;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_READINGWAYS_H
