//===- mergec.cpp - The command ------------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Driver/Driver.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <algorithm>
#include <getopt.h>

using namespace mergec;

// The options are one table, from which the command line is parsed (by
// getopt_long) and `--help` is made. LLVM's command line library is not used:
// it would bring options of its own, one of them `--stats`.

namespace {
/// Sets what the option says; false if the value is none.
using Setter = bool (*)(DriverOptions &O, llvm::StringRef Value);

struct OptionRow {
  const char *Name;
  const char *Value; ///< Null: takes none. In brackets: may be left out.
  const char *Help;
  Setter Set;
};
} // namespace

static bool setThreads(DriverOptions &O, llvm::StringRef V) {
  return !V.getAsInteger(10, O.Threads) && O.Threads >= 1 && O.Threads <= 4096;
}

static bool setMemory(DriverOptions &O, llvm::StringRef V) {
  O.Memory = parseByteSize(V);
  return O.Memory.has_value();
}

static bool setShardSize(DriverOptions &O, llvm::StringRef V) {
  std::optional<uint64_t> Size = parseByteSize(V);
  O.ShardBytes = Size.value_or(0);
  return O.ShardBytes != 0;
}

static bool setEmit(DriverOptions &O, llvm::StringRef V) {
  if (V.empty() || V == "lowered")
    O.Emit = EmitIR::Lowered;
  else if (V == "optimized")
    O.Emit = EmitIR::Optimized;
  else if (V == "scheduled")
    O.Emit = EmitIR::Scheduled;
  else if (V == "dot")
    O.Emit = EmitIR::Dot;
  else
    return false;
  return true;
}

static bool setPasses(DriverOptions &O, llvm::StringRef V) {
  for (llvm::StringRef Name : llvm::split(V, ','))
    O.RunPasses.push_back(Name.str());
  return true;
}

/// `left=right`, one more of them.
template <std::vector<std::pair<std::string, std::string>> DriverOptions::*List>
static bool addPair(DriverOptions &O, llvm::StringRef V) {
  auto [Left, Right] = V.split('=');
  if (Left.empty() || Right.empty())
    return false;
  (O.*List).push_back({Left.str(), Right.str()});
  return true;
}

/// `path=value,value`, where commas inside of brackets and quotes are part of a
/// value.
static bool addSetting(DriverOptions &O, llvm::StringRef V) {
  auto [Path, Rest] = V.split('=');
  PlanSetting S{Path.str(), {""}};
  int Depth = 0;
  char Quote = 0;
  for (char C : Rest) {
    if (Quote)
      Quote = C == Quote ? 0 : Quote;
    else if (C == '"' || C == '\'')
      Quote = C;
    else if (C == '[' || C == '{')
      ++Depth;
    else if (C == ']' || C == '}')
      --Depth;
    if (C == ',' && !Quote && Depth == 0)
      S.Values.emplace_back();
    else
      S.Values.back() += C;
  }
  if (Path.empty() || llvm::is_contained(S.Values, ""))
    return false;
  O.Set.push_back(std::move(S));
  return true;
}

/// An option without a value: one member becomes true.
template <bool DriverOptions::*Member>
static bool flag(DriverOptions &O, llvm::StringRef) {
  return O.*Member = true;
}

static bool setHold(DriverOptions &O, llvm::StringRef V) {
  if (V == "recompute")
    O.Hold = Holding::Recomputed;
  else if (V == "memory")
    O.Hold = Holding::InMemory;
  else if (V == "scratch")
    O.Hold = Holding::InScratch;
  else if (V != "auto")
    return false;
  return true;
}

static bool setIO(DriverOptions &O, llvm::StringRef V) {
  if (V == "buffered")
    O.IO = IOMode::Buffered;
  else if (V == "direct")
    O.IO = IOMode::Direct;
  else if (V != "auto")
    return false;
  return true;
}

