//===- Lower.cpp - Plan and checkpoints to a graph -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Findings.h"
#include "LayerTable.h"
#include "StackedModels.h"
#include "mergec/Lowering/Lowering.h"
#include "mergec/Methods/MethodContext.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/xxhash.h"
#include <set>

using namespace mergec;

namespace {

/// A model as an input of one slice, its layers resolved.
struct Input {
  const Source *From; ///< Null for a base that is not among the sources.
  const Checkpoint *Model;
  const LayerTable *Table;
  std::string Spelling;
  int64_t FirstLayer = 0;
};

struct Slice {
  const OutputSlice *Plan;
  std::vector<Input> Inputs; ///< In plan order; the base last if it joins.
  int Base = -1;             ///< Index into Inputs.
  int64_t Layers = 0;
};

/// One tensor to be merged: which tensor of each input, null where there is
/// none.
struct Job {
  std::string OutputName;
  llvm::StringRef Pattern; ///< For findings.
  int64_t Layer = -1;
  double Position = 0;
  TensorRole Role = TensorRole::Layer;
  llvm::SmallVector<const TensorInfo *, 8> Tensors;
};

class PlanLowering;

/// Resolves parameters for one job.
class JobContext final : public MethodContext {
public:
  JobContext(PlanLowering &P, Graph &G) : MethodContext(G), P(P) {}

  double parameter(size_t I, llvm::StringRef Name) override;
  double global(llvm::StringRef Name) override;
  std::optional<double> optionalParameter(size_t I,
                                          llvm::StringRef Name) override;
  uint64_t randomKey(size_t I) override;
  void reportParameter(size_t I, llvm::StringRef Name,
                       const llvm::Twine &Message,
                       const llvm::Twine &Hint) override;
  void report(Kind K, const llvm::Twine &Message,
              const llvm::Twine &Hint) override;

  void begin(const Slice &S, const Job &J);
  void addInput(const Input &In, ValueId Stored, llvm::StringRef Name) {
    Inputs.push_back(Stored);
    Sources.push_back(&In);
    Names.push_back(Name);
  }
  void setBase(ValueId Stored) { Base = Stored; }
  void setCompute(DType T) { Compute = T; }

private:
  ParameterPlace place() const;
  const ParameterSpec &spec(llvm::StringRef Name) const;
  std::optional<ParameterValue> resolve(size_t I, llvm::StringRef Name);
  double missing(const ParameterSpec &Spec, const Input *For);

  PlanLowering &P;
  const Slice *S = nullptr;
  const Job *J = nullptr;
  llvm::SmallVector<const Input *, 8> Sources;
  llvm::SmallVector<llvm::StringRef, 8> Names;
  bool Incomplete = false; ///< A parameter of the job was missing.
};

class PlanLowering {
public:
  PlanLowering(const Plan &P, const CheckpointMap &Checkpoints,
               const LoweringOptions &Options, Diagnostics &Diags)
      : P(P), Checkpoints(Checkpoints), Options(Options), Diags(Diags),
        Context(*this, Result.G) {}

  std::optional<LoweredModel> run();

private:
  friend class JobContext;

  const Checkpoint &checkpoint(const ModelRef &Ref) {
    return *Checkpoints.find(Ref.spelling())->second;
  }
  const LayerTable &table(const Checkpoint &C);
  bool resolveSlices();
  std::optional<Slice> resolveSlice(const OutputSlice &OS);
  void checkArchitectures();
  void checkStack();
  void refuseQuantised();
  /// A model whose weights can't be computed with; said once, by
  /// `refuseQuantised`, not for each of its tensors.
  bool isQuantised(const Input &In) const {
    return !method().AnyDType && !In.Model->quantisation().empty();
  }

  void lowerOthers(const Slice &S, bool Behind);
  void lowerLayer(const Slice &S, int64_t Index);
  void lowerJob(const Slice &S, Job &J);
  bool completeJob(const Slice &S, Job &J);
  bool addTied(const Slice &S, Job &J);
  std::optional<int64_t> commonRows(const Job &J);
  std::string listShapes(const Slice &S, const Job &J);
  ValueId load(const Input &In, const TensorInfo &T);
  void store(ValueId V, llvm::StringRef Name);
  bool resultTiesHead() const;
  std::string headName() const;
  void reportFindings();

