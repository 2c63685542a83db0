//===- ByteSize.cpp - Sizes as people write them --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Types/ByteSize.h"
#include <gtest/gtest.h>

using namespace mergec;

TEST(ByteSize, ReadsEveryUnit) {
  struct {
    const char *Text;
    uint64_t Bytes;
  } Cases[] = {
      {"0", 0},
      {"4096", 4096},
      {" 4096 ", 4096},
      {"5B", 5'000'000'000},
      {"5b", 5'000'000'000},
      {"5K", 5'000},
      {"5M", 5'000'000},
      {"5G", 5'000'000'000},
      {"5T", 5'000'000'000'000},
      {"5KB", 5'000},
      {"5MB", 5'000'000},
      {"5GB", 5'000'000'000},
      {"5TB", 5'000'000'000'000},
      {"2KiB", 2048},
      {"2MiB", 2 << 20},
      {"2GiB", 2ull << 30},
      {"2gib", 2ull << 30},
      {"2TiB", 2ull << 40},
      {"5 GB", 5'000'000'000},
      {"1.5GB", 1'500'000'000},
      {"0.5KiB", 512},
      {"1.0001KB", 1'000},
      {"0.1GB", 100'000'000},
      {"1.99999999999999999999999999GB", 1'999'999'999},
      {"18446744073709551615", UINT64_MAX},
  };
  for (auto &Case : Cases)
    EXPECT_EQ(parseByteSize(Case.Text), Case.Bytes) << Case.Text;
}

TEST(ByteSize, RefusesEverythingElse) {
  for (const char *Text : {"",
                           " ",
                           "GB",
                           "-1",
                           "+1",
                           "1.5",
                           "1.",
                           ".5GB",
                           "1.2.3GB",
                           "1,5GB",
                           "5GBit",
                           "5 G B",
                           "1e9",
                           "0x10",
                           "five",
                           "inf",
                           "nan",
                           "5PB",
                           "18446744073709551616",
                           "99999999999999999999999999",
                           "20000000000B",
                           "16777216TiB",
                           "5GB 5GB"})
    EXPECT_EQ(parseByteSize(Text), std::nullopt) << Text;
  EXPECT_EQ(parseByteSize("16777215TiB"), 16777215ull << 40);
}

TEST(ByteSize, PrintsForPeople) {
  EXPECT_EQ(formatBytes(0), "0 bytes");
  EXPECT_EQ(formatBytes(1), "1 byte");
  EXPECT_EQ(formatBytes(1023), "1023 bytes");
  EXPECT_EQ(formatBytes(1024), "1.00 KiB");
  EXPECT_EQ(formatBytes(64 << 20), "64.00 MiB");
  EXPECT_EQ(formatBytes(2'200'000'000), "2.05 GiB");
  EXPECT_EQ(formatBytes((1 << 20) - 1), "1.00 MiB");
  EXPECT_EQ(formatBytes((1 << 20) - 6 * 1024), "1018.00 KiB");
  EXPECT_EQ(formatBytes(UINT64_MAX), "16.00 EiB");
}
