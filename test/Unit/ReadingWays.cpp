//===- ReadingWays.cpp - Choosing by what was measured --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/ReadingWays.h"
#include "gtest/gtest.h"

using namespace mergec;
using Way = ReadingWays::Way;

namespace {
constexpr uint64_t MiB = 1 << 20;

/// As a tensor takes that is read so many times, a byte so many nanoseconds.
struct Costs {
  double Direct, Filling, Again;
  void read(ReadingWays &Ways, Way How, unsigned Sweeps, uint64_t Bytes) const {
    for (unsigned S = 0; S != Sweeps; ++S)
      for (uint64_t At = 0; At != Bytes; At += MiB)
        Ways.took(How, S == 0, MiB,
                  uint64_t(MiB * (How == Way::Directly ? Direct
                                  : S == 0             ? Filling
                                                       : Again)));
  }
};

/// How many of so many choices are direct.
unsigned countDirect(ReadingWays &Ways, unsigned Choices, unsigned Sweeps,
                     Costs C, uint64_t Bytes = 64 * MiB) {
  unsigned Count = 0;
  for (unsigned I = 0; I != Choices; ++I) {
    Way How = Ways.choose(Sweeps, Bytes);
    Count += How == Way::Directly;
    C.read(Ways, How, Sweeps, Bytes);
  }
  return Count;
}

unsigned directOfThousand(unsigned Sweeps, Costs C) {
  ReadingWays Ways;
  return countDirect(Ways, 1000, Sweeps, C);
}
} // namespace

TEST(ReadingWays, StaysWithTheFaster) {
  EXPECT_GE(directOfThousand(1, {0.7, 2.0, 0.2}), 990u);
  EXPECT_LE(directOfThousand(1, {2.0, 0.7, 0.2}), 10u);
  // With more sweeps the page cache pays.
  EXPECT_GE(directOfThousand(1, {0.7, 0.8, 0.1}), 990u);
  EXPECT_LE(directOfThousand(2, {0.7, 0.8, 0.1}), 10u);
}

TEST(ReadingWays, TriesBothAndLooksAgain) {
  unsigned Direct = directOfThousand(1, {2.0, 0.7, 0.2});
  EXPECT_GT(Direct, 1u);
  EXPECT_LE(Direct, 1u + 1000 / 128);
}

TEST(ReadingWays, SeesThatTheFasterHasChanged) {
  ReadingWays Ways;
  EXPECT_LE(countDirect(Ways, 200, 1, {2.0, 0.7, 0.2}), 10u);
  EXPECT_GE(countDirect(Ways, 2000, 1, {2.0, 20, 0.2}), 1500u);
}

// The streams of a sweep choose before any of them is read.
TEST(ReadingWays, TriesSideBySide) {
  ReadingWays Ways;
  const Way First = Ways.choose(1, 100 * MiB),
            Second = Ways.choose(1, 100 * MiB);
  EXPECT_EQ(First, Way::Directly);
  EXPECT_EQ(Second, Way::Passing);
}

// Reading ahead makes the first megabytes look slow, by far.
TEST(ReadingWays, AFewMegabytesSayNothing) {
  ReadingWays Ways;
  countDirect(Ways, 2, 1, {1, 5, 0.2}, 2 * MiB);
  EXPECT_LE(countDirect(Ways, 100, 1, {1, 0.5, 0.2}, 8 * MiB), 10u);
}

TEST(ReadingWays, ShortReadsSayNothing) {
  ReadingWays Ways;
  unsigned Direct = 0;
  for (unsigned I = 0; I != 100; ++I) {
    Way How = Ways.choose(1, 64 * MiB);
    Direct += How == Way::Directly;
    for (unsigned J = 0; J != 100000; ++J)
      Ways.took(How, true, 512, How == Way::Directly ? 1 : 1000000);
  }
  EXPECT_EQ(Direct, 50u);
}

TEST(ReadingWays, LargeTensorsAreNotForTrying) {
  ReadingWays Ways;
  for (unsigned I = 0; I != 1000; ++I) {
    EXPECT_EQ(Ways.choose(1, 1024 * MiB), Way::Directly);
    Ways.took(Way::Directly, true, MiB, MiB);
  }
  EXPECT_LE(countDirect(Ways, 10, 1, {1, 0.5, 0.2}), 2u);
  EXPECT_EQ(Ways.choose(1, 1024 * MiB), Way::Passing);
}