  const Module &module() const { return P.Modules.front(); }
  const Method &method() const { return *P.MergeMethod; }

  const Plan &P;
  const CheckpointMap &Checkpoints;
  const LoweringOptions &Options;
  Diagnostics &Diags;

  LoweredModel Result;
  std::vector<Slice> Slices;
  std::map<const Checkpoint *, std::unique_ptr<LayerTable>> Tables;
  Findings Mistakes, Remarks;
  bool ArchitecturesDiffer = false;
  /// The vocabulary of the result, if the models at its ends have different
  /// ones.
  std::optional<int64_t> CommonVocabulary;
  JobContext Context;
  std::set<std::pair<Kind, std::string>> Reported; ///< By JobContext.
};

} // namespace

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

void JobContext::begin(const Slice &NewSlice, const Job &NewJob) {
  S = &NewSlice;
  J = &NewJob;
  Inputs.clear();
  Sources.clear();
  Names.clear();
  Base = {};
  Incomplete = false;
}

ParameterPlace JobContext::place() const {
  return {P.P, P.module(), *S->Plan, J->Position};
}

const ParameterSpec &JobContext::spec(llvm::StringRef Name) const {
  const ParameterSpec *Spec = P.method().parameter(Name);
  assert(Spec && "a method asked for a parameter it does not declare");
  return *Spec;
}

std::optional<ParameterValue> JobContext::resolve(size_t I,
                                                  llvm::StringRef Name) {
  const ParameterSpec &Spec = spec(Name);
  return Spec.Scope == ParameterScope::Global
             ? resolveGlobal(place(), Spec, J->OutputName)
             : resolvePerModel(place(), *Sources[I]->From, Spec, Names[I]);
}

double JobContext::missing(const ParameterSpec &Spec, const Input *For) {
  Incomplete = true;
  std::string Message = ("`" + Spec.Name + "` is missing").str();
  if (For)
    Message += " for model `" + For->Spelling + "`";
  if (P.Reported.insert({Kind::MissingParameter, Message}).second)
    P.Diags
        .report(Kind::MissingParameter,
                For ? For->From->Model.Where : P.P.MethodWhere,
                Message + ": no filter matches `" + J->OutputName + "`")
        .hint("end the list with `- value: …`, which has no filter and serves "
              "all other tensors");
  return 0;
}

double JobContext::parameter(size_t I, llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(I, Name))
    return V->Value;
  return missing(spec(Name), Sources[I]);
}

double JobContext::global(llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(0, Name))
    return V->Value;
  return missing(spec(Name), nullptr);
}

std::optional<double> JobContext::optionalParameter(size_t I,
                                                    llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(I, Name))
    return V->Value;
  return std::nullopt;
}

void JobContext::reportParameter(size_t I, llvm::StringRef Name,
                                 const llvm::Twine &Message,
                                 const llvm::Twine &Hint) {
  std::optional<ParameterValue> V = resolve(I, Name);
  llvm::SMRange Where = V && V->Where.isValid() ? V->Where : P.P.MethodWhere;
  std::string Text =
      (Message + " for model `" + Sources[I]->Spelling + "`").str();
  if (P.Reported.insert({Kind::ParameterRange, Text}).second)
    P.Diags.report(Kind::ParameterRange, Where, Text)
        .note("first at `" + llvm::Twine(J->OutputName) + "`")
        .hint(Hint);
}

uint64_t JobContext::randomKey(size_t I) {
  uint64_t Ordinal = Sources[I] - S->Inputs.data();
  if (S->Base >= 0 && Ordinal > uint64_t(S->Base))
    --Ordinal;
  std::string Bytes;
  llvm::raw_string_ostream OS(Bytes);
  llvm::support::endian::Writer Writer(OS, llvm::endianness::little);
  Writer.write(P.P.Seed.value_or(P.Options.Seed));
  Writer.write(Ordinal);
  OS << J->OutputName;
  return llvm::xxh3_64bits(OS.str());
}

