//===- Chain.cpp - The plans of a run, by what they need
//-------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Plan/Chain.h"
#include "ModelMentions.h"
#include "Reading.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mergec;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

/// A plan, before it is known where it stands in the order.
struct Node {
  Plan ThePlan;
  uint32_t File;
  std::string CalledBy; ///< What the first plan to use it calls it.
  struct Use {
    std::string Spelling;
    uint32_t Target;
    llvm::SMRange Where;
  };
  std::vector<Use> Uses;
  bool Used = false;
};

/// A file's plans are consecutive nodes.
struct File {
  std::string Path;
  uint32_t First = 0, Count = 0;
  uint32_t Result = 0, Variants = 0;
  bool Sound = false;
  bool FromCommand = false;
};

class ChainReader {
public:
  ChainReader(const ChainRequest &Request, Diagnostics &Diags)
      : Request(Request), Diags(Diags) {}

  std::optional<Chain> run();

private:
  std::optional<uint32_t> loadFile(StringRef Path, bool FromCommand = false);
  void checkNames(const File &F);

  void findUses(uint32_t N);
  std::optional<uint32_t> target(uint32_t N, const ModelRef &Ref);
  std::optional<uint32_t> bound(const ModelRef &Ref);
  std::optional<uint32_t> named(uint32_t N, const ModelRef &Ref);
  std::optional<uint32_t> planFile(uint32_t N, const ModelRef &Ref);
  void warnOfDirectory(uint32_t N, const ModelRef &Ref, uint32_t Target);

  std::vector<uint32_t> findResults();
  std::vector<uint32_t> findKept();
  std::string titleOf(uint32_t N) const;
  std::vector<uint32_t> sort(llvm::ArrayRef<uint32_t> Roots);
  void reportCycle(llvm::ArrayRef<std::pair<uint32_t, size_t>> Path,
                   uint32_t To);
  void reportUnused(const std::vector<bool> &Needed);
  void nameStages(Chain &C, llvm::ArrayRef<uint32_t> Order);

  const ChainRequest &Request;
  Diagnostics &Diags;
  std::vector<Node> Nodes;
  std::vector<File> Files;
  std::map<std::string, uint32_t> FileByPath; ///< Without links.
  std::vector<bool> BindingUsed;
};

} // namespace

/// `./merged/` and `merged` are one directory.
static StringRef withoutDot(StringRef Path) {
  while (Path.consume_front("./"))
    Path = Path.ltrim('/');
  return Path.rtrim('/');
}

static llvm::SMRange nameOrStart(const Plan &P) {
  return P.NameWhere.isValid() ? P.NameWhere : P.Start;
}

