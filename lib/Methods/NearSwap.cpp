//===- NearSwap.cpp - Interpolation where models are near ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"
#include <algorithm>

using namespace mergec;

// With d = x - b the weight of the model is w = t/max(|d|, 1e-6), at most 1: a
// value that is no further off than t is taken over, and one that is moves by
// t. Computed like that, a tiny error of w would be large beside a result near
// 0, so the move w·d is, in f64: it is d·min(t/1e-6, 1), but no more than t.
static ValueId lower(MethodContext &C) {
  constexpr double Nothing = 1e-6;
  double T = C.global("t");
  if (T == 0)
    return C.base();
  ValueId X = C.inDouble(C.storedInput(0)), B = C.inDouble(C.storedBase());
  ValueId D = C.subtract(X, B);
  double Share = std::min(T / Nothing, 1.0);
  ValueId Move = C.clamp(C.combine({D}, llvm::ArrayRef<double>{Share}), -T, T);
  ValueId Moved = C.combine({B, Move}, llvm::ArrayRef<double>{1.0, 1.0});
  if (T < Nothing)
    return Moved;
  return C.blend(Moved, X, C.isAbove(C.absolute(D), T));
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "t",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Min = 0,
     .Help = "how far a value may move from the base"},
};

namespace mergec::methods {
extern const Method methodNearSwap;
const Method methodNearSwap = {
    .Name = "nearswap",
    .Summary = "the base, moved by at most `t` towards the other model",
    .Purpose = "Adds the flavour of a second model where the two are similar "
               "already, and keeps the base where they are not.",
    .Base = BaseUse::Required,
    .MaxModels = 1,
    .Parameters = Parameters,
    .Lower = lower,
};
} // namespace mergec::methods
