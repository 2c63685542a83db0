//===- Chunks.h - How much a worker takes at a time -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_CHUNKS_H
#define MERGEC_SCHEDULE_CHUNKS_H

#include "mergec/Schedule/Program.h"

namespace mergec {

/// Of a chunk if memory is plenty: large enough that a read or write costs
/// little more than its bytes, and small enough for the second-level cache of
/// any machine.
constexpr uint64_t BestChunkBytes = 640 << 10;

/// The elements of a chunk of this sweep whose buffers take about `Bytes`.
uint64_t bestChunkElements(const GroupCode &Code, const Sweep &S,
                           uint64_t Bytes = BestChunkBytes);

/// The same where inputs are read past the page cache, which fills no cache but
/// has a price for each request; and how much of a result is collected before
/// it is written so.
uint64_t directChunkElements(const GroupCode &Code, const Sweep &S);

} // namespace mergec

#endif // MERGEC_SCHEDULE_CHUNKS_H