static constexpr OptionRow Merging[] = {
    {"output", "directory", "where the merged model goes (also -o)",
     [](DriverOptions &O, llvm::StringRef V) {
       O.Output = V.str();
       return !V.empty();
     }},
    {"out-root", "directory",
     "where several results go, each into a directory of its name",
     [](DriverOptions &O, llvm::StringRef V) {
       O.OutRoot = V.str();
       return !V.empty();
     }},
    {"stage", "model=plan",
     "the model is what this plan makes, not a directory; may be\n"
     "given several times",
     addPair<&DriverOptions::Stages>},
    {"set", "key=values",
     "a variant for each value, as in parameters.t=0.3,0.5; several\n"
     "are combined",
     addSetting},
    {"keep", "stage=directory",
     "write this stage as a model, too; may be given several times",
     addPair<&DriverOptions::Keep>},
    {"threads", "n", "threads at most (default: all cores)", setThreads},
    {"memory", "size",
     "memory for buffers, such as 512MiB or 2GiB (default: a quarter\n"
     "of what is free, at most 1GiB or 48MiB for each thread)",
     setMemory},
    {"scratch", "directory",
     "where intermediate values go that memory has no room for\n"
     "(default: next to the result)",
     [](DriverOptions &O, llvm::StringRef V) {
       O.Scratch = V.str();
       return !V.empty();
     }},
    {"io", "way",
     "read and write weights through the page cache (buffered), past\n"
     "it (direct), or as is best for each file (auto, default)",
     setIO},
    {"out-shard-size", "size", "largest weight file (default: 5GB)",
     setShardSize},
    {"seed", "n", "seed for methods that draw at random (default: 0)",
     [](DriverOptions &O, llvm::StringRef V) {
       return !V.getAsInteger(10, O.Seed);
     }},
    {"force", nullptr, "replace the model that is in the way",
     flag<&DriverOptions::Force>},
    {"allow-missing", nullptr,
     "merge a tensor that some models lack from those that have it",
     flag<&DriverOptions::AllowMissing>},
    {"no-resume", nullptr,
     "start anew where a run was interrupted, and keep nothing of this\n"
     "one if it is",
     flag<&DriverOptions::NoResume>},
    {"sync", nullptr, "have the result on the disk before it appears",
     flag<&DriverOptions::Sync>},
    {"strict", nullptr, "warnings are errors", flag<&DriverOptions::Strict>},
    {"quiet", nullptr, "print warnings and errors only",
     flag<&DriverOptions::Quiet>},
    {"json-log", nullptr, "messages and progress as one JSON object per line",
     flag<&DriverOptions::JsonLog>},
};

static constexpr OptionRow Looking[] = {
    {"dry-run", nullptr, "check everything and say what would be done",
     flag<&DriverOptions::DryRun>},
    {"stats", nullptr, "say what was read, written and used",
     flag<&DriverOptions::Stats>},
    {"emit-ir", "[form]",
     "print the graph instead of running it: lowered (default),\n"
     "optimized, scheduled, or dot for Graphviz; a .mir file can be the input",
     setEmit},
    {"run-pass", "names", "run these passes instead of the pipeline",
     setPasses},
    {"hold", "choice",
     "what to do with intermediate values that later sweeps need:\n"
     "recompute, memory, scratch, or auto, by cost (default)",
     setHold},
    {"print-after-all", nullptr, "print the graph after each pass",
     flag<&DriverOptions::PrintAfterAll>},
    {"time-passes", nullptr, "say how long each pass takes",
     flag<&DriverOptions::TimePasses>},
};

/// Options that print something and end.
static constexpr struct {
  const char *Name, *Help;
  void (*Print)(llvm::raw_ostream &OS);
} Printing[] = {
    {"print-methods", "list the merge methods and their parameters",
     printMethods},
    {"print-ops", "list the ops of the graph", printOps},
    {"version", "print the version",
     [](llvm::raw_ostream &OS) { OS << "mergec " << version() << "\n"; }},
    {"help", "print this", nullptr},
};

/// Where the meaning of an option begins; every option is shorter.
static constexpr unsigned HelpColumn = 28;

static void printRow(llvm::raw_ostream &OS, llvm::StringRef Name,
                     const char *Value, llvm::StringRef Help) {
  std::string Left = ("  --" + Name).str();
  if (Value)
    Left += Value[0] == '[' ? "[=" + std::string(Value).substr(1)
                            : " <" + std::string(Value) + ">";
  OS << llvm::left_justify(Left, HelpColumn);
  auto [First, Rest] = Help.split('\n');
  OS << First << "\n";
  if (!Rest.empty())
    OS << std::string(HelpColumn, ' ') << Rest << "\n";
}

static void printHelp(llvm::raw_ostream &OS) {
  OS << "mergec merges language models by a plan.\n\n"
        "  mergec plan.yml -o merged/             merge\n"
        "  mergec a.yml b.yml --out-root models/  make several from one "
        "reading\n"
        "  mergec plan.yml --dry-run              check, and say what would be "
        "done\n"
        "  mergec plan.yml --emit-ir=scheduled    see how it would be done\n\n"
        "A plan names its models by directory, or as org/model in the local "
        "Hugging Face\ncache, and says how their weights combine:\n\n"
        "  merge_method: slerp\n"
        "  base_model: org/base\n"
        "  models:\n"
        "    - model: org/base\n"
        "    - model: org/finetune\n"
        "  parameters: {t: 0.5}\n"
        "  dtype: bfloat16\n\n"
        "Merging\n";
  for (const OptionRow &R : Merging)
    printRow(OS, R.Name, R.Value, R.Help);
  OS << "\nLooking inside\n";
  for (const OptionRow &R : Looking)
    printRow(OS, R.Name, R.Value, R.Help);
  for (const auto &R : Printing)
    printRow(OS, R.Name, nullptr, R.Help);
  OS << "\nExit codes: 0 done, 1 the plan or a model is wrong, 2 the machine "
        "failed (disk,\npermissions), 130 interrupted.\n";
}

