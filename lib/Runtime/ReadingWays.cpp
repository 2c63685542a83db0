//===- ReadingWays.cpp - The faster way to read, by measurement -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReadingWays.h"

using namespace mergec;

/// Of so many choices one is the way that was slower until now.
static constexpr uint32_t LooksAgain = 128;
/// Other tensors are not for trying: the slower way may be ten times as slow.
static constexpr uint64_t LeastTried = uint64_t(1) << 20;
static constexpr uint64_t MostTried = uint64_t(128) << 20;
/// What has to be measured of a way, and what counts.
static constexpr double LeastKnown = 64 << 20;
static constexpr double MostKnown = 256 << 20;

bool ReadingWays::nextIsDirect(unsigned Sweeps, uint64_t Bytes) {
  const bool MayTry = Bytes >= LeastTried && Bytes <= MostTried;
  if (Direct.Bytes < LeastKnown || Filling.Bytes < LeastKnown) {
    const bool IsDirect = !MayTry || TriedDirectly <= TriedFilling;
    (IsDirect ? TriedDirectly : TriedFilling) += MayTry ? Bytes : 0;
    return IsDirect;
  }
  const double ByDirect = Sweeps * Direct.cost();
  const double ByFilling = Filling.cost() + (Sweeps - 1) * Again.cost();
  const bool IsDirect = ByDirect <= ByFilling;
  const bool Looks = MayTry && Choices++ % LooksAgain == LooksAgain - 1;
  return IsDirect != Looks;
}

ReadingWays::Way ReadingWays::choose(unsigned Sweeps, uint64_t Bytes) {
  std::lock_guard Lock(Mutex);
  return nextIsDirect(Sweeps, Bytes) ? Way::Directly : Way::Passing;
}

void ReadingWays::took(Way How, bool First, uint64_t Bytes,
                       uint64_t Nanoseconds) {
  std::lock_guard Lock(Mutex);
  Rate &R = How == Way::Directly ? Direct : First ? Filling : Again;
  R.add(Bytes, Nanoseconds, MostKnown);
}
