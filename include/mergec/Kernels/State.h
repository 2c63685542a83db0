//===- State.h - What kernels carry from tile to tile -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_KERNELS_STATE_H
#define MERGEC_KERNELS_STATE_H

#include <cstdint>

namespace mergec {

/// The selection of the largest magnitudes with the tie rule of the merge
/// methods: an element with magnitude bits above `Threshold` is kept, one below
/// is not; of the `ClassSize` elements of the tensor that equal it `Survivors`
/// are kept, evenly: the one with ordinal j (in index order) iff
/// floor((j+1)·r/m) > floor(j·r/m), r = Survivors, m = ClassSize.
///
/// The kernel steps through the class by `Fraction` = j·r mod m, which needs an
/// addition and a comparison per element instead of two divisions; the sweep
/// sets it for the first element of each segment.
struct KeepState {
  uint32_t Threshold; ///< Magnitude bits of an f32, sign removed.
  uint64_t ClassSize; ///< m; 0 if the class is empty.
  uint64_t Survivors; ///< r ≤ m.
  uint64_t Fraction;  ///< (ordinal of the next class element)·r mod m.
};

/// Lanes of the sums of magnitudes, of all elements and of those that are kept.
struct DrawnLengths {
  double *All, *Kept;
};

/// Elements whose magnitude is above each of two, and those that have it. The
/// counts are increased.
struct AroundState {
  uint32_t Magnitude[2]; ///< Bits of an f32, sign removed.
  uint64_t Greater[2], Equal[2];
};

/// Of the elements in a bin of a sample's histogram those whose magnitude is
/// the lowest there, and the others: one word, as a table of them is cleared
/// often.
struct SeenBin {
  static constexpr uint32_t MostOthers =
      (1 << 14) - 1; ///< More are not counted.
  uint32_t Lowest : 18;
  uint32_t Others : 14;
};

/// Magnitudes within bounds, counted in bins of 2^Shift patterns. Behind it lie
/// the bins, as many as that takes. The counts are increased.
struct ZoomState {
  static constexpr uint32_t MostShift = 16;
  uint32_t Low, High; ///< Bits of an f32, sign removed.
  uint32_t Shift;     ///< At most MostShift.
  /// One within the bounds. If many elements have it that is faster.
  uint32_t Frequent;
  uint64_t Greater; ///< Than High.
};

struct ZoomBin {
  uint32_t Count;
  /// Of the magnitudes in the bin, as what they are beyond its first one:
  /// MostBeyond less the smallest, and the largest. So zeros mean none.
  uint16_t Inverse, Largest;
  static constexpr uint32_t MostBeyond = 0xffff;
};

/// The terms of a weighted sum: at least one.
struct SumTerms {
  static constexpr unsigned Most = 8;
  unsigned Count;
  const void *X[Most];
  double S[Most];
};

/// Vectors whose inner products are wanted: at least two.
struct GramTerms {
  static constexpr unsigned Most = 4;
  unsigned Count;
  const void *X[Most];
  /// The lanes of <x_i, x_j>, i ≤ j; null: not wanted.
  double *Lanes[Most][Most];
};

} // namespace mergec

#endif // MERGEC_KERNELS_STATE_H
