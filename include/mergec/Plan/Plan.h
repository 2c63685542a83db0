//===- Plan.h - A merge plan, as written ------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checked tree of a plan. Every part remembers where it stands in the file,
// so that a mistake found much later, against the checkpoints, still points at
// the line that caused it. `readPlanFile` reports all it can find without
// looking at a model; a plan it returns has a known method, well-formed
// parameters with values in range, and slices in one form only.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_PLAN_PLAN_H
#define MERGEC_PLAN_PLAN_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Methods/Method.h"
#include "mergec/Types/DType.h"
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mergec {

/// `org/model@revision + adapter@revision`, or a directory.
struct ModelRef {
  std::string Path;     ///< As written, without revision and adapter.
  std::string Revision; ///< Empty: the default one.
  struct AdapterRef {
    std::string Path, Revision;
  };
  std::optional<AdapterRef> Adapter;
  llvm::SMRange Where;

  /// As a plan would spell it; equal spellings are the same model.
  std::string spelling() const;
  bool operator==(const ModelRef &Other) const {
    return spelling() == Other.spelling();
  }
};

/// One value: a number, or one per layer by linear interpolation between
/// equally spaced points. A flag is 0 or 1; a choice is its index.
struct Gradient {
  std::vector<double> Points; ///< At least one.
  llvm::SMRange Where;

  /// `Position` in [0, 1]: 0 the slice's first layer (and all tensors before
  /// the layers), 1 its last (and all tensors behind them).
  double at(double Position) const;
};

/// What a parameter is set to: alternatives, tried in order, of which the first
/// whose filter is part of the tensor's name gives the value.
struct Setting {
  struct Alternative {
    std::string Filter; ///< Empty: matches every tensor (also spelt `*`).
    Gradient Value;
  };
  std::string Name;
  llvm::SMRange NameWhere;
  std::vector<Alternative> Alternatives; ///< At least one.
  llvm::SMRange Where;                   ///< The value, with all alternatives.
};

/// One `parameters:` mapping.
struct Settings {
  std::vector<Setting> Items;
  llvm::SMRange Where; ///< Invalid when the mapping is absent.

  const Setting *find(llvm::StringRef Name) const;
};

struct LayerRange {
  int64_t First, Last; ///< [First, Last), counted in the model's layers.
  llvm::SMRange Where;
};

/// One model as an input of an output slice.
struct Source {
  ModelRef Model;
  std::optional<LayerRange> Layers; ///< Absent: all layers.
  Settings Parameters;
  llvm::SMRange Where;
};

/// Consecutive layers of the result, made from the same range of each source.
struct OutputSlice {
  std::vector<Source> Sources;
  Settings Parameters;
  std::optional<ModelRef> Base; ///< Overrides the plan's for this slice.
  llvm::SMRange Where;
};

/// A part of a model that is merged on its own (`modules:`), or, unnamed, the
/// whole model.
struct Module {
  std::string Name; ///< Empty when the plan has no `modules:`.
  std::vector<OutputSlice> Slices;
  Settings Parameters;
  llvm::SMRange Where;
};

/// What a plan says about the tokenizer. Parsed and checked; acted on by the
/// phases that know vocabularies.
struct TokenizerPlan {
  std::optional<std::string> Source;   ///< `union`, `base`, or a model.
  std::optional<ModelRef> SourceModel; ///< If it is a model.
  bool LegacyForm = false;             ///< Written as `tokenizer_source:`.
  std::optional<int64_t> PadToMultipleOf;
  struct Token {
    std::string Text;
    enum { None, FromModel, ModelToken, Zero } Kind = None;
    std::optional<ModelRef> Model;
    std::optional<std::string> ModelTokenText;
    std::optional<int64_t> ModelTokenId;
    bool Force = false;
    llvm::SMRange Where;
  };
  std::vector<Token> Tokens;
  llvm::SMRange Where;
};

struct Plan {
  std::string Path; ///< The file, as named on the command line or by a plan.
  /// The document's part of it, in the buffer that locations point into.
  llvm::StringRef Text;
  std::string Name; ///< `name:`, or empty.
  /// What tells it from other variants, as part of a directory's name; empty if
  /// there are none.
  std::string Variant;
  llvm::SMRange NameWhere; ///< The value; invalid without one.
  llvm::SMRange Start;     ///< The first key.

  const Method *MergeMethod = nullptr;
  llvm::SMRange MethodWhere;

  /// `models:` becomes one slice without layer ranges.
  std::vector<Module> Modules;
  bool UsesModelsForm = false;

  std::optional<ModelRef> Base;
  std::optional<DType> ComputeDType; ///< `dtype:`
  std::optional<DType> OutDType;     ///< `out_dtype:`
  Settings Parameters;
  std::optional<uint64_t> Seed; ///< `seed:`
  std::optional<TokenizerPlan> Tokenizer;
  std::optional<std::string> ChatTemplate;
  llvm::SMRange TokenizerWhere, ChatTemplateWhere;

  /// The dtype results are rounded to; nothing: each tensor keeps the dtype the
  /// base (else the first model) stores.
  std::optional<DType> resultDType() const {
    return OutDType ? OutDType : ComputeDType;
  }
};

/// Values that the command line gives a plan, each of which makes a variant.
struct PlanSetting {
  std::string Path; ///< Keys and numbers of items: `models.0.parameters.t`.
  std::vector<std::string> Values; ///< At least one, as YAML.
};

/// The documents of a file, at least one, each a plan.
struct PlanFile {
  std::vector<Plan> Plans;
  /// Which is the result: the one without a name, else the last; if it comes in
  /// variants, the first of them, behind which the others stand.
  size_t Result = 0;
  size_t Variants = 1;
};

/// Reads a file. With `Set`, and with its own `matrix`, the result becomes
/// variants, unless it is a plan's model (`AsModel`): then it can't have any.
/// Reports everything wrong; nothing if there were errors.
std::optional<PlanFile> readPlanFile(llvm::StringRef Path, Diagnostics &Diags,
                                     llvm::ArrayRef<PlanSetting> Set = {},
                                     bool AsModel = false);

/// Every model a plan mentions, each once: the base last if it stands alone.
std::vector<ModelRef> modelsOf(const Plan &P);

/// Where a parameter is looked up for one output tensor.
struct ParameterPlace {
  const Plan &ThePlan;
  const Module &TheModule;
  const OutputSlice &Slice;
  /// Position inside the slice, in [0, 1]; see `Gradient::at`.
  double Position;
};

/// A value and the text that gave it (invalid for a default).
struct ParameterValue {
  double Value;
  llvm::SMRange Where;
};

/// A global parameter of the tensor whose output name is `OutputName`: the
/// first that yields a value of slice, module, plan, default.
std::optional<ParameterValue> resolveGlobal(const ParameterPlace &Place,
                                            const ParameterSpec &Spec,
                                            llvm::StringRef OutputName);

/// A per-model parameter; `InputName` is the tensor's name in that model. The
/// source's own settings come first.
std::optional<ParameterValue> resolvePerModel(const ParameterPlace &Place,
                                              const Source &From,
                                              const ParameterSpec &Spec,
                                              llvm::StringRef InputName);

} // namespace mergec

#endif // MERGEC_PLAN_PLAN_H
