//===- Sample.h - A small part of a tensor ----------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which elements are looked at to guess what a sweep would find. A function of
// the tensor's size alone. Pieces are spread evenly, but each lies elsewhere in
// its share of the tensor, so that they don't meet the same columns of each
// row.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_SAMPLE_H
#define MERGEC_SCHEDULE_SAMPLE_H

#include <cstdint>

namespace mergec {

struct Sample {
  static constexpr uint64_t Pieces = 64, PieceElements = 2048;
  static constexpr uint64_t Elements = Pieces * PieceElements;
  /// Pieces that a worker claims together.
  static constexpr uint64_t PiecesPerPart = 8;
  static constexpr uint32_t Parts = Pieces / PiecesPerPart;

  /// Whether it is worth while for a tensor of so many elements.
  static constexpr bool pays(uint64_t Of) { return Of >= 8 * Elements; }

  /// The first element of piece `I`, of a tensor of `Of` elements.
  static constexpr uint64_t begin(uint64_t I, uint64_t Of) {
    const uint64_t Share = Of / Pieces;
    // Multiples of the golden ratio, as fractions of 2^32: far from each other
    // however many there are.
    const uint64_t Fraction = (I * 0x9e3779b9) & 0xffffffff;
    return I * Share + ((Share - PieceElements) * Fraction >> 32);
  }
};

} // namespace mergec

#endif // MERGEC_SCHEDULE_SAMPLE_H