static int badUsage(const llvm::Twine &Message, const llvm::Twine &Hint) {
  llvm::errs() << "error: " << Message << " [bad-option]\nhint: " << Hint
               << "\n";
  return 1;
}

/// What to say of an option that getopt_long doesn't know, or of a beginning
/// that several have in common.
static int unknownOption(llvm::StringRef Word,
                         llvm::ArrayRef<llvm::StringRef> Names) {
  llvm::StringRef Name = Word.ltrim('-').split('=').first;
  if (llvm::is_contained(Names, Name))
    return badUsage("`--" + Name + "` takes no value",
                    "say `--" + Name + "` alone");
  std::string Longer;
  for (llvm::StringRef N : Names)
    if (Word.starts_with("--") && N.starts_with(Name))
      Longer += ((Longer.empty() ? "it could be `--" : "`, `--") + N).str();
  if (!Longer.empty())
    return badUsage("`" + Word + "` is short for several options",
                    Longer + "`");
  llvm::StringRef Near = Diagnostics::nearest(Name, Names);
  return badUsage("there is no option `" + Word + "`",
                  Near.empty() ? llvm::Twine("see `mergec --help`")
                               : "did you mean `--" + Near + "`?");
}

int main(int Count, char **Arguments) {
  std::vector<const OptionRow *> Rows;
  for (const OptionRow &R : Merging)
    Rows.push_back(&R);
  for (const OptionRow &R : Looking)
    Rows.push_back(&R);

  // getopt gives back the row's index, offset past the characters.
  constexpr int Base = 256;
  std::vector<option> Longs;
  std::vector<llvm::StringRef> Names;
  for (size_t I = 0; I != Rows.size(); ++I) {
    const char *Value = Rows[I]->Value;
    Longs.push_back({Rows[I]->Name,
                     !Value            ? no_argument
                     : Value[0] == '[' ? optional_argument
                                       : required_argument,
                     nullptr, Base + int(I)});
  }
  for (size_t I = 0; I != std::size(Printing); ++I)
    Longs.push_back(
        {Printing[I].Name, no_argument, nullptr, Base + int(Rows.size() + I)});
  for (const option &L : Longs)
    Names.push_back(L.name);
  Longs.push_back({});

  DriverOptions Options;
  opterr = 0;
  int Code;
  while ((Code = getopt_long(Count, Arguments, ":o:h", Longs.data(),
                             nullptr)) != -1) {
    // Of an option of one letter optopt says which; it may stand in a cluster.
    std::string Letter = {'-', char(optopt)};
    llvm::StringRef Word = optopt > 0 && optopt < Base ? llvm::StringRef(Letter)
                                                       : Arguments[optind - 1];
    if (Code == 'h') {
      printHelp(llvm::outs());
      return 0;
    }
    if (Code == 'o') {
      Options.Output = optarg;
      continue;
    }
    if (Code == ':')
      return badUsage("`" + Word + "` needs a value", "see `mergec --help`");
    if (Code == '?')
      return unknownOption(Word, Names);
    size_t Index = Code - Base;
    if (Index >= Rows.size()) {
      auto Print = Printing[Index - Rows.size()].Print;
      (Print ? Print : printHelp)(llvm::outs());
      return 0;
    }
    const OptionRow &R = *Rows[Index];
    llvm::StringRef Value = optarg ? optarg : "";
    if (!R.Set(Options, Value)) {
      std::string Help = R.Help;
      std::replace(Help.begin(), Help.end(), '\n', ' ');
      return badUsage("`" + Value + "` is no value for `--" +
                          llvm::Twine(R.Name) + "`",
                      "`--" + llvm::Twine(R.Name) + "`: " + Help);
    }
  }
  if (optind == Count)
    return badUsage("which plan?",
                    "say `mergec plan.yml -o directory`; see `mergec --help`");
  Options.Inputs.assign(Arguments + optind, Arguments + Count);
  return drive(Options, llvm::outs(), llvm::errs());
}
