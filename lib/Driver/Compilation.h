//===- Compilation.h - The phases in order -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_COMPILATION_H
#define MERGEC_LIB_DRIVER_COMPILATION_H

#include "mergec/Driver/Driver.h"
#include "mergec/Lowering/Lowering.h"
#include "mergec/Output/Output.h"
#include "mergec/Plan/Plan.h"
#include "mergec/Schedule/Schedule.h"

namespace mergec {

/// A plan on its way to a program. Every step leaves its product here and
/// returns false after it has reported what is wrong.
class Compilation {
public:
  Compilation(const DriverOptions &Options, Diagnostics &Diags,
              llvm::raw_ostream &Out)
      : Options(Options), Diags(Diags), Out(Out) {}

  const DriverOptions &Options;
  Diagnostics &Diags;
  llvm::raw_ostream &Out;

  std::optional<Plan> ThePlan;
  std::vector<std::unique_ptr<Checkpoint>> Opened;
  std::vector<const Checkpoint *> Models;
  CheckpointMap BySpelling;
  Graph G;
  std::optional<LoweredStage> Lowered;
  std::optional<SweepPlan> Sweeps;
  std::vector<OutputTensor> Outputs;
  OutputLayout Layout;
  Program TheProgram;

  bool readPlan();
  bool openModels();
  bool lower();
  bool optimize();
  bool fuse();
  void layOutResult();
  bool makeProgram();

  /// Prints the graph if `--emit-ir` asks for this form of it.
  bool emits(EmitIR Form) const { return Options.Emit == Form; }
};

/// `--dry-run`.
void printDryRun(const Compilation &C, llvm::raw_ostream &OS);

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_COMPILATION_H
