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

/// How many of 1000 choices are direct, where a byte costs so many
/// nanoseconds each way.
unsigned directOfThousand(unsigned Sweeps, double Direct, double Filling,
                          double Again) {
  ReadingWays Ways;
  unsigned Count = 0;
  for (unsigned I = 0; I != 1000; ++I) {
    Way How = Ways.choose(Sweeps, MiB);
    Count += How == Way::Directly;
    for (unsigned S = 0; S != Sweeps; ++S)
      Ways.took(How, S == 0, MiB,
                uint64_t(MiB * (How == Way::Directly ? Direct
                                : S == 0             ? Filling
                                                     : Again)));
  }
  return Count;
}
} // namespace

TEST(ReadingWays, StaysWithTheFaster) {
  EXPECT_GE(directOfThousand(1, 0.7, 2.0, 0.2), 990u);
  EXPECT_LE(directOfThousand(1, 2.0, 0.7, 0.2), 10u);
  // With more sweeps the page cache pays.
  EXPECT_GE(directOfThousand(1, 0.7, 0.8, 0.1), 990u);
  EXPECT_LE(directOfThousand(2, 0.7, 0.8, 0.1), 10u);
}

TEST(ReadingWays, TriesBothAndLooksAgain) {
  unsigned Direct = directOfThousand(1, 2.0, 0.7, 0.2);
  EXPECT_GT(Direct, 1u);
  EXPECT_LE(Direct, 1u + 1000 / 128);
}

TEST(ReadingWays, ShortReadsSayNothing) {
  ReadingWays Ways;
  for (unsigned I = 0; I != 10; ++I) {
    Way How = Ways.choose(1, MiB);
    EXPECT_EQ(How, Way::Directly);
    Ways.took(How, true, 512, 1);
  }
}

TEST(ReadingWays, LargeTensorsAreNotForTrying) {
  ReadingWays Ways;
  for (unsigned I = 0; I != 1000; ++I) {
    EXPECT_EQ(Ways.choose(1, 1024 * MiB), Way::Directly);
    Ways.took(Way::Directly, true, MiB, MiB);
  }
  EXPECT_EQ(Ways.choose(1, MiB), Way::Passing);
  Ways.took(Way::Passing, true, MiB, MiB / 2);
  EXPECT_EQ(Ways.choose(1, 1024 * MiB), Way::Passing);
}