void JobContext::report(Kind K, const llvm::Twine &Message,
                        const llvm::Twine &Hint) {
  // What follows from a missing parameter is not the user's mistake.
  if (!Incomplete && P.Reported.insert({K, Message.str()}).second)
    P.Diags.report(K, P.P.MethodWhere, Message)
        .note("first at `" + llvm::Twine(J->OutputName) + "`")
        .hint(Hint);
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

const LayerTable &PlanLowering::table(const Checkpoint &C) {
  std::unique_ptr<LayerTable> &T = Tables[&C];
  if (!T)
    T = std::make_unique<LayerTable>(C);
  return *T;
}

std::optional<Slice> PlanLowering::resolveSlice(const OutputSlice &OS) {
  Slice S;
  S.Plan = &OS;
  bool Sound = true;
  auto AddInput = [&](const Source *From, const ModelRef &Ref) {
    const Checkpoint &C = checkpoint(Ref);
    S.Inputs.push_back({From, &C, &table(C), Ref.spelling(), 0});
  };
  std::optional<int64_t> Length;
  const Source *LengthFrom = nullptr;
  for (const Source &From : OS.Sources) {
    AddInput(&From, From.Model);
    Input &In = S.Inputs.back();
    int64_t Count = In.Model->layers().Count;
    int64_t First = From.Layers ? From.Layers->First : 0;
    int64_t Last = From.Layers ? From.Layers->Last : Count;
    In.FirstLayer = First;
    if (From.Layers && Count == 0) {
      Diags
          .report(Kind::NoLayers, From.Layers->Where,
                  "model `" + In.Spelling +
                      "` has no numbered layers, so it can't be sliced")
          .hint("name it under `models:` instead of `slices:`");
      Sound = false;
      continue;
    }
    if (Last > Count) {
      Diags
          .report(Kind::BadLayerRange, From.Layers->Where,
                  "`layer_range` ends at " + llvm::Twine(Last) +
                      ", but model `" + In.Spelling + "` has " +
                      llvm::Twine(Count) + " layers")
          .hint(First < Count
                    ? "the range is [first, last): `[" + llvm::Twine(First) +
                          ", " + llvm::Twine(Count) + "]` goes to the end"
                    : "its layers are 0 to " + llvm::Twine(Count - 1));
      Sound = false;
      continue;
    }
    if (Length && *Length != Last - First) {
      Diags
          .report(Kind::BadLayerRange,
                  From.Layers ? From.Layers->Where : From.Where,
                  "model `" + In.Spelling + "` gives " +
                      llvm::Twine(Last - First) + " layers, but model `" +
                      LengthFrom->Model.spelling() + "` gives " +
                      llvm::Twine(*Length))
          .hint("use `slices:` with a `layer_range` of the same length for "
                "each source");
      Sound = false;
      continue;
    }
    if (!Length) {
      Length = Last - First;
      LengthFrom = &From;
    }
  }
  S.Layers = Length.value_or(0);

  if (method().Base != BaseUse::None && Sound) {
    std::optional<ModelRef> Ref = OS.Base ? OS.Base : P.Base;
    if (Ref) {
      for (size_t I = 0; I != S.Inputs.size() && S.Base < 0; ++I)
        if (S.Inputs[I].Spelling == Ref->spelling())
          S.Base = I;
      if (S.Base < 0) {
        AddInput(nullptr, *Ref);
        Input &In = S.Inputs.back();
        In.FirstLayer = S.Inputs.front().FirstLayer;
        S.Base = S.Inputs.size() - 1;
        int64_t Count = In.Model->layers().Count;
        if (Count != S.Layers && !OS.Sources.front().Layers) {
          Diags
              .report(Kind::BadLayerRange, Ref->Where,
                      "the base model `" + In.Spelling + "` has " +
                          llvm::Twine(Count) + " layers, but model `" +
                          S.Inputs.front().Spelling + "` has " +
                          llvm::Twine(S.Layers))
              .hint("use `slices:` with a `layer_range` of the same length for "
                    "each source, the base too");
          Sound = false;
        } else if (In.FirstLayer + S.Layers > Count) {
          Diags
              .report(Kind::BadLayerRange, Ref->Where,
                      "the base model `" + In.Spelling + "` has " +
                          llvm::Twine(Count) + " layers, but layers up to " +
                          llvm::Twine(In.FirstLayer + S.Layers) +
                          " are merged into it")
              .hint("give the base as one of the `sources`, with a "
                    "`layer_range` of its own");
          Sound = false;
        }
      }
    } else if (method().Base == BaseUse::First) {
      S.Base = 0;
    }
  }
  if (!Sound)
    return std::nullopt;
  return S;
}

bool PlanLowering::resolveSlices() {
  bool Sound = true;
  for (const OutputSlice &OS : module().Slices) {
    if (std::optional<Slice> S = resolveSlice(OS))
      Slices.push_back(std::move(*S));
    else
      Sound = false;
  }
  return Sound && !Slices.empty();
}

/// Remembers whether models state different architectures: shapes may agree all
/// the same, but if they don't, that is the reason.
void PlanLowering::checkArchitectures() {
  llvm::StringRef First;
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs) {
      llvm::StringRef A = In.Model->architecture();
      if (A.empty())
        continue;
      if (First.empty())
        First = A;
      ArchitecturesDiffer |= A != First;
    }
}

