//===- RowRanker.cpp - Two ways to rank a row -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/RowRanker.h"
#include "mergec/Schedule/Program.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mergec;

namespace {
constexpr uint64_t Capacity = 16 * 1024;

/// What the formula gives, by comparing all with all.
std::vector<float> ranked(const std::vector<float> &Row, double Low,
                          double High) {
  auto Magnitude = [](float X) {
    // Larger than infinity.
    return std::isnan(X)   ? HUGE_VAL
           : std::isinf(X) ? 1e300
                           : double(std::fabs(X));
  };
  std::vector<float> Out;
  for (float X : Row) {
    double Smaller = 0, Equal = 0;
    for (float Y : Row) {
      Smaller += Magnitude(Y) < Magnitude(X);
      Equal += Magnitude(Y) == Magnitude(X);
    }
    double Rank = Smaller + (Equal - 1) / 2;
    Out.push_back(
        Row.size() == 1
            ? float((Low + High) / 2)
            : float(Low + (High - Low) / double(Row.size() - 1) * Rank));
  }
  return Out;
}

void check(std::vector<float> Row) {
  std::vector<double> Memory(Capacity * RankBytesPerElement / sizeof(double));
  RowRanker Ranker(reinterpret_cast<char *>(Memory.data()), Capacity);
  std::vector<float> Want = ranked(Row, 0.2, 0.6);
  std::vector<float> Parted(Row.size());
  Ranker.begin(Row);
  Ranker.countItself();
  Ranker.finish(Row.size(), 0.2, 0.6, Parted.data());
  EXPECT_EQ(Parted, Want);
  Ranker.rankRow(Row, 0.2, 0.6, Row.data());
  EXPECT_EQ(Row, Want);
}
} // namespace

TEST(RowRanker, FewMagnitudes) {
  std::mt19937 Random(1);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(float(int(Random() % 400) - 200) / 4096);
  check(Row);
}

TEST(RowRanker, SomeMagnitudesShareTheirUpperBits) {
  std::mt19937 Random(2);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(I % 10 ? float(Random() % 100)
                         : 1 + float(Random()) * 0x1p-40f);
  check(Row);
}

TEST(RowRanker, AllDifferent) {
  std::mt19937 Random(3);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(float(int32_t(Random())) * 0x1p-31f);
  check(Row);
}

TEST(RowRanker, Extremes) {
  const float Infinity = std::numeric_limits<float>::infinity();
  check({0});
  check({-0.0f, 0, 0});
  check({NAN, Infinity, -NAN, -Infinity, 0});
  check({std::numeric_limits<float>::denorm_min(), 0, -0.0f,
         std::numeric_limits<float>::max()});
}
