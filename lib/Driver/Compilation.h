//===- Compilation.h - The phases in order --------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_COMPILATION_H
#define MERGEC_LIB_DRIVER_COMPILATION_H

#include "StageVocabulary.h"
#include "mergec/Driver/Driver.h"
#include "mergec/Lowering/Lowering.h"
#include "mergec/Output/Output.h"
#include "mergec/Plan/Chain.h"
#include "mergec/Schedule/Schedule.h"

namespace mergec {

/// What becomes of a stage of the chain.
struct CompiledStage {
  CheckpointMap Models; ///< Those it mentions, stages and files.
  StageVocabulary Vocabulary;
  std::optional<LoweredStage> Lowered;
  ResultFacts Facts;
  /// As a model of other stages, if there are such: the headers that it would
  /// have as files, and the value of each tensor.
  std::unique_ptr<Checkpoint> Headers;
  std::vector<ValueId> Values;
};

/// A model directory that the run makes.
struct RunResult {
  uint32_t Stage;
  std::string Name;      ///< Of its stores; empty if there is one result.
  std::string Directory; ///< Empty if it is not to be written.
  std::vector<OutputTensor> Tensors;
  OutputLayout Layout;
  uint32_t FirstShard = 0; ///< Of the run's shards.
};

/// A tensor of a result.
struct ResultPlace {
  uint32_t Result, Tensor; ///< Indices into the results, and their tensors.
};

/// Plans on their way to a program. Every step leaves its product here and
/// returns false after it has reported what is wrong.
class Compilation {
public:
  Compilation(const DriverOptions &Options, Diagnostics &Diags,
              llvm::raw_ostream &Out)
      : Options(Options), Diags(Diags), Out(Out) {}

  const DriverOptions &Options;
  Diagnostics &Diags;
  llvm::raw_ostream &Out;

  Chain Plans;
  std::vector<std::unique_ptr<Checkpoint>> Opened;
  std::vector<const Checkpoint *> Models; ///< Files, in the order of mention.
  std::vector<CompiledStage> Stages;      ///< As `Plans.Stages`.
  std::vector<RunResult> Results;
  TokenizerCache Tokenizers;
  Graph G;
  std::optional<SweepPlan> Sweeps;
  std::vector<OutputTensor> Outputs; ///< Of all results, in the stores' order.
  std::vector<ResultPlace> Places;   ///< Theirs.
  Program TheProgram;

  bool readPlans();
  bool openModels();
  bool lower();
  bool optimize();
  bool fuse();
  void layOutResults();
  /// Takes tensors that are complete already out of the graph, and all that
  /// only they need. `Finished` are those of each result, sorted.
  void leaveOut(llvm::ArrayRef<llvm::ArrayRef<uint32_t>> Finished);
  MemoryRequest memoryRequest() const;
  bool makeProgram();

  /// Prints the graph if `--emit-ir` asks for this form of it.
  bool emits(EmitIR Form) const { return Options.Emit == Form; }

private:
  bool chooseDirectories();
  const Checkpoint *openModel(const ModelRef &Ref, const Plan &From);
  bool lowerOne(uint32_t Index);
  OutputTensor tensorOf(ValueId V, llvm::StringRef Name) const;

  /// By directory, without links; null if it could not be opened.
  std::map<std::string, const Checkpoint *> ByDirectory;
  std::map<llvm::StringRef, const Checkpoint *> ByName;
};

/// What configuration and card of a result say. Reports what of a stage's
/// configuration does not fit it, where the result's is made from that.
OutputContents describe(const Compilation &C, const RunResult &R);

/// A short text that two runs have in common only if the same tensors of their
/// results have the same bytes. Needs the results' layout.
std::string resumeKey(const Compilation &C);

/// `--emit-ir=dot`.
void printDot(const Compilation &C, llvm::raw_ostream &OS);

/// `--dry-run`.
void printDryRun(const Compilation &C, llvm::raw_ostream &OS);

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_COMPILATION_H
