//===- Segments.h - How a tensor is cut for work ----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The unit of work is a segment of a tensor. The cut is a function of the shape
// alone, because reductions are folded segment by segment: anything else (the
// number of threads, the budget) would change the last bits of a sum.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_SEGMENTS_H
#define MERGEC_SCHEDULE_SEGMENTS_H

#include <algorithm>
#include <cstdint>

namespace mergec {

/// At most 1024 segments of at least about 256 Ki elements. A segment holds
/// whole rows; or, where a row is longer than a segment, lies in one row.
struct Segments {
  static constexpr uint64_t MinElements = 256 * 1024;
  static constexpr uint64_t MaxCount = 1024;

  uint64_t Elements = 0;
  uint64_t RowLength = 1;
  uint64_t RowsPerSegment = 1; ///< When SegmentsPerRow is 1.
  uint64_t SegmentsPerRow = 1;
  uint64_t PieceLength = 0; ///< Elements of a row per segment.
  uint32_t Count = 0;

  Segments() = default;
  Segments(uint64_t Elements, uint64_t RowLength)
      : Elements(Elements), RowLength(std::max<uint64_t>(RowLength, 1)) {
    if (!Elements)
      return;
    uint64_t Rows = Elements / this->RowLength;
    uint64_t Wanted = std::clamp<uint64_t>(
        (Elements + MinElements - 1) / MinElements, 1, MaxCount);
    uint64_t Length = (Elements + Wanted - 1) / Wanted;
    if (this->RowLength <= Length) {
      RowsPerSegment = (Length + this->RowLength - 1) / this->RowLength;
      PieceLength = this->RowLength;
      Count = (Rows + RowsPerSegment - 1) / RowsPerSegment;
    } else {
      SegmentsPerRow = std::max<uint64_t>(this->RowLength / Length, 1);
      PieceLength = (this->RowLength + SegmentsPerRow - 1) / SegmentsPerRow;
      SegmentsPerRow = (this->RowLength + PieceLength - 1) / PieceLength;
      Count = Rows * SegmentsPerRow;
    }
  }

  /// First element of segment `I`; `begin(Count)` is the end of the tensor.
  uint64_t begin(uint64_t I) const {
    if (SegmentsPerRow == 1)
      return std::min(I * RowsPerSegment * RowLength, Elements);
    return I / SegmentsPerRow * RowLength + I % SegmentsPerRow * PieceLength;
  }

  /// The segment that element `I` is in.
  uint32_t segmentOf(uint64_t I) const {
    if (SegmentsPerRow == 1)
      return I / (RowsPerSegment * RowLength);
    return I / RowLength * SegmentsPerRow + I % RowLength / PieceLength;
  }
};

} // namespace mergec

#endif // MERGEC_SCHEDULE_SEGMENTS_H
