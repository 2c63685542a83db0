//===- RowRanker.h - Draws by rank in a row that is long -------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernel DrawByRankF32 does for a row, for a part of a row that does
// not fit into a chunk as a whole:
//
//   begin(Part)          sorts the part and finds its distinct magnitudes;
//   count(Other) …       for every part of the row, also this one;
//   finish(…)            knows the ranks then, and draws.
//
// A rank is a count, so it is the same however the row was cut into parts.
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

  void begin(llvm::ArrayRef<float> Part);
  void count(llvm::ArrayRef<float> Other);
  /// Out[i] = 1 if element `Index` + i of the tensor is drawn, else 0; with
  /// probability `Low` for the smallest of a row of `Length` ≥ 2 elements,
  /// `High` for the largest, linear in the rank in between.
  void finish(uint64_t Length, double Low, double High, uint64_t Key,
              uint64_t Index, uint8_t *Out) const;

private:
  void sort();

  uint64_t *Equal, *Below; ///< By distinct magnitude: in the row, and of the
                           ///< row between this and the next smaller one.
  uint32_t *Keys, *Places; ///< Of the part, sorted by magnitude.
  uint32_t *OtherKeys, *OtherPlaces;
  size_t N = 0, Distinct = 0;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_ROWRANKER_H
