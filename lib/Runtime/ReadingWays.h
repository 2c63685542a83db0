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
// both, stays with the faster, and looks again at times, with a tensor that is
// not large, whether that has changed. Results don't depend on it.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_READINGWAYS_H
#define MERGEC_LIB_RUNTIME_READINGWAYS_H

#include <atomic>
#include <cstdint>

namespace mergec {

class ReadingWays {
public:
  enum class Way : uint8_t {
    Undecided,
    Cached,   ///< It is in the page cache, and stays there.
    Passing,  ///< Through the page cache, from which it is dropped in the end.
    Directly, ///< Past it.
  };

  /// For a tensor of `Bytes` that is not in the page cache, and is read so many
  /// times.
  Way choose(unsigned Sweeps, uint64_t Bytes);

  /// A part of such a tensor was read; `First`: in the first sweep.
  void took(Way How, bool First, uint64_t Bytes, uint64_t Nanoseconds);

private:
  struct Rate {
    std::atomic<uint64_t> Bytes{0}, Nanoseconds{0};
    void add(uint64_t B, uint64_t N) {
      Bytes.fetch_add(B, std::memory_order_relaxed);
      Nanoseconds.fetch_add(N, std::memory_order_relaxed);
    }
    /// Nanoseconds per byte; 0 if not known.
    double cost() const {
      uint64_t B = Bytes.load(std::memory_order_relaxed);
      return B ? double(Nanoseconds.load(std::memory_order_relaxed)) / B : 0;
    }
  };
  Rate Direct, Filling, Again;
  std::atomic<uint32_t> Choices{0};
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_READINGWAYS_H
