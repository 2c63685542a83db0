//===- MemoryPool.cpp - Tests of memory that is used again ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/MemoryPool.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace mergec;

namespace {
constexpr uint64_t Page = 4096;
}

TEST(MemoryPool, BlocksAreTakenAgain) {
  MemoryPool Pool(8 * Page);
  char *A = Pool.take(3 * Page), *B = Pool.take(2 * Page - 5);
  ASSERT_TRUE(A && B);
  std::memset(A, 1, 3 * Page);
  std::memset(B, 2, 2 * Page - 5);
  Pool.giveBack(A, 3 * Page);
  char *C = Pool.take(Page), *D = Pool.take(Page + 1);
  EXPECT_EQ(C, A);
  EXPECT_EQ(D, A + Page);
  EXPECT_EQ(Pool.mapped(), 5 * Page);
  Pool.giveBack(D, Page + 1);
  Pool.giveBack(C, Page);
  // The parts of a block are one again.
  EXPECT_EQ(Pool.take(3 * Page), A);
  EXPECT_EQ(Pool.mapped(), 5 * Page);
  Pool.giveBack(A, 3 * Page);
  Pool.giveBack(B, 2 * Page - 5);
}

TEST(MemoryPool, KeepsNoMoreThanItsLimit) {
  MemoryPool Pool(4 * Page);
  char *A = Pool.take(2 * Page), *B = Pool.take(Page);
  ASSERT_TRUE(A && B);
  Pool.giveBack(A, 2 * Page);
  char *C = Pool.take(3 * Page);
  ASSERT_TRUE(C);
  std::memset(C, 1, 3 * Page);
  EXPECT_EQ(Pool.mapped(), 4 * Page);
  Pool.giveBack(B, Page);
  Pool.giveBack(C, 3 * Page);
}