void PlanLowering::refuseQuantised() {
  std::set<const Checkpoint *> Said;
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs)
      if (isQuantised(In) && Said.insert(In.Model).second)
        Diags
            .report(Kind::NotFloat,
                    In.From  ? In.From->Model.Where
                    : P.Base ? P.Base->Where
                             : P.MethodWhere,
                    "model `" + In.Spelling + "` is quantised (" +
                        In.Model->quantisation() +
                        "), and its weights can't be computed with")
            .hint("use the model's unquantised weights, or copy its layers "
                  "with `merge_method: passthrough`");
}

/// Slices that come from different models must fit one another, too.
void PlanLowering::checkStack() {
  llvm::SmallVector<StackedModel, 8> Models;
  for (const Slice &S : Slices) {
    const Input &In = S.Inputs.front();
    Models.push_back({In.Spelling, In.Model, In.Table});
  }
  if (Options.AllowMissing)
    checkStackedModels(Models, Kind::AllowedMissing, Remarks, Mistakes);
  else
    checkStackedModels(Models, Kind::MissingTensor, Mistakes, Mistakes);

  std::optional<int64_t> Least, Most;
  for (const Slice *S : {&Slices.front(), &Slices.back()})
    for (const Input &In : S->Inputs)
      if (const TensorInfo *T = In.Table->InputEmbedding;
          T && T->Shape.size()) {
        Least = std::min(Least.value_or(T->Shape[0]), T->Shape[0]);
        Most = std::max(Most.value_or(T->Shape[0]), T->Shape[0]);
      }
  if (Least != Most)
    CommonVocabulary = Least;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// A merge of its name over sorted lists: calls `Visit` for each name that any
/// list has, with the position in each list or -1.
template <typename NameAt>
static void
mergeSorted(size_t Lists, llvm::ArrayRef<size_t> Sizes, NameAt Name,
            llvm::function_ref<void(llvm::ArrayRef<int64_t>)> Visit) {
  llvm::SmallVector<size_t, 8> At(Lists, 0);
  llvm::SmallVector<int64_t, 8> Positions(Lists);
  while (true) {
    std::optional<llvm::StringRef> Least;
    for (size_t L = 0; L != Lists; ++L)
      if (At[L] != Sizes[L] && (!Least || Name(L, At[L]) < *Least))
        Least = Name(L, At[L]);
    if (!Least)
      return;
    for (size_t L = 0; L != Lists; ++L) {
      bool Has = At[L] != Sizes[L] && Name(L, At[L]) == *Least;
      Positions[L] = Has ? int64_t(At[L]++) : -1;
    }
    Visit(Positions);
  }
}

void PlanLowering::lowerLayer(const Slice &S, int64_t Index) {
  llvm::SmallVector<size_t, 8> Sizes;
  auto List = [&](size_t L) -> const std::vector<LayerTable::Entry> & {
    const Input &In = S.Inputs[L];
    return In.Table->Layers[In.FirstLayer + Index];
  };
  for (size_t L = 0; L != S.Inputs.size(); ++L)
    Sizes.push_back(List(L).size());
  int64_t Layer = Result.Layers + Index;
  llvm::StringRef Prefix = Result.Donor->layers().Prefix;
  mergeSorted(
      S.Inputs.size(), Sizes,
      [&](size_t L, size_t I) { return List(L)[I].Suffix; },
      [&](llvm::ArrayRef<int64_t> Positions) {
        Job J;
        J.Layer = Layer;
        J.Position = S.Layers > 1 ? double(Index) / double(S.Layers - 1) : 1.0;
        llvm::StringRef Suffix;
        for (size_t L = 0; L != S.Inputs.size(); ++L) {
          if (Positions[L] < 0) {
            J.Tensors.push_back(nullptr);
            continue;
          }
          const LayerTable::Entry &E = List(L)[Positions[L]];
          Suffix = E.Suffix;
          J.Tensors.push_back(&S.Inputs[L].Model->tensors()[E.Tensor]);
        }
        J.OutputName = (Prefix + llvm::Twine(Layer) + "." + Suffix).str();
        J.Pattern = Suffix;
        for (size_t L = 0; L != S.Inputs.size(); ++L)
          if (J.Tensors[L])
            J.Role = S.Inputs[L].Model->role(J.Tensors[L]->Name);
        lowerJob(S, J);
      });
}

void PlanLowering::lowerOthers(const Slice &S, bool Behind) {
  llvm::SmallVector<size_t, 8> Sizes;
  for (const Input &In : S.Inputs)
    Sizes.push_back(In.Table->Others.size());
  auto Tensor = [&](size_t L, size_t I) -> const TensorInfo & {
    return S.Inputs[L].Model->tensors()[S.Inputs[L].Table->Others[I]];
  };
  bool HeadSeen = false;
  mergeSorted(
      S.Inputs.size(), Sizes,
      [&](size_t L, size_t I) { return Tensor(L, I).Name; },
      [&](llvm::ArrayRef<int64_t> Positions) {
        Job J;
        J.Position = Behind ? 1.0 : 0.0;
        for (size_t L = 0; L != S.Inputs.size(); ++L) {
          J.Tensors.push_back(Positions[L] < 0 ? nullptr
                                               : &Tensor(L, Positions[L]));
          if (J.Tensors[L]) {
            J.OutputName = J.Tensors[L]->Name.str();
            J.Role = S.Inputs[L].Model->role(J.Tensors[L]->Name);
          }
        }
        J.Pattern = J.OutputName;
        bool IsBehind = J.Role == TensorRole::After ||
                        J.Role == TensorRole::OutputEmbedding;
        if (IsBehind != Behind)
          return;
        HeadSeen |= J.Role == TensorRole::OutputEmbedding;
        lowerJob(S, J);
      });
  // A head that exists only as the embedding of the models behind the layers,
  // where the result's own embedding is another one.
  if (!Behind || HeadSeen || Result.TiesHead ||
      llvm::none_of(S.Inputs, [](const Input &In) {
        return In.Table->InputEmbedding && In.Model->tiesHead();
      }))
    return;
  Job J;
  J.Position = 1.0;
  J.OutputName = headName();
  J.Pattern = J.OutputName;
  J.Role = TensorRole::OutputEmbedding;
  J.Tensors.assign(S.Inputs.size(), nullptr);
  lowerJob(S, J);
}

/// The result's head is its embedding if every model's is, and both ends of the
/// result come from the same models.
bool PlanLowering::resultTiesHead() const {
  auto Ties = [](const Slice &S) {
    return llvm::all_of(S.Inputs,
                        [](const Input &In) { return In.Model->tiesHead(); });
  };
  const Slice &First = Slices.front(), &Last = Slices.back();
  if (!Ties(First) || !Ties(Last))
    return false;
  return std::equal(
      First.Inputs.begin(), First.Inputs.end(), Last.Inputs.begin(),
      Last.Inputs.end(),
      [](const Input &A, const Input &B) { return A.Model == B.Model; });
}

std::string PlanLowering::headName() const {
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs)
      if (In.Table->Head)
        return In.Table->Head->Name.str();
  return "lm_head.weight";
}

