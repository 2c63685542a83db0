//===- PieceDraw.cpp - Draws from rows in pieces --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/PieceDraw.h"
#include "mergec/Schedule/Program.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <random>

using namespace mergec;

namespace {
constexpr uint64_t Capacity = 16 * 1024;

/// Draws a row in pieces and as a whole.
void check(std::vector<float> Row) {
  std::vector<double> Memory(Capacity * RankBytesPerElement / sizeof(double));
  char *Room = reinterpret_cast<char *>(Memory.data());
  KernelCall Call = {};
  std::vector<uint8_t> Want(Row.size()), Out(Row.size());
  Call.Out = Want.data();
  Call.A = Row.data();
  Call.S = 0.2;
  Call.T = 0.6;
  Call.Index = 12345;
  Call.Key = 99;
  Call.N = Row.size();
  kernelFunction(Kernel::DrawByRankF32, InstructionSet::Portable)(Call);

  PieceDraw Piece(Room);
  const size_t Length = Row.size() / 3 + 1, PartLength = Length / 2 + 1;
  auto ForParts = [&](size_t Begin, size_t End, auto Each) {
    for (; Begin < End; Begin += PartLength)
      Each(llvm::ArrayRef(Row).slice(Begin, std::min(PartLength, End - Begin)));
  };
  for (size_t Begin = 0; Begin < Row.size(); Begin += Length) {
    Piece.begin({0.2, 0.6, Row.size()}, Call.Key, Call.Index + Begin, Begin,
                Out.data() + Begin);
    ForParts(Begin, std::min(Begin + Length, Row.size()),
             [&](auto Part) { Piece.append(Part); });
    ForParts(0, Row.size(), [&](auto Part) { Piece.compare(Part); });
  }
  EXPECT_EQ(Out, Want);
}
} // namespace

TEST(PieceDraw, FewMagnitudes) {
  std::mt19937 Random(1);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(float(int(Random() % 400) - 200) / 4096);
  check(Row);
}

TEST(PieceDraw, SomeMagnitudesShareTheirUpperBits) {
  std::mt19937 Random(2);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(I % 10 ? float(Random() % 100)
                         : 1 + float(Random()) * 0x1p-40f);
  check(Row);
}

TEST(PieceDraw, AllDifferent) {
  std::mt19937 Random(3);
  std::vector<float> Row;
  for (int I = 0; I != 1500; ++I)
    Row.push_back(float(int32_t(Random())) * 0x1p-31f);
  check(Row);
}

TEST(PieceDraw, Extremes) {
  const float Infinity = std::numeric_limits<float>::infinity();
  check({-0.0f, 0, 0});
  check({NAN, Infinity, -NAN, -Infinity, 0});
  check({std::numeric_limits<float>::denorm_min(), 0, -0.0f,
         std::numeric_limits<float>::max()});
}
