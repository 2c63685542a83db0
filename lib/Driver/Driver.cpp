//===- Driver.cpp - From a command to a model directory ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Driver/Driver.h"
#include "Compilation.h"
#include "Progress.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/Support/Format.h"
#include <sys/resource.h>

using namespace mergec;

namespace {
/// Prints what was reported when the command ends, whichever way.
class Session {
public:
  Session(const DriverOptions &Options, llvm::raw_ostream &Err)
      : Options(Options), Err(Err) {
    Diags.setStrict(Options.Strict);
    Diags.setQuiet(Options.Quiet);
  }
  int end() {
    flush();
    return Diags.exitCode();
  }
  void flush() {
    if (Options.JsonLog)
      Diags.flushJson(Err);
    else
      Diags.flush(Err, Err.has_colors());
  }

  Diagnostics Diags;

private:
  const DriverOptions &Options;
  llvm::raw_ostream &Err;
};
} // namespace

/// A graph as text: passes can be run on it and the result looked at.
static int driveGraph(const DriverOptions &Options, Session &S,
                      llvm::raw_ostream &Out) {
  if (!Options.Output.empty() || Options.Emit == EmitIR::No) {
    S.Diags
        .report(Kind::BadOption,
                "a graph (.mir) has no models to read, so it can't be run")
        .hint("say `--emit-ir` to print it, with `--run-pass=…` to run passes");
    return S.end();
  }
  std::optional<Graph> Parsed = parseGraph(Options.Input, S.Diags);
  if (!Parsed || !verifyGraph(*Parsed, S.Diags))
    return S.end();
  Compilation C(Options, S.Diags, Out);
  C.G = std::move(*Parsed);
  bool Optimizes =
      !Options.RunPasses.empty() || Options.Emit != EmitIR::Lowered;
  if (Optimizes && !C.optimize())
    return S.end();
  if (Options.Emit != EmitIR::Scheduled)
    printGraph(C.G, Out);
  else if (C.fuse())
    printSchedule(C.G, *C.Sweeps, Out);
  return S.end();
}

static ProgressReporter::Style progressStyle(const DriverOptions &Options,
                                             llvm::raw_ostream &Err) {
  using Style = ProgressReporter::Style;
  return Options.Quiet        ? Style::Silent
         : Options.JsonLog    ? Style::Json
         : Err.is_displayed() ? Style::Terminal
                              : Style::Plain;
}

static InstructionSet chooseInstructionSet(Diagnostics &Diags) {
  // For tests: results do not depend on it.
  const char *Wanted = std::getenv("MERGEC_ISA");
  if (!Wanted || !*Wanted)
    return detectInstructionSet();
  std::optional<InstructionSet> Set = instructionSetFromName(Wanted);
  if (Set && runsHere(*Set))
    return *Set;
  Diags
      .report(Kind::BadOption, "MERGEC_ISA is `" + llvm::Twine(Wanted) +
                                   "`, which this machine can't run")
      .hint("it can be `portable`, `avx2` or `avx512`");
  return InstructionSet::Portable;
}

static uint64_t peakRSS() {
  rusage Usage;
  getrusage(RUSAGE_SELF, &Usage);
  return uint64_t(Usage.ru_maxrss) * 1024;
}

/// What the configuration and the card of the result say.
static OutputContents describe(const Compilation &C) {
  OutputContents Contents;
  Contents.Donor = C.Lowered->Donor;
  Contents.Facts.Layers = C.Lowered->Layers;
  Contents.Facts.LayerSources = C.Lowered->LayerSources;
  Contents.Facts.Vocabulary = C.Lowered->Vocabulary;
  Contents.Facts.Type = C.ThePlan->resultDType();
  Contents.Facts.TiesHead = C.Lowered->TiesHead;
  Contents.ThePlan = &*C.ThePlan;
  Contents.Models = C.Lowered->Models;
  if (C.ThePlan->Base)
    Contents.BaseModel = C.ThePlan->Base->spelling();
  Contents.Seed = C.ThePlan->Seed.value_or(C.Options.Seed);
  Contents.Version = version();
  return Contents;
}