/// Fills the gaps of a head with the embeddings of models that tie it.
bool PlanLowering::addTied(const Slice &S, Job &J) {
  if (J.Role != TensorRole::OutputEmbedding)
    return false;
  bool Added = false;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const Input &In = S.Inputs[L];
    if (J.Tensors[L] || !In.Model->tiesHead() || !In.Table->InputEmbedding)
      continue;
    J.Tensors[L] = In.Table->InputEmbedding;
    Added = true;
    Remarks.add(Kind::UntiedHead, J.Pattern,
                "model `" + In.Spelling + "` uses its embedding `" +
                    In.Table->InputEmbedding->Name.str() + "`",
                -1);
  }
  return Added;
}

std::string PlanLowering::listShapes(const Slice &S, const Job &J) {
  std::string Text;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    if (!J.Tensors[L])
      continue;
    if (!Text.empty())
      Text += ", ";
    Text +=
        shapeText(J.Tensors[L]->Shape) + " in `" + S.Inputs[L].Spelling + "`";
  }
  return Text;
}

/// For tensors with a row per vocabulary entry that differ in nothing but the
/// number of rows: the rows that all have, here and at the result's other end.
std::optional<int64_t> PlanLowering::commonRows(const Job &J) {
  if (J.Role != TensorRole::InputEmbedding &&
      J.Role != TensorRole::OutputEmbedding)
    return std::nullopt;
  std::optional<int64_t> Least = CommonVocabulary;
  const TensorInfo *First = nullptr;
  for (const TensorInfo *T : J.Tensors) {
    if (!T)
      continue;
    if (!First)
      First = T;
    // Rows of packed or unknown elements can't be told apart.
    if (T->Shape.empty() || T->Type == DType::Opaque || bitWidth(T->Type) % 8)
      return std::nullopt;
    if (First->Shape.drop_front() != T->Shape.drop_front())
      return std::nullopt;
    Least = std::min(Least.value_or(T->Shape[0]), T->Shape[0]);
  }
  return Least;
}

