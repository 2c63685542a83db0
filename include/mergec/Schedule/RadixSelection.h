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
// Mostly less will do. Differences of 16-bit models take few values, so that a
// small sample of a large tensor says which magnitude, or which two, the one at
// the rank will be; a single sweep then counts, by segment, the elements above
// and those in its class. If the rank lies in the class the selection is known,
// and none of the three sweeps is needed.
//
// Where a few magnitudes are too few, the sample at least says between which
// two the one at the rank will be. A sweep counts what is above these, and what
// lies between, some elements in a hundred, by bins of up to 256 patterns. If
// the rank lies there and all elements of its bin are equal, and stay or go
// together, that is all; else another sweep counts the patterns of the bin, by
// segment.
//
// The result is the same: a guess is verified, never trusted.
//
// The operands of such an op are a tensor and the ranks. It has one
// `SelectionState` for each and, if it guesses, behind these two more for each.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_RADIXSELECTION_H
#define MERGEC_SCHEDULE_RADIXSELECTION_H

#include "mergec/Schedule/SweepBuilder.h"

namespace mergec {

/// A tensor and at least one rank, each f64; else sets `Error`.
bool ranksOf(const Graph &G, llvm::ArrayRef<ValueId> Operands,
             std::string &Error);

/// The code of a guess: of its histogram of a sample (stage 0), of the count
/// that verifies it or zooms in (stage 1), and of one bin (stage 2).
void emitGuess(SweepBuilder &B, ValueId V, unsigned Stage);

/// The code of sweep `Phase` for all ranks of node `V`.
void emitRadixSelection(SweepBuilder &B, ValueId V, unsigned Phase);

} // namespace mergec

#endif // MERGEC_SCHEDULE_RADIXSELECTION_H
