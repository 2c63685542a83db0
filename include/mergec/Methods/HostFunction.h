//===- HostFunction.h - Pure functions of a few numbers ---------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between sweeps, the results of reductions become coefficients: an angle, a
// mean direction, a rescaling. Such formulas belong to methods; in the IR they
// are calls of pure functions by name (`map`), applied once, or for each row or
// column. They must use no libm: only IEEE operations and SLEEF's functions
// without FMA, so that all machines agree.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_METHODS_HOSTFUNCTION_H
#define MERGEC_METHODS_HOSTFUNCTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mergec {

struct HostFunction {
  llvm::StringLiteral Name;
  void (*Evaluate)(llvm::ArrayRef<double> In,
                   llvm::MutableArrayRef<double> Out);
  /// The result where it does not depend on the inputs that are unknown; null
  /// or false: it does.
  bool (*Fold)(llvm::ArrayRef<std::optional<double>> In,
               llvm::MutableArrayRef<double> Out);
  /// For a function that has no result for some inputs, finite ones too: it
  /// then sets its first result to a NaN, and the run stops with this, after
  /// the tensor's name, as an error. Empty: a NaN is a result like any other.
  llvm::StringLiteral Failure = "";
  llvm::StringLiteral FailureHint = "";
};

/// Null for an unknown name.
const HostFunction *findHostFunction(llvm::StringRef Name);

} // namespace mergec

#endif // MERGEC_METHODS_HOSTFUNCTION_H
