//===- Execute.cpp - Running a program into directories -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execute.h"
#include "Progress.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <sys/resource.h>

using namespace mergec;

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

using Directories = std::vector<std::unique_ptr<OutputDirectory>>;

/// Everything but the weights comes first: what is wrong with a donor's files
/// is known before the long part. All directories are tried.
static Directories prepare(const Compilation &C, Diagnostics &Diags) {
  Directories All;
  for (const RunResult &R : C.Results)
    if (auto D = OutputDirectory::begin(R.Directory, C.Options.Force, R.Layout,
                                        C.Models, Diags))
      All.push_back(std::move(D));
  if (Diags.hasErrors())
    return {};
  for (auto [D, R] : llvm::zip(All, C.Results))
    D->writeContents(R.Layout, R.Tensors, describe(C, R), Diags);
  return All;
}

/// `--stats`.
static void printStats(const Program &P, const RunProgress &Did,
                       InstructionSet Set, llvm::raw_ostream &Out) {
  Out << "read " << Did.BytesRead << " bytes, wrote " << Did.BytesWritten
      << " bytes, ";
  if (Did.BytesShared)
    Out << "shared " << Did.BytesShared << " bytes with inputs, ";
  Out << "peak memory " << formatBytes(peakRSS()) << ", " << P.Memory.Workers
      << (P.Memory.Workers == 1 ? " thread, " : " threads, ")
      << instructionSetName(Set) << "\n";
  uint64_t All =
      P.bytesRead() + P.bytesWritten() + P.bytesHeld(true) + P.bytesHeld(false);
  Out << Did.Tasks << " tasks, " << Did.Chunks << " chunks; " << Did.Locks
      << " locks, " << Did.LocksWaitedFor << " waited for; "
      << llvm::format("%.3f %%", 100.0 * double(P.longestChain()) /
                                     double(std::max<uint64_t>(All, 1)))
      << " of the bytes one after the other\n";
}

int mergec::execute(Compilation &C, Session &S, llvm::raw_ostream &Out,
                    llvm::raw_ostream &Err) {
  const DriverOptions &Options = C.Options;
  ProgressReporter::catchSignals();
  InstructionSet Set = chooseInstructionSet(S.Diags);
  Directories All;
  if (!S.Diags.hasErrors())
    All = prepare(C, S.Diags);
  if (S.Diags.hasErrors())
    return S.end();
  S.flush(); // Warnings are worth reading while the merge runs.

  std::vector<std::string> Shards;
  for (const auto &D : All)
    llvm::append_range(Shards, D->shardPaths());
  RunProgress Progress;
  auto Start = std::chrono::steady_clock::now();
  bool Complete;
  {
    ProgressReporter Reporter(
        Progress, C.TheProgram.bytesRead() + C.TheProgram.bytesWritten(),
        progressStyle(Options, Err), Err);
    std::string Scratch = Options.Scratch;
    if (Scratch.empty())
      Scratch = llvm::sys::path::parent_path(Shards[0]);
    Complete = runProgram(C.TheProgram, Shards, Scratch, Options.IO, Set,
                          Progress, S.Diags);
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

  for (const auto &D : All)
    if (!D->commit(S.Diags, Options.Sync))
      return S.end();

  double Seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - Start)
          .count();
  if (!Options.Quiet)
    for (const RunResult &R : C.Results)
      Out << "wrote " << R.Directory << ": " << R.Tensors.size() << " tensors, "
          << formatBytes(R.Layout.TensorBytes) << " in "
          << llvm::format("%.2f s", Seconds) << "\n";
  if (Options.Stats)
    printStats(C.TheProgram, Progress, Set, Out);
  return S.end();
}
