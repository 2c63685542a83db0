//===- RowRanker.cpp - Draws by rank in a row that is long ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowRanker.h"
#include "mergec/Kernels/RandomWord.h"
#include "mergec/Schedule/Program.h"
#include <algorithm>
#include <bit>
#include <utility>

using namespace mergec;

RowRanker::RowRanker(char *Memory, uint64_t Capacity) {
  static_assert(RankBytesPerElement ==
                2 * sizeof(uint64_t) + 4 * sizeof(uint32_t));
  Equal = reinterpret_cast<uint64_t *>(Memory);
  Below = Equal + Capacity;
  Keys = reinterpret_cast<uint32_t *>(Below + Capacity);
  Places = Keys + Capacity;
  OtherKeys = Places + Capacity;
  OtherPlaces = OtherKeys + Capacity;
}

/// The bits of |x|, which order as |x| does; a NaN is larger than all.
static uint32_t magnitude(float X) {
  return std::min(std::bit_cast<uint32_t>(X) & 0x7fffffff, 0x7fc00000u);
}

/// By 11 bits at a time, from the lowest. Digits that all keys share are passed
/// over.
void RowRanker::sort() {
  constexpr unsigned Bits = 11, Digits = 3, Bins = 1 << Bits;
  uint32_t Starts[Digits][Bins] = {};
  for (size_t I = 0; I != N; ++I)
    for (unsigned D = 0; D != Digits; ++D)
      ++Starts[D][Keys[I] >> (D * Bits) & (Bins - 1)];
  for (unsigned D = 0; D != Digits; ++D) {
    if (Starts[D][Keys[0] >> (D * Bits) & (Bins - 1)] == N)
      continue;
    uint32_t Before = 0;
    for (uint32_t &Start : Starts[D])
      Before += std::exchange(Start, Before);
    for (size_t I = 0; I != N; ++I) {
      uint32_t To = Starts[D][Keys[I] >> (D * Bits) & (Bins - 1)]++;
      OtherKeys[To] = Keys[I];
      OtherPlaces[To] = Places[I];
    }
    std::swap(Keys, OtherKeys);
    std::swap(Places, OtherPlaces);
  }
}

void RowRanker::begin(llvm::ArrayRef<float> Part) {
  N = Part.size();
  for (size_t I = 0; I != N; ++I) {
    Keys[I] = magnitude(Part[I]);
    Places[I] = I;
  }
  sort();
  // From here on `OtherKeys` holds the distinct magnitudes.
  Distinct = std::unique_copy(Keys, Keys + N, OtherKeys) - OtherKeys;
  std::fill_n(Equal, Distinct, 0);
  std::fill_n(Below, Distinct, 0);
}

void RowRanker::count(llvm::ArrayRef<float> Other) {
  for (float X : Other) {
    uint32_t Key = magnitude(X);
    size_t Class =
        std::lower_bound(OtherKeys, OtherKeys + Distinct, Key) - OtherKeys;
    if (Class == Distinct)
      continue;
    ++(OtherKeys[Class] == Key ? Equal : Below)[Class];
  }
}

void RowRanker::finish(uint64_t Length, double Low, double High, uint64_t Key,
                       uint64_t Index, uint8_t *Out) const {
  const double Step = (High - Low) / double(Length - 1);
  uint64_t Smaller = 0;
  size_t I = 0;
  for (size_t Class = 0; Class != Distinct; ++Class) {
    Smaller += Below[Class];
    const double Rank = double(Smaller) + double(Equal[Class] - 1) / 2;
    // As drawByRank in Ranking.inc.
    const double Scaled = (Low + Step * Rank) * 0x1p32;
    const uint32_t Threshold = !(Scaled > 0)         ? 0
                               : Scaled < 0xffffffff ? uint32_t(Scaled)
                                                     : 0xffffffff;
    for (; I != N && Keys[I] == OtherKeys[Class]; ++I)
      Out[Places[I]] = randomWord(Key, Index + Places[I]) < Threshold;
    Smaller += Equal[Class];
  }
}
