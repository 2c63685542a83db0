//===- mergec.cpp - The command ------------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Driver/Driver.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mergec;
namespace cl = llvm::cl;

static cl::OptionCategory Merging("Merging");
static cl::OptionCategory Looking("Looking inside");

static cl::opt<std::string> Input(cl::Positional, cl::desc("<plan.yml>"),
                                  cl::cat(Merging));
static cl::opt<std::string> Output("o",
                                   cl::desc("Directory for the merged model"),
                                   cl::value_desc("directory"),
                                   cl::cat(Merging));
static cl::alias OutputLong("output", cl::desc("The same as -o"),
                            cl::aliasopt(Output), cl::cat(Merging));
static cl::opt<unsigned>
    Threads("threads", cl::desc("Threads at most (default: all cores)"),
            cl::value_desc("n"), cl::cat(Merging));
static cl::opt<std::string>
    Memory("memory",
           cl::desc("Memory for buffers, such as 512MiB or 2GiB (default: a "
                    "quarter of what is free, at most 1GiB)"),
           cl::value_desc("size"), cl::cat(Merging));
static cl::opt<std::string>
    ShardSize("out-shard-size",
              cl::desc("Largest size of one weight file (default: 5GB)"),
              cl::value_desc("size"), cl::cat(Merging));
static cl::opt<uint64_t>
    Seed("seed", cl::desc("Seed for methods that draw at random (default: 0)"),
         cl::value_desc("n"), cl::cat(Merging));
static cl::opt<bool> Force("force",
                           cl::desc("Replace a model that is in the way"),
                           cl::cat(Merging));
static cl::opt<bool>
    AllowMissing("allow-missing",
                 cl::desc("Merge a tensor that some models lack from those "
                          "that have it"),
                 cl::cat(Merging));
static cl::opt<bool> Strict("strict", cl::desc("Treat warnings as errors"),
                            cl::cat(Merging));
static cl::opt<bool> Quiet("quiet", cl::desc("Print errors and warnings only"),
                           cl::cat(Merging));
static cl::opt<bool>
    JsonLog("json-log",
            cl::desc("Messages and progress as one JSON object per line"),
            cl::cat(Merging));
static cl::opt<bool>
    DryRun("dry-run", cl::desc("Check everything and say what would be done"),
           cl::cat(Looking));
static cl::opt<bool> Stats("stats",
                           cl::desc("Say what was read, written and used"),
                           cl::cat(Looking));
static cl::opt<std::string>
    Emit("emit-ir", cl::ValueOptional,
         cl::desc("Print the graph and stop: lowered (default), optimized, "
                  "scheduled"),
         cl::value_desc("form"), cl::init("none"), cl::cat(Looking));
static cl::list<std::string>
    RunPass("run-pass", cl::CommaSeparated,
            cl::desc("Run these passes instead of the pipeline"),
            cl::value_desc("names"), cl::cat(Looking));
static cl::opt<bool> PrintAfterAll("print-after-all",
                                   cl::desc("Print the graph after each pass"),
                                   cl::cat(Looking));
static cl::opt<bool> TimePasses("time-passes",
                                cl::desc("Say how long each pass takes"),
                                cl::cat(Looking));
static cl::opt<bool>
    PrintMethods("print-methods",
                 cl::desc("List the merge methods and their parameters"),
                 cl::cat(Looking));
static cl::opt<bool> PrintOps("print-ops", cl::desc("List the ops of the IR"),
                              cl::cat(Looking));

static int badOption(const llvm::Twine &Message) {
  llvm::errs() << "error: " << Message << " [bad-option]\n";
  return 1;
}

int main(int Count, char **Arguments) {
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &OS) { OS << "mergec " << version() << "\n"; });
  cl::HideUnrelatedOptions({&Merging, &Looking});
  cl::ParseCommandLineOptions(
      Count, Arguments,
      "mergec merges language models by a plan.\n\n"
      "  mergec plan.yml -o merged/           merge\n"
      "  mergec plan.yml --dry-run            check, and say what would be "
      "done\n"
      "  mergec plan.yml --emit-ir=scheduled  see how it would be done\n\n"
      "Models are directories, or names such as org/model in the local Hugging "
      "Face cache.\n");

  if (PrintMethods) {
    printMethods(llvm::outs());
    return 0;
  }
  if (PrintOps) {
    printOps(llvm::outs());
    return 0;
  }
  DriverOptions Options;
  if (Input.empty())
    return badOption("which plan? Say `mergec plan.yml -o directory`");
  Options.Input = Input;
  Options.Output = Output;
  Options.Threads = Threads;
  if (Memory.getNumOccurrences()) {
    Options.Memory = parseByteSize(Memory);
    if (!Options.Memory)
      return badOption("`--memory " + Memory +
                       "` is not a size such as `512MiB` or `2GiB`");
  }
  if (ShardSize.getNumOccurrences()) {
    std::optional<uint64_t> Size = parseByteSize(ShardSize);
    if (!Size || *Size == 0)
      return badOption("`--out-shard-size " + ShardSize +
                       "` is not a size such as `5GB`");
    Options.ShardBytes = *Size;
  }
  Options.Seed = Seed;
  if (Emit != "none") {
    if (Emit.empty() || Emit == "lowered")
      Options.Emit = EmitIR::Lowered;
    else if (Emit == "optimized")
      Options.Emit = EmitIR::Optimized;
    else if (Emit == "scheduled")
      Options.Emit = EmitIR::Scheduled;
    else
      return badOption("`--emit-ir=" + Emit +
                       "` is not one of lowered, optimized, scheduled");
  }
  Options.RunPasses.assign(RunPass.begin(), RunPass.end());
  Options.DryRun = DryRun;
  Options.Force = Force;
  Options.Strict = Strict;
  Options.Quiet = Quiet;
  Options.AllowMissing = AllowMissing;
  Options.JsonLog = JsonLog;
  Options.Stats = Stats;
  Options.PrintAfterAll = PrintAfterAll;
  Options.TimePasses = TimePasses;
  return drive(Options, llvm::outs(), llvm::errs());
}
