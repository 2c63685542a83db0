//===- Method.h - The table of merge methods --------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A merge method is one file in lib/Methods: a declaration of its parameters,
// from which plans are checked and documentation is made, and a function that
// lowers one output tensor onto the ops of the IR. Nothing else in mergec knows
// a method by name.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_METHODS_METHOD_H
#define MERGEC_METHODS_METHOD_H

#include "mergec/Methods/HostFunction.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <limits>
#include <optional>

namespace mergec {

class MethodContext;
struct ValueId;

/// Where a parameter may stand and what it is a property of.
enum class ParameterScope : uint8_t {
  Model,  ///< One value per input model and tensor (weight, density).
  Global, ///< One value per output tensor (t, normalize).
};

enum class ParameterKind : uint8_t {
  Number,
  Integer,
  Flag,   ///< true or false; a number is true unless it is 0.
  Choice, ///< One of `Choices`; its value is the index.
};

struct ParameterSpec {
  llvm::StringLiteral Name;
  ParameterScope Scope;
  ParameterKind Kind;
  /// No default: the parameter is required, unless it is `Optional`.
  std::optional<double> Default = std::nullopt;
  bool Optional = false;
  /// Bounds of a number, both inclusive unless said.
  double Min = -std::numeric_limits<double>::infinity();
  double Max = std::numeric_limits<double>::infinity();
  bool MinExclusive = false;
  bool MaxExclusive = false;
  llvm::ArrayRef<llvm::StringLiteral> Choices = {};
  llvm::StringLiteral Help = ""; ///< One line, lower case, no full stop.

  bool required() const { return !Default && !Optional; }
};

/// What a method makes of `base_model`.
enum class BaseUse : uint8_t {
  None,     ///< Donates configuration and tokenizer only.
  Optional, ///< Changes the formula when given.
  Required,
  First, ///< Required, but when absent the first source serves, with a remark.
};

struct Method {
  static constexpr unsigned AnyNumber = std::numeric_limits<unsigned>::max();

  llvm::StringLiteral Name;
  llvm::StringLiteral Summary;    ///< One line: what it computes.
  llvm::StringLiteral Purpose;    ///< One or two lines: when to use it.
  llvm::StringLiteral Paper = ""; ///< Reference, or empty.
  BaseUse Base;
  /// How many models besides the base (with `BaseUse::First`: including it).
  unsigned MinModels = 1;
  unsigned MaxModels = AnyNumber; ///< `AnyNumber` for no limit.
  llvm::ArrayRef<ParameterSpec> Parameters = {};

  /// Lowers one output tensor: the value before the final rounding. A method
  /// that finds a mistake in the values of parameters reports it to the context
  /// and returns any of the inputs.
  ValueId (*Lower)(MethodContext &Context);

  /// The functions of numbers that its lowering calls by name.
  llvm::ArrayRef<HostFunction> Functions = {};

  /// Takes tensors of any dtype, quantised ones too; it must not compute with
  /// those that are not floating point.
  bool AnyDType = false;

  const ParameterSpec *parameter(llvm::StringRef Name) const;
};

/// Every method, sorted by name.
llvm::ArrayRef<const Method *> allMethods();

/// Null for an unknown name.
const Method *findMethod(llvm::StringRef Name);

} // namespace mergec

#endif // MERGEC_METHODS_METHOD_H
