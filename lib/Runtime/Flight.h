//===- Flight.h - A group in flight --------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_FLIGHT_H
#define MERGEC_LIB_RUNTIME_FLIGHT_H

#include "ReadingWays.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Schedule/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace mergec {

/// A group that has been granted its memory and is being swept.
struct Flight {
  /// `Held`: bytes that are granted for the values it holds.
  Flight(const Program &P, const Group &G, uint64_t Held);

  /// Number slots and selections are set up, sweep 0 not begun.
  const Program &P;
  const Group &TheGroup;
  const GroupCode &Code;
  GroupState State;
  uint64_t Granted; ///< Bytes to give back.

  /// Prepares sweep `Sweep`, skipping those that are not needed; false when
  /// there is none left.
  bool beginSweep();
  /// Finishes the reductions of the sweep that all strands have left.
  void endSweep();

  const mergec::Sweep &sweep() const { return Code.Sweeps[Sweep]; }
  /// It looks at a sample of the tensor only.
  bool isSampled() const { return sweep().Selects == Sweep::Way::Sample; }

  uint32_t Sweep = 0;
  /// Bytes that are read in sweeps that weren't expected, less those of
  /// expected ones that aren't needed.
  int64_t Unexpected = 0;
  /// Full ones.
  unsigned expectedSweeps() const;
  /// Full sweeps that have begun.
  unsigned Begun = 0;
  /// What strands claim: segments, bands of columns, or parts of a sample.
  uint32_t parts() const;
  std::atomic<uint32_t> NextPart{0};
  std::atomic<uint32_t> Strands{0}; ///< Still to leave the sweep.
  std::mutex Merging;
  /// A host function that found no result for the group's data.
  const HostFunction *Failed = nullptr;
  /// By reduction of the sweep.
  std::vector<std::vector<uint64_t>> Shared, SegmentRecords;
  std::vector<bool> Needed;

  /// Of gathered streams, by stream and source: the means of all rows, once
  /// somebody has needed them.
  std::map<std::pair<uint16_t, uint32_t>, std::vector<double>> RowMeans;
  std::mutex FindingMeans;

  /// How a stream is read: as `Choose` says to the worker that is first.
  ReadingWays::Way wayToRead(uint16_t Stream, RunProgress &Progress,
                             llvm::function_ref<ReadingWays::Way()> Choose);
  /// By stream.
  std::vector<std::atomic<ReadingWays::Way>> Ways;
  std::mutex Choosing;

  /// NaN and infinite elements, counted in the chunks where a result had any.
  std::vector<std::atomic<uint64_t>> NonFiniteOutputs, NonFiniteStreams;

private:
  void callHost(const HostCall &Call);
  bool findNeeded();
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_FLIGHT_H