/// Runs the program into a directory that appears when it is complete.
static int execute(Compilation &C, Session &S, llvm::raw_ostream &Out,
                   llvm::raw_ostream &Err) {
  const DriverOptions &Options = C.Options;
  ProgressReporter::catchSignals();
  InstructionSet Set = chooseInstructionSet(S.Diags);
  std::unique_ptr<OutputDirectory> Directory;
  if (!S.Diags.hasErrors())
    Directory = OutputDirectory::begin(Options.Output, Options.Force, C.Layout,
                                       C.Models, S.Diags);
  if (!Directory)
    return S.end();
  // Everything but the weights comes first: what is wrong with the donor's
  // files is known before the long part.
  if (!Directory->writeContents(C.Layout, C.Outputs, describe(C), S.Diags) ||
      S.Diags.hasErrors())
    return S.end();
  S.flush(); // Warnings are worth reading while the merge runs.

  RunProgress Progress;
  auto Start = std::chrono::steady_clock::now();
  bool Complete;
  {
    ProgressReporter Reporter(
        Progress, C.TheProgram.bytesRead() + C.TheProgram.bytesWritten(),
        progressStyle(Options, Err), Err);
    Complete = runProgram(C.TheProgram, Directory->shardPaths(), Set, Progress,
                          S.Diags);
  }
  if (ProgressReporter::interrupted()) {
    S.end();
    Err << (Options.JsonLog ? "{\"event\":\"interrupted\"}\n"
                            : "interrupted; nothing was left behind\n");
    return 130;
  }
  if (Complete)
    for (const Checkpoint *M : C.Models)
      checkUnchanged(*M, S.Diags);
  if (!Complete || S.Diags.hasErrors())
    return S.end();

  if (!Directory->commit(S.Diags, Options.Sync))
    return S.end();

  double Seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - Start)
          .count();
  if (!Options.Quiet) {
    Out << "wrote " << Options.Output << ": " << C.Outputs.size()
        << " tensors, " << formatBytes(C.Layout.TensorBytes) << " in "
        << llvm::format("%.2f s", Seconds) << "\n";
  }
  if (Options.Stats)
    Out << "read " << Progress.BytesRead << " bytes, wrote "
        << Progress.BytesWritten << " bytes, peak memory "
        << formatBytes(peakRSS()) << ", " << C.TheProgram.Memory.Workers
        << (C.TheProgram.Memory.Workers == 1 ? " thread, " : " threads, ")
        << instructionSetName(Set) << "\n";
  return S.end();
}

int mergec::drive(const DriverOptions &Options, llvm::raw_ostream &Out,
                  llvm::raw_ostream &Err) {
  Session S(Options, Err);
  if (llvm::StringRef(Options.Input).ends_with(".mir"))
    return driveGraph(Options, S, Out);

  Compilation C(Options, S.Diags, Out);
  bool Runs = Options.Emit == EmitIR::No && !Options.DryRun;
  if (Runs && Options.Output.empty())
    S.Diags.report(Kind::BadOption, "where should the result go?")
        .hint("say `-o directory`, or `--dry-run` to see what would be done");

  if (!C.readPlan() || !C.openModels() || !C.lower() || S.Diags.hasErrors())
    return S.end();
  // Beyond this point the plan fits the models: every input of every tensor
  // exists, with a dtype and a shape that its method can take.
  if (C.emits(EmitIR::Lowered)) {
    printGraph(C.G, Out);
    return S.end();
  }
  if (!C.optimize())
    return S.end();
  if (C.emits(EmitIR::Optimized)) {
    printGraph(C.G, Out);
    return S.end();
  }
  // Beyond this point the graph holds only what the stores need, once.
  if (!C.fuse())
    return S.end();
  if (C.emits(EmitIR::Scheduled)) {
    printSchedule(C.G, *C.Sweeps, Out);
    return S.end();
  }
  C.layOutResult();
  // Beyond this point every output byte has its place.
  if (!C.makeProgram())
    return S.end();
  if (!Options.DryRun)
    return execute(C, S, Out, Err);
  if (!Options.Output.empty())
    OutputDirectory::check(Options.Output, Options.Force, C.Layout, C.Models,
                           S.Diags);
  if (!S.Diags.hasErrors())
    printDryRun(C, Out);
  return S.end();
}
