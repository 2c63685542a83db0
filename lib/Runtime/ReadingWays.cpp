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
/// Larger tensors are not for trying.
static constexpr uint64_t MostTried = uint64_t(16) << 20;
/// Shorter reads say little of how fast bytes come.
static constexpr uint64_t LeastBytes = 64 * 1024;

ReadingWays::Way ReadingWays::choose(unsigned Sweeps, uint64_t Bytes) {
  bool Tries = Bytes <= MostTried;
  if (Direct.cost() == 0 || (Filling.cost() == 0 && !Tries))
    return Way::Directly;
  if (Filling.cost() == 0)
    return Way::Passing;
  double ByDirect = Sweeps * Direct.cost();
  double ByFilling = Filling.cost() + (Sweeps - 1) * Again.cost();
  bool DirectIsFaster = ByDirect <= ByFilling;
  if (Tries && Choices.fetch_add(1, std::memory_order_relaxed) % LooksAgain ==
                   LooksAgain - 1)
    DirectIsFaster = !DirectIsFaster;
  return DirectIsFaster ? Way::Directly : Way::Passing;
}

void ReadingWays::took(Way How, bool First, uint64_t Bytes,
                       uint64_t Nanoseconds) {
  if (Bytes < LeastBytes)
    return;
  Rate &R = How == Way::Directly ? Direct : First ? Filling : Again;
  R.add(Bytes, Nanoseconds);
}
