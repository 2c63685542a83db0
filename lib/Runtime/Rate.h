//===- Rate.h - What moving bytes costs -------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_RATE_H
#define MERGEC_LIB_RUNTIME_RATE_H

#include <cstdint>

namespace mergec {

/// Of one way to read or write; what was measured last counts most.
struct Rate {
  /// Reads and writes of fewer bytes say little of how fast bytes go.
  static constexpr uint64_t LeastBytes = 64 * 1024;

  double Bytes = 0, Nanoseconds = 0;

  /// So much was moved by one thread. No more than `Most` bytes count.
  void add(uint64_t MoreBytes, uint64_t MoreNanoseconds, double Most) {
    if (MoreBytes < LeastBytes)
      return;
    Bytes += double(MoreBytes);
    Nanoseconds += double(MoreNanoseconds);
    if (Bytes > Most)
      fade(2);
  }
  void fade(double Times) {
    Bytes /= Times;
    Nanoseconds /= Times;
  }
  /// Nanoseconds for a byte; 0 if nothing was measured.
  double cost() const { return Bytes != 0 ? Nanoseconds / Bytes : 0; }
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_RATE_H
