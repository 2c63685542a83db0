//===- LaneSum.h - Sums with a fixed order -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_LANESUM_H
#define MERGEC_SCHEDULE_LANESUM_H

#include "mergec/Schedule/SweepBuilder.h"

namespace mergec {

/// Adds the sum that kernel `K` forms of tiles A and B as reduction `V`, over
/// the tensor or each row as its type says. Element i of a segment (or row) is
/// added to lane i mod 16, lanes are folded in pairs, then segments in pairs:
/// an order that depends on the shape alone. Of a value that is several sums
/// wide, this is number `Entry`. `S` is the kernel's scalar.
void emitLaneSum(SweepBuilder &B, ValueId V, Kernel K, TileOperand A,
                 TileOperand C, uint32_t Entry = 0, NumberRef S = {});

/// The kernel for the inner product of two tiles of this type.
Kernel dotKernel(DType Type);

/// Adds the sum of f64 tile `Terms` over each column as reduction `V`: in index
/// order.
void emitColumnSum(SweepBuilder &B, ValueId V, TileOperand Terms);

} // namespace mergec

#endif // MERGEC_SCHEDULE_LANESUM_H
