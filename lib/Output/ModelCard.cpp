//===- ModelCard.cpp - The model card -------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// README.md as the hub shows it: a YAML head for its catalogue, then what was
// merged, how, and the plan. It says nothing of when or where, so that equal
// plans give equal cards.
//
//===----------------------------------------------------------------------===//

#include "mergec/Output/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mergec;

/// `org/name` of `org/name@revision + adapter`.
static llvm::StringRef withoutRevision(llvm::StringRef Model) {
  return Model.split('+').first.split('@').first.trim();
}

/// True for what can only be a name on the hub: `org/name`, and not a directory
/// where models are looked for first.
static bool isHubName(llvm::StringRef Model, const Plan *ThePlan) {
  auto IsPart = [](llvm::StringRef Part) {
    return !Part.empty() && llvm::isAlnum(Part.front()) &&
           llvm::all_of(Part, [](char C) {
             return llvm::isAlnum(C) || C == '-' || C == '_' || C == '.';
           });
  };
  auto [Organisation, Name] = Model.split('/');
  if (!IsPart(Organisation) || !IsPart(Name))
    return false;
  if (llvm::sys::fs::is_directory(Model))
    return false;
  if (!ThePlan)
    return true;
  llvm::SmallString<128> BesidePlan =
      llvm::sys::path::parent_path(ThePlan->Path);
  llvm::sys::path::append(BesidePlan, Model);
  return !llvm::sys::fs::is_directory(BesidePlan);
}

/// `Text` inside a table's cell.
static std::string cell(llvm::StringRef Text) {
  std::string Out;
  for (char C : Text) {
    if (C == '|')
      Out += '\\';
    Out += C == '\n' || C == '\r' ? ' ' : C;
  }
  return Out;
}

/// Backticks that fence `Text` in: more of them than stand together in it.
static std::string fence(llvm::StringRef Text) {
  size_t Longest = 0, Run = 0;
  for (char C : Text) {
    Run = C == '`' ? Run + 1 : 0;
    Longest = std::max(Longest, Run);
  }
  return std::string(std::max<size_t>(3, Longest + 1), '`');
}

static void writeModels(llvm::raw_ostream &OS, const OutputContents &Contents,
                        llvm::ArrayRef<std::string> Models) {
  OS << "## Models\n\n| Model | Part in the merge |\n| --- | --- |\n";
  for (const std::string &Model : Models) {
    llvm::StringRef Name = withoutRevision(Model);
    OS << "| ";
    if (isHubName(Name, Contents.ThePlan))
      OS << "[" << Model << "](https://huggingface.co/" << Name << ")";
    else
      OS << "`" << cell(Model) << "`";
    OS << " | " << (Model == Contents.BaseModel ? "base" : "merged") << " |\n";
  }
  OS << '\n';
}

static void writeMethod(llvm::raw_ostream &OS, const Method &M) {
  OS << "## Method\n\n`" << M.Name << "`";
  if (!M.Summary.empty())
    OS << ": " << M.Summary;
  OS << "\n\n";
  if (!M.Paper.empty())
    OS << "Paper: " << M.Paper << "\n\n";
}

/// How the stages follow from each other, and their methods.
static void writeStages(llvm::raw_ostream &OS, const OutputContents &Contents) {
  llvm::ArrayRef Stages = Contents.Stages;
  OS << "## Stages\n\n| Stage | Method | Made from |\n| --- | --- | --- |\n";
  for (const OutputContents::StageNote &S : Stages) {
    OS << "| `" << cell(S.Name) << "` | " << S.MergeMethod->Name << " | ";
    llvm::interleaveComma(S.Models, OS, [&](const auto &Model) {
      OS << (Model.IsStage ? "stage `" : "`") << cell(Model.Name) << "`";
    });
    OS << " |\n";
  }
  OS << "\nThe last is this model; the others were not written in between.\n\n"
        "## Methods\n\n";
  std::vector<const Method *> Said;
  for (const OutputContents::StageNote &S : Stages) {
    const Method &M = *S.MergeMethod;
    if (llvm::is_contained(Said, &M))
      continue;
    Said.push_back(&M);
    OS << "`" << M.Name << "`";
    if (!M.Summary.empty())
      OS << ": " << M.Summary;
    if (!M.Paper.empty())
      OS << ". Paper: " << M.Paper;
    OS << "\n\n";
  }
}

static void writeSeeds(llvm::raw_ostream &OS, const OutputContents &Contents) {
  bool Same = llvm::all_of(
      Contents.Stages, [&](const auto &S) { return S.Seed == Contents.Seed; });
  if (Same) {
    OS << "Seed: " << Contents.Seed;
  } else {
    OS << "Seeds: ";
    llvm::interleaveComma(Contents.Stages, OS, [&](const auto &S) {
      OS << S.Seed << " (`" << S.Name << "`)";
    });
  }
  OS << ". The same plan, models, seed and version give the same bytes.\n";
}

static void writePlan(llvm::raw_ostream &OS, llvm::StringRef Text) {
  std::string Fence = fence(Text);
  OS << "## Plan\n\n" << Fence << "yaml\n" << Text;
  if (!Text.ends_with("\n"))
    OS << '\n';
  OS << Fence << "\n\n";
}

std::string mergec::modelCard(const OutputContents &Contents) {
  // Each model once: the base, where it is no other, behind them.
  std::vector<std::string> Models;
  for (const std::string &Model : Contents.Models)
    if (!llvm::is_contained(Models, Model))
      Models.push_back(Model);
  if (!Contents.BaseModel.empty() &&
      !llvm::is_contained(Models, Contents.BaseModel))
    Models.push_back(Contents.BaseModel);

  std::vector<llvm::StringRef> HubNames;
  for (const std::string &Model : Models)
    if (llvm::StringRef Name = withoutRevision(Model);
        isHubName(Name, Contents.ThePlan) &&
        !llvm::is_contained(HubNames, Name))
      HubNames.push_back(Name);

  std::string Text;
  llvm::raw_string_ostream OS(Text);
  OS << "---\n";
  if (!HubNames.empty()) {
    OS << "base_model:\n";
    for (llvm::StringRef Name : HubNames)
      OS << "- " << Name << '\n';
  }
  OS << "library_name: transformers\ntags:\n- mergec\n- merge\n---\n\n";

  const Plan *ThePlan = Contents.ThePlan;
  OS << "# "
     << (ThePlan && !ThePlan->Name.empty() ? ThePlan->Name : "Merged model")
     << "\n\nThis model was merged from " << Models.size()
     << (Models.size() == 1 ? " model" : " models");
  if (!Contents.Stages.empty())
    OS << " in " << Contents.Stages.size() << " stages";
  OS << " with mergec " << Contents.Version << ".\n\n";
  if (!Contents.Stages.empty())
    writeStages(OS, Contents);
  else if (ThePlan && ThePlan->MergeMethod)
    writeMethod(OS, *ThePlan->MergeMethod);
  writeModels(OS, Contents, Models);
  if (ThePlan)
    writePlan(OS, Contents.PlanText);
  writeSeeds(OS, Contents);
  return Text;
}