/// Checks presence, shapes and dtypes; false if the tensor can't be merged.
bool PlanLowering::completeJob(const Slice &S, Job &J) {
  addTied(S, J);
  size_t Present = llvm::count_if(J.Tensors, [](auto *T) { return T; });
  if (Present != S.Inputs.size()) {
    std::string Missing;
    bool OnlyQuantised = true; // What is there is packed weights and scales.
    for (size_t L = 0; L != S.Inputs.size(); ++L) {
      if (J.Tensors[L])
        OnlyQuantised &= isQuantised(S.Inputs[L]);
      else if (!isQuantised(S.Inputs[L]))
        Missing += (Missing.empty() ? "`" : ", `") + S.Inputs[L].Spelling + "`";
    }
    if (OnlyQuantised || Missing.empty())
      return false;
    if (J.Role != TensorRole::Buffer) {
      Kind K =
          Options.AllowMissing ? Kind::AllowedMissing : Kind::MissingTensor;
      (Options.AllowMissing ? Remarks : Mistakes)
          .add(K, J.Pattern, "not in " + Missing, J.Layer);
      if (!Options.AllowMissing)
        return false;
    }
  }

  if (J.Role == TensorRole::Buffer)
    return true; // Copied from one model.

  const TensorInfo *First = nullptr;
  bool SameShape = true;
  for (const TensorInfo *T : J.Tensors) {
    if (T && First)
      SameShape &= T->Shape == First->Shape;
    if (!First)
      First = T;
  }
  std::optional<int64_t> Rows = commonRows(J);
  if (!SameShape && !Rows) {
    Mistakes.add(Kind::ShapeMismatch, J.Pattern, listShapes(S, J), J.Layer);
    return false;
  }
  if (!SameShape || (Rows && CommonVocabulary))
    Remarks.add(Kind::RowsDiffer, J.Pattern, listShapes(S, J), J.Layer);
  return true;
}

ValueId PlanLowering::load(const Input &In, const TensorInfo &T) {
  Graph &G = Result.G;
  Type Stored = T.Type == DType::Opaque
                    ? Type::tensor({int64_t(T.Bytes)}, DType::Opaque)
                    : Type::tensor(T.Shape, T.Type);
  uint64_t Index = &T - In.Model->tensors().data();
  return G.create(
      Op::Load, {},
      {G.intern(In.Model->name()).Index, G.intern(T.Name).Index, Index},
      G.intern(Stored));
}

void PlanLowering::store(ValueId V, llvm::StringRef Name) {
  Graph &G = Result.G;
  Result.Parameters += G.type(V).elements();
  G.create(Op::Store, {V}, {G.intern(Name).Index});
}

