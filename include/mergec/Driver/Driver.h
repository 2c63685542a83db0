//===- Driver.h - From a command to a model directory --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_DRIVER_DRIVER_H
#define MERGEC_DRIVER_DRIVER_H

#include "mergec/Plan/Plan.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// Which form of the graph to print instead of running it.
enum class EmitIR : uint8_t { No, Lowered, Optimized, Scheduled, Dot };

struct DriverOptions {
  /// Plans (.yml, .yaml, any other), or one graph (.mir).
  std::vector<std::string> Inputs;
  std::string Output;  ///< The directory of the one result.
  std::string OutRoot; ///< Or one in which each result has a directory.
  /// Models that are plans: as plans spell them, and the plan's file.
  std::vector<std::pair<std::string, std::string>> Stages;
  /// Values that take the place of the plans': a variant for each combination.
  std::vector<PlanSetting> Set;
  /// Stages that are to be written too, and where.
  std::vector<std::pair<std::string, std::string>> Keep;
  unsigned Threads = 0;           ///< 0: as many as there are cores.
  std::optional<uint64_t> Memory; ///< Bytes; absent: a share of what is free.
  /// What to do with intermediate values; absent: by cost.
  std::optional<Holding> Hold;
  std::string Scratch; ///< For intermediate values; empty: the output's parent.
  IOMode IO = IOMode::Auto;
  uint64_t ShardBytes = 5'000'000'000;
  uint64_t Seed = 0;
  EmitIR Emit = EmitIR::No;
  std::vector<std::string> RunPasses; ///< Instead of the pipeline.
  bool DryRun = false, Force = false, Strict = false, Quiet = false;
  bool AllowMissing = false, JsonLog = false, Stats = false, Sync = false;
  bool NoResume = false; ///< Start anew, and leave nothing to go on with.
  bool PrintAfterAll = false, TimePasses = false;
};

/// Runs the command. IR and reports go to `Out`, diagnostics and progress to
/// `Err`. The result is the exit code: 0 done, 1 the user's input is wrong, 2
/// the environment failed, 130 interrupted.
int drive(const DriverOptions &Options, llvm::raw_ostream &Out,
          llvm::raw_ostream &Err);

/// `mergec --print-methods`, `--print-ops`.
void printMethods(llvm::raw_ostream &OS);
void printOps(llvm::raw_ostream &OS);

/// mergec's version.
llvm::StringRef version();

} // namespace mergec

#endif // MERGEC_DRIVER_DRIVER_H
