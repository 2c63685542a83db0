//===- RowRanker.h - Ranks of magnitudes within a row ----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rank of an element is how many elements of its row have a smaller
// magnitude; those of equal magnitude share the mean of theirs. For some
// elements of a row, all or a part:
//
//   begin(Part)          sorts them and finds the distinct magnitudes;
//   countItself()        if the part is the row, or
//   count(Other) …       for every part of the row, also this one;
//   finish(…)            turns ranks into what lies between two numbers.
//
// A rank is a count, so it is the same however the row was cut into parts. For
// a whole row there is rankRow(), which is faster where many magnitudes are
// equal, as those of differences of 16-bit values are.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_ROWRANKER_H
#define MERGEC_LIB_RUNTIME_ROWRANKER_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace mergec {

class RowRanker {
public:
  /// `Memory` holds RankBytesPerElement for each of `Capacity` elements.
  RowRanker(char *Memory, uint64_t Capacity);

  /// Does for a whole row what begin, countItself and finish do. `Out` may be
  /// the row.
  void rankRow(llvm::ArrayRef<float> Row, double Low, double High, float *Out);

  void begin(llvm::ArrayRef<float> Part);
  void countItself();
  void count(llvm::ArrayRef<float> Other);
  /// Out[i] = Low for the smallest of a row of `Length` elements, High for the
  /// largest, linear in the rank in between; halfway in a row of one.
  void finish(uint64_t Length, double Low, double High, float *Out) const;

private:
  bool rankByClasses(llvm::ArrayRef<float> Row, double Low, double High,
                     float *Out);
  void sort();

  uint64_t *Equal, *Below; ///< By distinct magnitude: in the row, and of the
                           ///< row between this and the next smaller one.
  uint32_t *Keys, *Places; ///< Of the part, sorted by magnitude.
  uint32_t *OtherKeys, *OtherPlaces;
  size_t Capacity, N = 0, Distinct = 0;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_ROWRANKER_H
