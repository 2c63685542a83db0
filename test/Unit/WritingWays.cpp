//===- WritingWays.cpp - Choosing by what was measured --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/WritingWays.h"
#include "gtest/gtest.h"

using namespace mergec;

namespace {
constexpr uint64_t MiB = 1 << 20;
constexpr uint64_t Plenty = uint64_t(1) << 40;

/// How many of the next `Count` MiB are direct, where a byte costs so many
/// nanoseconds each way.
unsigned directOf(unsigned Count, WritingWays &Ways, double Direct,
                  double Cached) {
  unsigned Found = 0;
  for (unsigned I = 0; I != Count; ++I) {
    bool IsDirect = Ways.chooseDirect(MiB);
    Found += IsDirect;
    Ways.took(IsDirect, MiB, uint64_t(MiB * (IsDirect ? Direct : Cached)));
  }
  return Found;
}
} // namespace

TEST(WritingWays, StaysWithTheFaster) {
  WritingWays Fast(Plenty), Slow(Plenty);
  EXPECT_GE(directOf(10'000, Fast, 0.5, 5), 9'800u);
  EXPECT_LE(directOf(10'000, Slow, 5, 0.5), 200u);
}

TEST(WritingWays, LooksLessOftenTheMoreItCosts) {
  WritingWays Near(Plenty), Far(Plenty);
  unsigned OfNear = directOf(10'000, Near, 0.6, 0.5);
  unsigned OfFar = directOf(10'000, Far, 50, 0.5);
  EXPECT_GT(OfNear, 500u);
  EXPECT_LT(OfNear, 2'000u);
  EXPECT_GT(OfFar, 0u);
  EXPECT_LT(OfFar, 50u);
}

TEST(WritingWays, NoticesWritersThatAreMadeToWait) {
  WritingWays Ways(Plenty);
  EXPECT_LE(directOf(2'000, Ways, 1, 0.25), 200u);
  EXPECT_GE(directOf(2'000, Ways, 1, 4), 1'800u);
  // And that they no longer are.
  EXPECT_LE(directOf(4'000, Ways, 1, 0.25), 2'000u);
}

TEST(WritingWays, FillsNoMoreOfTheCacheThanAllowed) {
  WritingWays Some(100 * MiB), None(0);
  EXPECT_GE(directOf(1'000, Some, 5, 0.5), 900u);
  EXPECT_EQ(directOf(1'000, None, 5, 0.5), 1'000u);
}

TEST(WritingWays, ShortWritesSayNothing) {
  WritingWays Ways(Plenty);
  for (unsigned I = 0; I != 1'000; ++I) {
    EXPECT_FALSE(Ways.chooseDirect(MiB));
    Ways.took(false, 4096, 1);
  }
}