void PlanLowering::lowerJob(const Slice &S, Job &J) {
  if (!completeJob(S, J))
    return;
  Graph &G = Result.G;

  // The dtype of the result: the plan's, else what the base or first stores.
  const TensorInfo *Lead = S.Base >= 0 ? J.Tensors[S.Base] : nullptr;
  if (!Lead)
    Lead = *llvm::find_if(J.Tensors, [](auto *T) { return T; });

  if (J.Role == TensorRole::Buffer) {
    const Input &In = S.Inputs[llvm::find(J.Tensors, Lead) - J.Tensors.begin()];
    if (S.Inputs.size() > 1)
      Remarks.add(Kind::BufferKept, J.Pattern,
                  "taken from `" + In.Spelling + "`", J.Layer);
    store(load(In, *Lead), J.OutputName);
    return;
  }

  DType Wanted = P.resultDType().value_or(Lead->Type);
  bool Double = Wanted == DType::F64;
  bool Sound = true;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    Double |= T->Type == DType::F64;
    if (isFloat(T->Type) || method().AnyDType)
      continue;
    Sound = false;
    if (isQuantised(S.Inputs[L]))
      continue;
    const Checkpoint &C = *S.Inputs[L].Model;
    std::string Detail = T->Type == DType::Opaque
                             ? C.foreignType(*T).str()
                             : safetensorsName(T->Type).str();
    Mistakes.add(Kind::NotFloat, J.Pattern,
                 Detail + " in `" + S.Inputs[L].Spelling + "`", J.Layer);
  }
  if (!Sound)
    return;

  std::optional<int64_t> Rows = commonRows(J);
  Context.begin(S, J);
  Context.setCompute(Double ? DType::F64 : DType::F32);
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    ValueId V = load(S.Inputs[L], *T);
    if (Rows && *Rows != T->Shape[0])
      V = G.create(Op::Slice, {V}, {uint64_t(*Rows)});
    if (int(L) == S.Base)
      Context.setBase(V);
    else
      Context.addInput(S.Inputs[L], V, T->Name);
  }
  if (Rows && J.Role == TensorRole::InputEmbedding)
    Result.Vocabulary = *Rows;

  ValueId V;
  if (!Context.inputCount())
    V = Context.storedBase(); // No other model has it.
  else if (S.Base >= 0 && !Context.hasBase())
    V = Context.storedInput(0); // Nothing to measure differences from.
  else
    V = method().Lower(Context);

  Type T = G.type(V);
  if (isFloat(T.Element) && isFloat(Wanted) && T.Element != Wanted) {
    DType Compute = Double ? DType::F64 : DType::F32;
    if (bitWidth(T.Element) < bitWidth(Compute)) {
      T.Element = Compute;
      V = G.create(Op::Cast, {V}, {}, G.intern(T));
    }
    T.Element = Wanted;
    if (Wanted != G.type(V).Element)
      V = G.create(Op::Round, {V}, {}, G.intern(T));
  }
  // A result in the type it was computed in still passes through the rounding
  // op, which makes every NaN the same.
  if (G.op(V) != Op::Round && G.op(V) != Op::Load && G.op(V) != Op::Slice)
    V = G.create(Op::Round, {V}, {}, G.typeId(V));
  store(V, J.OutputName);
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

void PlanLowering::reportFindings() {
  auto Count = [](size_t N) {
    return std::to_string(N) + (N == 1 ? " tensor" : " tensors");
  };
  auto Heading = [&](Kind K, size_t N) -> std::string {
    std::string Verb = N == 1 ? " is" : " are";
    switch (K) {
    case Kind::MissingTensor:
      return Count(N) + Verb + " missing from some of the models";
    case Kind::AllowedMissing:
      return Count(N) + Verb + " merged from the models that have " +
             (N == 1 ? "it" : "them");
    case Kind::ShapeMismatch:
      return Count(N) + (N == 1 ? " has" : " have") +
             " different shapes in the models";
    case Kind::RowsDiffer:
      return Count(N) + (N == 1 ? " has" : " have") +
             " different numbers of vocabulary rows; the leading rows common "
             "to all are used";
    case Kind::NotFloat:
      return Count(N) + Verb + " not floating point and can't be computed with";
    case Kind::UntiedHead:
      return "models without a head of their own use their embedding as the "
             "head";
    default:
      return Count(N) + Verb + " not merged but copied";
    }
  };
  auto Hint = [&](Kind K) -> std::string {
    switch (K) {
    case Kind::MissingTensor:
      return ArchitecturesDiffer
                 ? ""
                 : "`--allow-missing` merges each from the models that have it";
    case Kind::ShapeMismatch:
      return "only models of one architecture and size can be merged, or "
             "stacked";
    case Kind::NotFloat:
      return "use the model's unquantised weights, or copy its layers with "
             "`merge_method: passthrough`";
    default:
      return "";
    }
  };
  if (!Mistakes.empty() && ArchitecturesDiffer) {
    Diagnostic &D =
        Diags.report(Kind::ArchitectureMismatch, P.MethodWhere,
                     "the models have different architectures, and their "
                     "tensors don't match");
    std::set<std::string> Seen;
    for (const Slice &S : Slices)
      for (const Input &In : S.Inputs)
        if (Seen.insert(In.Spelling).second)
          D.note("`" + In.Spelling + "` is a " +
                 (In.Model->architecture().empty()
                      ? std::string("model that does not say")
                      : In.Model->architecture().str()));
    D.hint("merge models that descend from one base, or of the same "
           "architecture and size");
  }
  Mistakes.report(Diags, P.MethodWhere, Heading, Hint);
  // Next to tensors that have nothing to do with each other, remarks on those
  // that happen to fit would only distract.
  if (Mistakes.empty() || !ArchitecturesDiffer)
    Remarks.report(Diags, P.MethodWhere, Heading, Hint);
}

