//===- PieceDraw.h - Draws by rank in a row that is long -------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernel DrawByRankF32 does for a row, for a piece of a row that does
// not fit into a chunk as a whole:
//
//   begin(…)             takes the row's length and probabilities;
//   append(Part) …       for every part of the piece: draws its words, and
//                        notes which other elements of the row matter;
//   compare(Part) …      for every part of the row, from its start: compares
//                        with those.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_PIECEDRAW_H
#define MERGEC_LIB_RUNTIME_PIECEDRAW_H

#include "mergec/Kernels/RandomWord.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace mergec {

class PieceDraw {
public:
  /// An element that its word leaves open, and what decides.
  struct Comparison {
    uint64_t Other : 63;    ///< The other one's place in the row.
    uint64_t KeepsTies : 1; ///< Keep mine if the magnitudes are equal.
    uint32_t Mine;          ///< In the piece.
    uint32_t Magnitude;     ///< Of mine.
  };

  /// `Memory` has room for a comparison for each element of a piece.
  explicit PieceDraw(char *Memory)
      : Comparisons(reinterpret_cast<Comparison *>(Memory)) {}

  /// The piece begins at `Place` of its row, with element `Index` of the
  /// tensor. Out[i] becomes 1 if its element i is drawn, else 0.
  void begin(const RankDraw &How, uint64_t Key, uint64_t Index, uint64_t Place,
             uint8_t *Out);
  void append(llvm::ArrayRef<float> Part);
  void compare(llvm::ArrayRef<float> Part);

private:
  RankDraw How = {0, 0, 1};
  uint64_t Key = 0, Index = 0, Place = 0;
  uint8_t *Out = nullptr;
  RankDraw::Bits Bits;   ///< Of the last element's block.
  uint64_t Group = 0;    ///< Of the last open element.
  uint64_t Distance = 0; ///< Of its elements.
  Comparison *Comparisons;
  size_t Count = 0;    ///< Comparisons.
  size_t Done = 0;     ///< Of them.
  size_t Drawn = 0;    ///< Elements of the piece.
  uint64_t Passed = 0; ///< Elements of the row.
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_PIECEDRAW_H
