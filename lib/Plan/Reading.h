//===- Reading.h - How a plan is read ---------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The parts of the plan's reader. Each turns one kind of YAML node into its
// part of the tree of Plan.h and reports every mistake in it. After a mistake a
// part is left in a form that later checks know not to judge: a model without a
// path, a setting without alternatives. Such a tree never leaves
// `readPlanFile`.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_PLAN_READING_H
#define MERGEC_LIB_PLAN_READING_H

#include "Yaml.h"
#include "mergec/Plan/Plan.h"

namespace mergec::plan {

/// What every reader shares.
struct Reading {
  yaml::Document &Doc;
  Diagnostics &Diags;
  /// Null where `merge_method` is missing or unknown: parameters are not
  /// judged.
  const Method *TheMethod = nullptr;
};

/// The mappings of a plan, by their keys.
enum class Level : uint8_t {
  Plan,
  Module,
  Slice,
  Source, ///< An item of `sources:`.
  Model,  ///< An item of `models:`.
  Reference,
  Path,
  Alternative, ///< `{filter, value}`
  Tokenizer,
  Token,
  TokenSource,
};

/// Reports keys that `L` does not have. Parameters that lost their indentation,
/// or stand outside of `parameters`, are reported once and put where they
/// belong: the mapping returned is the one to go on with.
const yaml::Node &takeMapping(const yaml::Node &Mapping, Level L, Reading &R);

/// False, and a diagnostic, if `E`'s value has another shape.
bool expect(const yaml::Entry &E, yaml::Node::Shape Wanted,
            const llvm::Twine &Hint, Reading &R);

/// The value of `Key`, if there is one that is not null.
const yaml::Entry *findValue(const yaml::Node &Mapping, llvm::StringRef Key);

/// Text of a scalar; nothing, and a diagnostic, of anything else.
std::optional<std::string> readText(const yaml::Entry &E, Reading &R);

/// A whole number; nothing if `Text` is none or does not fit.
std::optional<int64_t> integerFrom(llvm::StringRef Text);
/// `1`, `.5`, `1e-3`, `-.inf`; nothing if `Text` is no number.
std::optional<double> numberFrom(llvm::StringRef Text);
/// `true`, `yes`, `on`, `false`, `no`, `off`, or a number.
std::optional<bool> flagFrom(llvm::StringRef Text);

/// The shortest text that gives `Value` back.
std::string plainNumber(double Value);
/// ``` `a`, `b` and `c` ```
std::string quoteAll(llvm::ArrayRef<llvm::StringRef> Names);

/// The hint for a name that is none of `Known`: the nearest, or `Otherwise`.
std::string didYouMean(llvm::StringRef Name,
                       llvm::ArrayRef<llvm::StringRef> Known,
                       const llvm::Twine &Otherwise);

ModelRef readModelRef(const yaml::Entry &E, Reading &R);
/// One written as text, `path@revision + adapter@revision`.
ModelRef modelRefFrom(const yaml::Node &Scalar, Reading &R);

/// Whose `parameters:` they are: those of a source cannot be global.
enum class Owner : uint8_t { Source, Merge };
Settings readSettings(const yaml::Node &Mapping, Owner Of, Reading &R);

/// `tokenizer:` or `tokenizer_source:`.
TokenizerPlan readTokenizer(const yaml::Entry &E, Reading &R);

/// Judges what only the whole plan can tell: numbers of models, bases, layer
/// counts, required parameters, sums of weights.
void checkMeaning(const Plan &P, Diagnostics &Diags);

} // namespace mergec::plan

#endif // MERGEC_LIB_PLAN_READING_H
