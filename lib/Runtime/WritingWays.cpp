//===- WritingWays.cpp - The faster way to write, by measurement ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WritingWays.h"
#include <algorithm>

using namespace mergec;

/// Between two decisions.
static constexpr uint64_t Stretch = uint64_t(16) << 20;
/// Looks at the slower way may take one of so many seconds.
static constexpr double LookShare = 16;
static constexpr double MostUntilLook = 1024;

bool WritingWays::nextIsDirect() {
  if (Cached.Bytes == 0 || Direct.Bytes == 0)
    return Cached.Bytes != 0;
  bool DirectIsFaster = Direct.cost() <= Cached.cost();
  if (UntilLook-- != 0)
    return DirectIsFaster;
  double Faster = std::min(Direct.cost(), Cached.cost());
  double Slower = std::max(Direct.cost(), Cached.cost());
  UntilLook = std::clamp(LookShare * (Slower / Faster - 1), LookShare / 2,
                         MostUntilLook);
  // What it was like the last time counts for little.
  (DirectIsFaster ? Cached : Direct).fade(4);
  return !DirectIsFaster;
}

bool WritingWays::chooseDirect(uint64_t Bytes) {
  std::lock_guard Lock(Mutex);
  if (CachedBytes + Bytes > MostCached)
    return true;
  if (Left == 0) {
    IsDirect = nextIsDirect();
    Left = Stretch;
  }
  Left -= std::min(Left, Bytes);
  CachedBytes += IsDirect ? 0 : Bytes;
  return IsDirect;
}

void WritingWays::took(bool WasDirect, uint64_t Bytes, uint64_t Nanoseconds) {
  std::lock_guard Lock(Mutex);
  (WasDirect ? Direct : Cached).add(Bytes, Nanoseconds, 2 * Stretch);
}
