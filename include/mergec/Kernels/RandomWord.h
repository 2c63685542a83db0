//===- RandomWord.h - The random masks, one element at a time ---*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The definition of the random numbers that kernels use, and what tests and
// oracles compare with: a pure function of a 64-bit key and an element's index,
// so that any part of any tensor can be drawn in any order.
//
// The generator is Philox4x32 with 7 rounds (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the fewest with
// which it passes BigCrush.
//
// A word for each element is drawn bit by bit, since a number in binary is
// below another as soon as it has a 0 where that has its next 1: one block
// gives a bit to 128 elements, and a probability of 1/2 needs one, of 3/4 two.
// Bit j of the word of element i, 0 the highest, is bit i mod 128, the lowest
// of the first word first, of the block whose counter is (floor(i / 128), j,
// 1).
//
// Where the probability of each element rises with its rank in its row, there
// is another word for each 16 elements: that of elements 16·g and following is
// word g mod 4 of the block whose counter is (floor(g / 4), 0, 0). See RankDraw
// for what it decides.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_KERNELS_RANDOMWORD_H
#define MERGEC_KERNELS_RANDOMWORD_H

#include <array>
#include <cstdint>

namespace mergec {

constexpr unsigned PhiloxRounds = 7;

/// One block of four random words.
inline std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> Counter,
                                          std::array<uint32_t, 2> Key,
                                          unsigned Rounds = PhiloxRounds) {
  for (unsigned Round = 0; Round != Rounds; ++Round) {
    const uint64_t X = uint64_t(0xd2511f53) * Counter[0];
    const uint64_t Y = uint64_t(0xcd9e8d57) * Counter[2];
    Counter = {uint32_t(Y >> 32) ^ Counter[1] ^ Key[0], uint32_t(Y),
               uint32_t(X >> 32) ^ Counter[3] ^ Key[1], uint32_t(X)};
    Key[0] += 0x9e3779b9;
    Key[1] += 0xbb67ae85;
  }
  return Counter;
}

/// A block for some elements, number `Number` among those.
inline std::array<uint32_t, 4> randomBlock(uint64_t Key, uint64_t Number,
                                           uint32_t Third, uint32_t Fourth) {
  return philox4x32({uint32_t(Number), uint32_t(Number >> 32), Third, Fourth},
                    {uint32_t(Key), uint32_t(Key >> 32)});
}

/// How the elements of a row are drawn with probabilities that rise with the
/// rank r of |x|, 0 the smallest, from `Low` to `High`: Low + (High -
/// Low)·r/(n-1) in a row of n elements. No rank has to be known for that: of
/// the other elements r/(n-1) are smaller, so one of them, chosen at random, is
/// smaller with that probability. (Equal magnitudes share the mean of their
/// ranks, and that is what a tie comes to if half of all are won.)
///
/// So an element is kept if its word is below `Kept`, and dropped if it is not
/// below `End`. Otherwise it is open, and another one decides, which is so many
/// places further in the row, beginning anew at its end, as the word of its 16
/// elements says: it is kept if its magnitude is larger, or if it is equal and
/// bit 32 of its word is 0. The 16 share the distance, so that they are
/// compared with elements that lie side by side, too. Magnitudes are compared
/// as patterns of 31 bits; a row of one is kept with the mean of the two
/// probabilities, which are met to 2^-32 and must be from 0 to 1.
struct RankDraw {
  uint32_t Kept, End;
  uint64_t Others; ///< In the row.

  /// Elements, from a multiple on, that share a distance.
  static constexpr uint64_t Together = 16;
  static constexpr uint32_t TieBit = 32;

  RankDraw(double Low, double High, uint64_t Length)
      : Kept(word(Length == 1 ? (Low + High) / 2 : Low)),
        End(Length == 1 || !(High > Low) ? Kept : word(High)),
        Others(Length - 1) {}

  /// From element `Index` of the tensor to what decides about it: at most the
  /// number of the others, and not 0 if there are any.
  uint64_t distance(uint64_t Key, uint64_t Index) const {
    const uint64_t Group = Index / Together;
    const uint64_t Word = randomBlock(Key, Group / 4, 0, 0)[Group % 4];
    return 1 + Word * (Others >> 32) + (Word * (Others & 0xffffffff) >> 32);
  }

  /// What the words of 128 elements say, a bit for each.
  struct Bits {
    std::array<uint32_t, 4> Kept = {}, Open = {}, LosesTies = {};
    static bool at(const std::array<uint32_t, 4> &In, uint64_t Index) {
      return In[Index % 128 / 32] >> Index % 32 & 1;
    }
  };
  /// Of those whose block is number `Number`.
  Bits bits(uint64_t Key, uint64_t Number) const;

private:
  static uint32_t word(double P) {
    return !(P > 0) ? 0 : P < 1 ? uint32_t(P * 0x1p32) : 0xffffffff;
  }
};

inline RankDraw::Bits RankDraw::bits(uint64_t Key, uint64_t Number) const {
  std::array<uint32_t, 4> Below[2] = {}, Open[2];
  uint32_t Left[2] = {Kept, End};
  for (auto &Words : Open)
    Words.fill(~uint32_t(0));
  for (uint32_t Place = 0; Left[0] | Left[1]; ++Place) {
    const std::array<uint32_t, 4> Block = randomBlock(Key, Number, Place, 1);
    for (unsigned T = 0; T != 2; ++T) {
      const uint32_t Wanted = -(Left[T] >> 31);
      for (unsigned W = 0; W != 4; ++W) {
        Below[T][W] |= Open[T][W] & ~Block[W] & Wanted;
        Open[T][W] &= ~(Block[W] ^ Wanted);
      }
      Left[T] <<= 1;
    }
  }
  Bits To;
  To.LosesTies = randomBlock(Key, Number, TieBit, 1);
  for (unsigned W = 0; W != 4; ++W) {
    To.Kept[W] = Below[0][W];
    To.Open[W] = Below[1][W] & ~Below[0][W];
  }
  return To;
}

/// Whether the word of one element is below another.
inline bool isRandomBelow(uint64_t Key, uint64_t Index, uint32_t Threshold) {
  for (uint32_t Place = 0; Threshold; ++Place, Threshold <<= 1) {
    const uint32_t Word =
        randomBlock(Key, Index / 128, Place, 1)[Index % 128 / 32];
    const uint32_t Bit = Word >> Index % 32 & 1;
    if (Bit != Threshold >> 31)
      return Bit == 0;
  }
  return false;
}

/// Whether an element is kept with the given probability. Exactly the fraction
/// floor(p·2³²)/2³² of all words keeps; 1 and more always does, 0, less and NaN
/// never.
inline bool keptAtRandom(uint64_t Key, uint64_t Index, double Probability) {
  if (!(Probability > 0))
    return false;
  return Probability >= 1 ||
         isRandomBelow(Key, Index, uint32_t(Probability * 0x1p32));
}

} // namespace mergec

#endif // MERGEC_KERNELS_RANDOMWORD_H