std::optional<LoweredModel> PlanLowering::run() {
  if (!resolveSlices())
    return std::nullopt;
  checkArchitectures();
  refuseQuantised();
  checkStack();

  const Slice &First = Slices.front();
  std::optional<ModelRef> Base = P.Base;
  Result.DonorModel = Base ? Base->spelling() : First.Inputs.front().Spelling;
  Result.Donor = Checkpoints.find(Result.DonorModel)->second;
  Result.TiesHead = resultTiesHead();
  for (const ModelRef &Ref : modelsOf(P))
    Result.Models.push_back(Ref.spelling());

  lowerOthers(First, /*Behind=*/false);
  for (const Slice &S : Slices) {
    LayerMapEntry Entry{Result.Layers, Result.Layers + S.Layers, {}};
    for (const Input &In : S.Inputs)
      Entry.Sources.push_back({In.Spelling, In.FirstLayer});
    Result.LayerMap.push_back(std::move(Entry));
    const Input &Lead = S.Inputs[S.Base >= 0 ? S.Base : 0];
    for (int64_t I = 0; I != S.Layers; ++I) {
      lowerLayer(S, I);
      Result.LayerSources.push_back(Lead.FirstLayer + I);
    }
    Result.Layers += S.Layers;
  }
  lowerOthers(Slices.back(), /*Behind=*/true);
  reportFindings();
  if (Diags.hasErrors())
    return std::nullopt;
  return std::move(Result);
}

std::vector<ModelRef> mergec::modelsOf(const Plan &P) {
  std::vector<ModelRef> Models;
  auto Add = [&](const ModelRef &Ref) {
    if (!llvm::is_contained(Models, Ref))
      Models.push_back(Ref);
  };
  for (const Module &M : P.Modules)
    for (const OutputSlice &S : M.Slices) {
      for (const Source &From : S.Sources)
        Add(From.Model);
      if (S.Base)
        Add(*S.Base);
    }
  if (P.Base)
    Add(*P.Base);
  return Models;
}

/// What a plan may say but mergec can't do yet is refused, never ignored.
static bool refuseUnbuilt(const Plan &P, Diagnostics &Diags) {
  size_t Before = Diags.size();
  if (P.Tokenizer)
    Diags
        .report(Kind::NotYet, P.TokenizerWhere,
                "tokenizers can't be merged yet")
        .hint("leave this out: the result then has the tokenizer of the base, "
              "else of the first model");
  if (P.ChatTemplate)
    Diags.report(Kind::NotYet, P.ChatTemplateWhere,
                 "chat templates can't be set yet");
  if (P.Modules.size() > 1)
    Diags.report(Kind::NotYet, P.Modules[1].Where,
                 "plans with several `modules` can't be run yet");
  for (const ModelRef &Ref : modelsOf(P))
    if (Ref.Adapter)
      Diags
          .report(Kind::NotYet, Ref.Where,
                  "adapters (`model+adapter`) can't be applied yet")
          .hint("merge the adapter into its model with another tool first");
  return Diags.size() != Before;
}

std::optional<LoweredModel> mergec::lowerPlan(const Plan &P,
                                              const CheckpointMap &Checkpoints,
                                              const LoweringOptions &Options,
                                              Diagnostics &Diags) {
  if (refuseUnbuilt(P, Diags))
    return std::nullopt;
  return PlanLowering(P, Checkpoints, Options, Diags).run();
}
