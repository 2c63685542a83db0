//===- RadixSelection.h - Ranks of magnitudes by histograms ----*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the ops that select by rank are made of. Exact and streaming: the 31
// magnitude bits of an f32 are taken in two steps. The first sweep counts
// elements by their high 16 bits and finds, for each rank k, the bin with the
// k-th largest magnitude; the second counts those bins by the low 15 bits and
// finds the magnitudes. Where some of a class of equal magnitudes are selected
// and some are not, these are thinned evenly, for which a third sweep counts
// how many of the class precede each segment; it is skipped where none is.
//
// Mostly less will do: see GuessSelection.h.
//
// The operands of such an op are a tensor and the ranks. It has one
// `SelectionState` for each.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_RADIXSELECTION_H
#define MERGEC_SCHEDULE_RADIXSELECTION_H

#include "mergec/Schedule/SweepBuilder.h"

namespace mergec {

/// A tensor and at least one rank, each f64; else sets `Error`.
bool ranksOf(const Graph &G, llvm::ArrayRef<ValueId> Operands,
             std::string &Error);

/// The code of sweep `Phase` for all ranks of node `V`.
void emitRadixSelection(SweepBuilder &B, ValueId V, unsigned Phase);

} // namespace mergec

#endif // MERGEC_SCHEDULE_RADIXSELECTION_H
