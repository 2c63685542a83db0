//===- Schedule.h - From a graph to a program ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which nodes run together, in how many sweeps, in which order, in how much
// memory, and where the results lie. Each step is one file; `schedule` runs
// them in order.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_SCHEDULE_H
#define MERGEC_SCHEDULE_SCHEDULE_H

#include "mergec/Checkpoint/Checkpoint.h"
#include "mergec/IR/Graph.h"
#include "mergec/Output/Output.h"
#include "mergec/Schedule/Program.h"

namespace mergec {

/// Nodes that are swept together: all that is connected by tensors of one
/// shape.
struct WorkGroup {
  std::vector<ValueId> Members; ///< In graph order; no constants.
  uint32_t Sweeps = 0;
  uint32_t FirstStore = ~0u; ///< Position among all stores of the first that it
                             ///< writes, or that needs what it holds.
  uint32_t Depth = 0; ///< Groups that must have finished before, in a row.
};

/// What becomes of a rounded value (a stage's result) that later sweeps need.
enum class Holding : uint8_t {
  Recomputed, ///< From the same inputs as before.
  InMemory,   ///< Kept until the last sweep that reads it.
  InScratch,  ///< The same, in a temporary file.
};

/// A value that is computed once, in the sweep of its level, and read by later
/// sweeps, also of other groups.
struct HeldValue {
  ValueId Value;
  Holding Where = Holding::InMemory;
  /// Sweeps or groups can't do without: it is read in an order of their own.
  bool Needed = false;
  uint32_t LastLevel = 0; ///< The last sweep of its group that reads it.
  /// In bytes moved for each element: of holding it, and of computing it again
  /// for each sweep.
  double Price = 0, PriceRecomputed = 0;
};

struct HoldOptions {
  /// How much of the values of one group may be in memory at a time.
  uint64_t Memory = uint64_t(1) << 30;
  /// For tests: what to do with all values, whatever it costs; values that must
  /// be held are held in memory then, unless the choice is InScratch.
  std::optional<Holding> Force;
};

/// What `fuseSweeps` decides.
struct SweepPlan {
  std::vector<WorkGroup> Groups;
  /// By node. Tensors: the first sweep that can compute it. Numbers and
  /// selections: the first sweep that can use it.
  std::vector<uint32_t> Level;
  std::vector<HeldValue> Held; ///< In graph order.
  /// What later sweeps compute again because that is cheaper.
  std::vector<HeldValue> Recomputed;

  /// Null if the value is not held.
  const HeldValue *held(ValueId V) const;
  /// The sweep a reduction's phase 0 runs in.
  uint32_t start(const Graph &G, ValueId Reduction) const {
    return Level[Reduction.Index] - G.info(Reduction).Phases;
  }
};

/// Needs: dead values removed (what is left is needed by a store). Leaves:
/// groups with the fewest sweeps: each value is computed as soon as the numbers
/// it needs are known, together with everything else that reads the same
/// tensors. Values are held where a sweep must read them in another order than
/// they are computed in. Reports groups whose tensors have different shapes.
std::optional<SweepPlan> fuseSweeps(const Graph &G, Diagnostics &Diags);

/// Needs: groups. Leaves, for each rounded value that later sweeps of its group
/// need, the cheapest choice of `Holding` that fits.
void holdValues(const Graph &G, const HoldOptions &Options, SweepPlan &Plan);

/// Needs: groups. Leaves them in the order of their first store, so that
/// outputs are written from the front to the back of each file; what holds
/// values for others comes before them.
void orderGroups(SweepPlan &Plan);

/// Code for every group; equal code is shared. Needs the output's layout and,
/// for each model name that a load mentions, its checkpoint.
Program generate(const Graph &G, const SweepPlan &Plan,
                 llvm::ArrayRef<const Checkpoint *> Models,
                 llvm::ArrayRef<OutputTensor> Outputs);

struct MemoryRequest {
  uint64_t Budget;  ///< Bytes.
  unsigned Threads; ///< At most.
};

/// Decides the number of workers and the size of their buffers. Reports
/// `budget-too-small` with the least budget that would do.
bool boundMemory(Program &P, const MemoryRequest &Request, Diagnostics &Diags);

/// The graph followed by its groups and sweeps.
void printSchedule(const Graph &G, const SweepPlan &Plan,
                   llvm::raw_ostream &OS);

} // namespace mergec

#endif // MERGEC_SCHEDULE_SCHEDULE_H
