//===- Execute.cpp - Running a program into directories -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execute.h"
#include "JournalKeeper.h"
#include "Progress.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
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

bool mergec::checkOutputs(const Compilation &C, Diagnostics &Diags) {
  size_t Before = Diags.size();
  std::vector<std::pair<std::string, const OutputLayout *>> Places;
  for (const RunResult &R : C.Results)
    if (!R.Directory.empty()) {
      OutputDirectory::check(R.Directory, C.Options.Force, R.Layout, C.Models,
                             Diags);
      Places.push_back({R.Directory, &R.Layout});
    }
  OutputDirectory::checkRoom(Places, Diags);
  return !Diags.hasErrors(Before);
}

OutputDirectories mergec::beginOutputs(Compilation &C, Session &S,
                                       llvm::raw_ostream &Out) {
  ProgressReporter::catchSignals();
  explainLostInputs();
  OutputDirectories All;
  if (!checkOutputs(C, S.Diags))
    return All;
  std::string Key = C.Options.NoResume ? "" : resumeKey(C);
  for (const RunResult &R : C.Results) // All are tried.
    if (auto D = OutputDirectory::begin(R.Directory, C.Options.Force, R.Layout,
                                        C.Models, S.Diags, Key))
      All.push_back(std::move(D));
  if (S.Diags.hasErrors())
    return All;
  std::vector<llvm::ArrayRef<uint32_t>> Finished;
  size_t Count = 0, Tensors = C.Outputs.size();
  for (const auto &D : All) {
    Finished.push_back(D->finished());
    Count += D->finished().size();
  }
  if (!Count)
    return All;
  C.leaveOut(Finished);
  if (!C.Options.Quiet)
    Out << "going on where an interrupted run has stopped: " << Count << " of "
        << Tensors << " tensors are there\n";
  return All;
}

/// `--stats`.
static void printStats(const Program &P, const RunProgress &Did,
                       InstructionSet Set, llvm::raw_ostream &Out) {
  Out << "read " << Did.BytesRead << " bytes, wrote " << Did.BytesWritten
      << " bytes, ";
  if (Did.BytesMapped)
    Out << "mapped " << Did.BytesMapped << " of those read, ";
  if (Did.BytesShared)
    Out << "shared " << Did.BytesShared << " bytes with inputs, ";
  Out << "peak memory " << formatBytes(peakRSS()) << ", " << P.Memory.Workers
      << (P.Memory.Workers == 1 ? " thread, " : " threads, ")
      << instructionSetName(Set) << "\n";
  uint64_t All =
      P.bytesRead() + P.bytesWritten() + P.bytesHeld(true) + P.bytesHeld(false);
  Out << Did.Tasks << " tasks, " << Did.Chunks << " chunks, " << Did.Reads
      << " reads, " << Did.Writes << " writes; " << Did.Locks << " locks, "
      << Did.LocksWaitedFor << " waited for; "
      << llvm::format("%.3f %%", 100.0 * double(P.longestChain()) /
                                     double(std::max<uint64_t>(All, 1)))
      << " of the bytes one after the other\n"
      << Did.InstructionsFused << " of " << Did.Instructions
      << " instructions in kernels that do several, "
      << Did.InstructionsOnStrips << " on several tiles at a time\n";
}

/// Leaves what is complete to the next run, and says where; false if there is
/// nothing.
static bool keep(const OutputDirectories &All, bool JsonLog,
                 llvm::raw_ostream &Err) {
  bool Any = false;
  for (const auto &D : All) {
    std::string Path = D->keep();
    if (Path.empty())
      continue;
    Any = true;
    if (JsonLog)
      Err << llvm::json::Value(
                 llvm::json::Object{{"event", "kept"}, {"path", Path}})
          << "\n";
    else
      Err << "what is complete is kept in `" << Path
          << "`: the same command goes on from there\n";
  }
  return Any;
}

int mergec::execute(Compilation &C, const OutputDirectories &All, Session &S,
                    llvm::raw_ostream &Out, llvm::raw_ostream &Err) {
  const DriverOptions &Options = C.Options;
  InstructionSet Set = chooseInstructionSet(S.Diags);
  // Everything but the weights comes first: what is wrong with a donor's files
  // is known before the long part.
  if (!S.Diags.hasErrors())
    for (auto [D, R] : llvm::zip(All, C.Results))
      D->writeContents(R.Layout, R.Tensors, describe(C, R), S.Diags);
  if (S.Diags.hasErrors())
    return S.end();
  S.flush(); // Warnings are worth reading while the merge runs.

  std::vector<std::string> Shards;
  for (const auto &D : All)
    llvm::append_range(Shards, D->shardPaths());
  RunProgress Progress;
  auto Start = std::chrono::steady_clock::now();
  bool Complete;
  JournalKeeper Journal(C, All);
  bool GoesOn =
      llvm::any_of(All, [](const auto &D) { return !D->finished().empty(); });
  {
    ProgressReporter Reporter(
        Progress, C.TheProgram.bytesRead() + C.TheProgram.bytesWritten(),
        progressStyle(Options, Err), Err);
    std::string Scratch = Options.Scratch;
    if (Scratch.empty())
      Scratch = llvm::sys::path::parent_path(Shards[0]);
    Complete = runProgram(
        C.TheProgram, Shards, Scratch, Options.IO, Set, Progress, S.Diags,
        [&](uint32_t Output) { Journal.finished(Output); }, !GoesOn);
  }
  Journal.stop(&S.Diags);
  if (ProgressReporter::interrupted()) {
    S.end();
    if (Options.JsonLog)
      Err << "{\"event\":\"interrupted\"}\n";
    if (!keep(All, Options.JsonLog, Err) && !Options.JsonLog)
      Err << "interrupted; nothing was left behind\n";
    return 130;
  }
  if (Complete)
    for (const Checkpoint *M : C.Models)
      checkUnchanged(*M, S.Diags);
  if (!Complete || S.Diags.hasErrors()) {
    // The machine may be mended; the plan would be another one.
    int Code = S.end();
    if (Code == 2)
      keep(All, Options.JsonLog, Err);
    return Code;
  }

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