std::string plan::besidePlan(const Plan &P, StringRef Path) {
  if (path::is_absolute(Path))
    return Path.str();
  llvm::SmallString<128> Beside = path::parent_path(P.Path);
  path::append(Beside, withoutDot(Path));
  return Beside.str().str();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

std::optional<uint32_t> ChainReader::loadFile(StringRef Path,
                                              bool FromCommand) {
  llvm::SmallString<128> Real;
  if (fs::real_path(Path, Real, /*expand_tilde=*/true))
    Real = Path;
  auto [Found, New] = FileByPath.try_emplace(Real.str().str(), Files.size());
  if (!New) {
    const File &F = Files[Found->second];
    return F.Sound ? std::optional(Found->second) : std::nullopt;
  }
  uint32_t Index = Files.size();
  File &F = Files.emplace_back();
  F.Path = Path.str();
  F.First = Nodes.size();
  F.FromCommand = FromCommand;
  std::optional<PlanFile> Read = readPlanFile(
      Path.starts_with("~") ? Real.str() : Path, Diags,
      FromCommand ? llvm::ArrayRef(Request.Set) : llvm::ArrayRef<PlanSetting>(),
      /*AsModel=*/!FromCommand);
  if (!Read)
    return std::nullopt;
  F.Count = Read->Plans.size();
  F.Result = F.First + Read->Result;
  F.Variants = Read->Variants;
  F.Sound = true;
  for (Plan &P : Read->Plans)
    Nodes.push_back({std::move(P), Index, {}, {}, false});
  checkNames(F);
  return Index;
}

void ChainReader::checkNames(const File &F) {
  const Plan *Nameless = nullptr;
  std::map<StringRef, const Plan *> ByName;
  for (uint32_t I = F.First; I != F.First + F.Count; ++I) {
    const Plan &P = Nodes[I].ThePlan;
    if (I > F.Result && I < F.Result + F.Variants)
      continue;
    if (P.Name.empty()) {
      if (Nameless)
        Diags
            .report(Kind::MissingKey, P.Start,
                    "a second document of this file has no `name`")
            .note("the first is here", Nameless->Start)
            .hint("the document without a `name` is the result; give the "
                  "others one, by which they can be used");
      Nameless = &P;
      continue;
    }
    auto [Found, New] = ByName.try_emplace(P.Name, &P);
    if (!New)
      Diags
          .report(Kind::DuplicateStage, P.NameWhere,
                  "two stages are called `" + P.Name + "`")
          .note("the first is here", Found->second->NameWhere)
          .hint("give each stage of a file a `name` of its own");
  }
}

//===----------------------------------------------------------------------===//
// Uses
//===----------------------------------------------------------------------===//

void ChainReader::findUses(uint32_t N) {
  for (const ModelRef &Ref : modelsOf(Nodes[N].ThePlan)) {
    std::optional<uint32_t> To = target(N, Ref);
    if (!To)
      continue;
    if (!Nodes[*To].ThePlan.Variant.empty()) {
      Diags
          .report(Kind::BadValue, Ref.Where,
                  "`" + Ref.Path +
                      "` is made in several variants, and a model "
                      "is one")
          .hint("give it one value for each setting, or make a plan of each "
                "variant");
      continue;
    }
    if (!Nodes[*To].Used)
      Nodes[*To].CalledBy = Ref.spelling();
    Nodes[*To].Used = true;
    Nodes[N].Uses.push_back({Ref.spelling(), *To, Ref.Where});
  }
}

std::optional<uint32_t> ChainReader::target(uint32_t N, const ModelRef &Ref) {
  // Revisions and adapters are of models.
  if (!Ref.Revision.empty() || Ref.Adapter)
    return std::nullopt;
  if (auto To = bound(Ref))
    return To;
  if (auto To = named(N, Ref)) {
    warnOfDirectory(N, Ref, *To);
    return To;
  }
  return planFile(N, Ref);
}

std::optional<uint32_t> ChainReader::bound(const ModelRef &Ref) {
  for (size_t I = 0; I != Request.Bindings.size(); ++I) {
    const auto &[Model, File] = Request.Bindings[I];
    if (withoutDot(Ref.Path) != withoutDot(Model))
      continue;
    BindingUsed[I] = true;
    if (std::optional<uint32_t> F = loadFile(File))
      return Files[*F].Result;
  }
  return std::nullopt;
}

/// A stage of the same file, else of another of the command's.
std::optional<uint32_t> ChainReader::named(uint32_t N, const ModelRef &Ref) {
  std::optional<uint32_t> Found, Other;
  for (uint32_t I = 0; I != Nodes.size(); ++I) {
    if (Nodes[I].ThePlan.Name != Ref.Path)
      continue;
    if (Nodes[I].File == Nodes[N].File)
      return I;
    if (!Files[Nodes[I].File].FromCommand)
      continue;
    (Found ? Other : Found) = I;
  }
  if (Other)
    Diags
        .report(Kind::DuplicateStage, Ref.Where,
                "there are stages called `" + Ref.Path + "` in several files")
        .note("one is here", Nodes[*Found].ThePlan.NameWhere)
        .note("another is here", Nodes[*Other].ThePlan.NameWhere)
        .hint("name the plan's file instead: `model: " +
              Files[Nodes[*Found].File].Path + "`");
  return Found;
}

std::optional<uint32_t> ChainReader::planFile(uint32_t N, const ModelRef &Ref) {
  if (!StringRef(Ref.Path).ends_with(".yml") &&
      !StringRef(Ref.Path).ends_with(".yaml"))
    return std::nullopt;
  std::string Path = plan::besidePlan(Nodes[N].ThePlan, Ref.Path);
  if (fs::is_directory(Path))
    return std::nullopt;
  if (!fs::exists(Path) && !StringRef(Path).starts_with("~")) {
    Diags
        .report(Kind::FileNotFound, Ref.Where,
                "there is no plan `" + Path + "`")
        .hint("a plan that is named as a model is looked for beside the plan "
              "that names it");
    return std::nullopt;
  }
  std::optional<uint32_t> F = loadFile(Path);
  return F ? std::optional(Files[*F].Result) : std::nullopt;
}

/// Whoever has run the stages one by one may have a directory of that name.
void ChainReader::warnOfDirectory(uint32_t N, const ModelRef &Ref,
                                  uint32_t Target) {
  if (!fs::is_directory(Ref.Path) &&
      !fs::is_directory(plan::besidePlan(Nodes[N].ThePlan, Ref.Path)))
    return;
  Diags
      .report(Kind::ShadowedModel, Ref.Where,
              "`" + Ref.Path +
                  "` is a stage, and there is a directory of the "
                  "same name, which is not read")
      .note("the stage is here", Nodes[Target].ThePlan.NameWhere)
      .hint("write `./" + Ref.Path +
            "` for the directory, or rename the stage");
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

std::vector<uint32_t> ChainReader::findResults() {
  std::vector<uint32_t> Results;
  for (const File &F : Files) {
    if (!F.FromCommand)
      continue;
    if (!Request.ManyResults)
      Results.clear(); // Those of the last.
    for (uint32_t I = F.First; I != F.First + F.Count; ++I)
      if (Request.ManyResults ? !Nodes[I].Used
                              : I >= F.Result && I < F.Result + F.Variants)
        Results.push_back(I);
  }
  // Plans that use each other: there is no result, and a cycle to report.
  for (uint32_t I = 0; Results.empty() && I != Nodes.size(); ++I)
    Results.push_back(I);
  return Results;
}

std::vector<uint32_t> ChainReader::findKept() {
  std::vector<uint32_t> Kept;
  for (const std::string &Name : Request.Keep) {
    std::optional<uint32_t> Found;
    std::vector<StringRef> Known;
    for (uint32_t I = 0; I != Nodes.size(); ++I) {
      if (Nodes[I].ThePlan.Name == Name)
        Found = I;
      if (!Nodes[I].ThePlan.Name.empty())
        Known.push_back(Nodes[I].ThePlan.Name);
      for (const Node::Use &U : Nodes[I].Uses) {
        Known.push_back(U.Spelling);
        if (!Found && withoutDot(U.Spelling) == withoutDot(Name))
          Found = U.Target;
      }
    }
    if (Found) {
      Kept.push_back(*Found);
      continue;
    }
    llvm::sort(Known);
    Known.erase(llvm::unique(Known), Known.end());
    Diags
        .report(Kind::UnknownStage,
                "`--keep` names a stage `" + Name + "`, which no plan has")
        .hint(Known.empty() ? "the plan has no stages besides the result"
                            : plan::didYouMean(Name, Known,
                                               "the stages are " +
                                                   plan::quoteAll(Known)));
  }
  return Kept;
}

std::string ChainReader::titleOf(uint32_t N) const {
  const Plan &P = Nodes[N].ThePlan;
  return P.Name.empty() ? path::filename(P.Path).str() : P.Name;
}

void ChainReader::reportCycle(llvm::ArrayRef<std::pair<uint32_t, size_t>> Path,
                              uint32_t To) {
  Path = Path.drop_while([&](const auto &Step) { return Step.first != To; });
  auto [Last, Use] = Path.back();
  Diagnostic &D = Diags.report(
      Kind::StageCycle, Nodes[Last].Uses[Use].Where,
      Path.size() == 1 ? "stage `" + titleOf(To) + "` uses its own result"
                       : "stage `" + titleOf(Last) + "` uses `" + titleOf(To) +
                             "`, which is made from it");
  for (size_t I = 0; I + 1 < Path.size(); ++I) {
    const Node::Use &U = Nodes[Path[I].first].Uses[Path[I].second];
    D.note("`" + titleOf(Path[I].first) + "` uses `" + titleOf(U.Target) + "`",
           U.Where);
  }
  D.hint("a stage can only use stages that can be made before it");
}

/// Each after those it uses. Depth first, with a stack of its own.
std::vector<uint32_t> ChainReader::sort(llvm::ArrayRef<uint32_t> Roots) {
  enum : uint8_t { New, Open, Done };
  std::vector<uint8_t> State(Nodes.size(), New);
  std::vector<uint32_t> Order;
  std::vector<std::pair<uint32_t, size_t>>
      Path; // Node, the use being followed.
  for (uint32_t Root : Roots) {
    if (State[Root] != New)
      continue;
    State[Root] = Open;
    Path.push_back({Root, 0});
    while (!Path.empty()) {
      auto &[N, Use] = Path.back();
      if (Use == Nodes[N].Uses.size()) {
        State[N] = Done;
        Order.push_back(N);
        Path.pop_back();
        if (!Path.empty())
          ++Path.back().second;
        continue;
      }
      uint32_t To = Nodes[N].Uses[Use].Target;
      if (State[To] == New) {
        State[To] = Open;
        Path.push_back({To, 0});
        continue;
      }
      if (State[To] == Open)
        reportCycle(Path, To);
      ++Use;
    }
  }
  return Order;
}

void ChainReader::reportUnused(const std::vector<bool> &Needed) {
  for (const File &F : Files) {
    bool Any = false;
    for (uint32_t I = F.First; I != F.First + F.Count; ++I)
      Any |= Needed[I];
    if (!Any) {
      // Of a plan that only such a one mentions nothing is said.
      if (!F.FromCommand)
        continue;
      Diags
          .report(Kind::BadOption,
                  "the result does not use the plan `" + F.Path + "`")
          .hint("name it as a model of another (`model: " +
                path::filename(F.Path) + "`, or `--stage model=" + F.Path +
                "`), or make a result of each with `--out-root directory`");
      continue;
    }
    for (uint32_t I = F.First; I != F.First + F.Count; ++I)
      if (!Needed[I])
        Diags
            .report(Kind::UnusedStage, nameOrStart(Nodes[I].ThePlan),
                    "no plan uses the stage `" + titleOf(I) +
                        "`, and it is not made")
            .hint("name it as a model, keep it with `--keep " + titleOf(I) +
                  "=directory`, or make a result of each stage that no other "
                  "uses with `--out-root directory`");
  }
}

void ChainReader::nameStages(Chain &C, llvm::ArrayRef<uint32_t> Order) {
  std::map<std::string, uint32_t> Taken;
  for (uint32_t S : C.Results) {
    const Plan &P = C.Stages[S].ThePlan;
    std::string Name = P.Name.empty() ? path::stem(P.Path).str() : P.Name;
    if (!P.Variant.empty())
      Name += "-" + P.Variant;
    auto [First, New] = Taken.try_emplace(Name, S);
    if (!New && Request.ManyResults)
      Diags
          .report(Kind::DuplicateStage, nameOrStart(P),
                  "two results are called `" + Name + "`")
          .note("the first is here", C.Stages[First->second].ThePlan.Start)
          .hint("give each a `name` of its own: their directories are called "
                "by it");
    if (Request.ManyResults &&
        (Name == "." || Name == ".." || StringRef(Name).contains('/')))
      Diags
          .report(Kind::BadValue, P.NameWhere,
                  "`" + Name + "` is no name for a directory")
          .hint("the result is written to a directory of its `name` below that "
                "of `--out-root`");
    C.Stages[S].Name = Name;
  }
  for (size_t S = 0; S != Order.size(); ++S) {
    Stage &T = C.Stages[S];
    if (!T.Name.empty())
      continue;
    const Node &N = Nodes[Order[S]];
    std::string Stem = !T.ThePlan.Name.empty() ? T.ThePlan.Name
                       : !N.CalledBy.empty()   ? N.CalledBy
                                             : path::stem(T.ThePlan.Path).str();
    T.Name = Stem;
    for (unsigned Next = 2; !Taken.try_emplace(T.Name, S).second; ++Next)
      T.Name = Stem + "-" + std::to_string(Next);
  }
}

std::optional<Chain> ChainReader::run() {
  size_t Before = Diags.size();
  BindingUsed.resize(Request.Bindings.size());
  for (const std::string &Path : Request.Files) {
    size_t Known = Files.size();
    std::optional<uint32_t> F = loadFile(Path, /*FromCommand=*/true);
    if (F && Files.size() == Known)
      Diags.report(Kind::BadOption, "the plan `" + Path + "` is named twice")
          .hint("name each plan once");
  }
  if (Diags.hasErrors(Before))
    return std::nullopt;
  // Plans that are named as models come to the end of the list.
  for (uint32_t N = 0; N != Nodes.size(); ++N)
    findUses(N);
  for (size_t I = 0; I != BindingUsed.size(); ++I)
    if (!BindingUsed[I])
      Diags
          .report(Kind::UnknownStage, "no plan mentions the model `" +
                                          Request.Bindings[I].first +
                                          "`, which `--stage` declares")
          .hint("write it as the plan does, as in `--stage ./merged=" +
                Request.Bindings[I].second + "`");
  Chain C;
  std::vector<uint32_t> Results = findResults(), Kept = findKept();
  std::vector<uint32_t> Roots = Results;
  Roots.insert(Roots.end(), Kept.begin(), Kept.end());
  std::vector<uint32_t> Order = sort(Roots);
  if (Diags.hasErrors(Before))
    return std::nullopt;

  for (const Node &N : Nodes)
    if (!N.ThePlan.Name.empty())
      C.Names.push_back(N.ThePlan.Name);
  std::vector<bool> Needed(Nodes.size());
  std::vector<uint32_t> Place(Nodes.size());
  for (uint32_t N : Order) {
    Needed[N] = true;
    Place[N] = C.Stages.size();
    Stage &S = C.Stages.emplace_back();
    for (const Node::Use &U : Nodes[N].Uses)
      S.Uses[U.Spelling] = Place[U.Target];
    S.ThePlan = std::move(Nodes[N].ThePlan);
  }
  for (uint32_t N : Results)
    C.Results.push_back(Place[N]);
  for (uint32_t N : Kept)
    C.Kept.push_back(Place[N]);
  reportUnused(Needed);
  nameStages(C, Order);
  if (Diags.hasErrors(Before))
    return std::nullopt;
  return C;
}

std::optional<Chain> mergec::readChain(const ChainRequest &Request,
                                       Diagnostics &Diags) {
  return ChainReader(Request, Diags).run();
}

std::vector<uint32_t> Chain::closure(uint32_t Index) const {
  std::vector<bool> Needed(Index + 1);
  Needed[Index] = true;
  std::vector<uint32_t> Found;
  for (uint32_t I = Index + 1; I-- != 0;) {
    if (!Needed[I])
      continue;
    Found.push_back(I);
    for (const auto &[Spelling, Target] : Stages[I].Uses)
      Needed[Target] = true;
  }
  return {Found.rbegin(), Found.rend()};
}
