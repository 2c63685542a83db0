//===- GuessSelection.h - Ranks of magnitudes by a sample ------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What makes the sweeps of a radix selection superfluous for most tensors.
// Differences of 16-bit models take few values, so that a small sample of a
// large tensor says which magnitude, or which two, the one at the rank will be;
// a single sweep then counts, by segment, the elements above and those that
// have it. If the rank lies there the selection is known.
//
// Where these are more, the sample at least says between which two the one at
// the rank will be. A sweep zooms in: it counts what is above these, and what
// lies between, some elements in a hundred, by bins of some patterns, and by
// segment those of the sample's magnitudes that are nearest to the rank. If all
// elements of the bin of the rank are equal, and stay or go together or were
// counted by segment, that is all; else another sweep counts the patterns of
// the bin, by segment.
//
// The result is the same: a guess is verified, never trusted.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_GUESSSELECTION_H
#define MERGEC_SCHEDULE_GUESSSELECTION_H

#include "mergec/Schedule/SweepBuilder.h"

namespace mergec {

/// The code of a guess for all ranks of node `V`: of its histogram of a sample
/// (stage 0), of the count that verifies it or zooms in (stage 1), and of one
/// bin (stage 2).
void emitGuess(SweepBuilder &B, ValueId V, unsigned Stage);

} // namespace mergec

#endif // MERGEC_SCHEDULE_GUESSSELECTION_H
