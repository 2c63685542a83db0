//===- PieceDraw.cpp - Draws by rank in a row that is long ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PieceDraw.h"
#include "mergec/Schedule/Program.h"
#include "llvm/ADT/STLExtras.h"
#include <bit>

using namespace mergec;

static_assert(sizeof(PieceDraw::Comparison) == RankBytesPerElement);

/// The bits of |x|, which order as |x| does; a NaN is larger than all.
static uint32_t magnitude(float X) {
  return std::bit_cast<uint32_t>(X) & 0x7fffffff;
}

void PieceDraw::begin(const RankDraw &How, uint64_t Key, uint64_t Index,
                      uint64_t Place, uint8_t *Out) {
  this->How = How;
  this->Key = Key;
  this->Index = Index;
  this->Place = Place;
  this->Out = Out;
  Count = Done = Drawn = 0;
  Passed = 0;
  Group = ~uint64_t(0);
}

void PieceDraw::append(llvm::ArrayRef<float> Part) {
  for (float X : Part) {
    const uint64_t At = Index + Drawn;
    if (Drawn == 0 || At % 128 == 0)
      Bits = How.bits(Key, At / 128);
    Out[Drawn] = Bits.at(Bits.Kept, At);
    if (Bits.at(Bits.Open, At)) {
      if (Group != At / RankDraw::Together) {
        Group = At / RankDraw::Together;
        Distance = How.distance(Key, At);
      }
      const uint64_t Other = (Place + Drawn + Distance) % (How.Others + 1);
      Comparisons[Count++] = {Other, !Bits.at(Bits.LosesTies, At),
                              uint32_t(Drawn), magnitude(X)};
    }
    ++Drawn;
  }
}

void PieceDraw::compare(llvm::ArrayRef<float> Part) {
  if (Passed == 0)
    llvm::sort(Comparisons, Comparisons + Count,
               [](const Comparison &A, const Comparison &B) {
                 return A.Other < B.Other;
               });
  for (; Done != Count && Comparisons[Done].Other < Passed + Part.size();
       ++Done) {
    const Comparison &C = Comparisons[Done];
    const uint32_t Other = magnitude(Part[C.Other - Passed]);
    Out[C.Mine] = Other < C.Magnitude || (Other == C.Magnitude && C.KeepsTies);
  }
  Passed += Part.size();
}
