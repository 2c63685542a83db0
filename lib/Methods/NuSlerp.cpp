//===- NuSlerp.cpp - Spherical interpolation by weights ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"
#include <algorithm>
#include <cmath>
#include <sleef.h>

using namespace mergec;

/// t, <x,x>, <y,y>, <x,y> to the weights of x and y. Vectors that are parallel
/// or opposite are interpolated linearly.
static void coefficients(llvm::ArrayRef<double> In,
                         llvm::MutableArrayRef<double> Out) {
  double T = In[0];
  double Lengths =
      std::max(std::sqrt(In[1]), 1e-7) * std::max(std::sqrt(In[2]), 1e-7);
  double Cosine = std::clamp(In[3] / Lengths, -1.0, 1.0);
  double Angle = Sleef_cinz_acosd1_u10purec(Cosine);
  double Sine = Sleef_cinz_sind1_u10purec(Angle);
  if (std::abs(Sine) < 1e-8) {
    Out[0] = 1 - T;
    Out[1] = T;
    return;
  }
  Out[0] = Sleef_cinz_sind1_u10purec((1 - T) * Angle) / Sine;
  Out[1] = Sleef_cinz_sind1_u10purec(T * Angle) / Sine;
}

/// What a vector is.
static llvm::StringRef axis(MethodContext &C) {
  if (C.flag("nuslerp_flatten"))
    return "tensor";
  // The first axis of a vector is its last one, too.
  return C.flag("nuslerp_row_wise") && C.shape().Shape.size() > 1 ? "column"
                                                                  : "row";
}

static ValueId lower(MethodContext &C) {
  if (C.inputCount() == 1) // The other one lacks the tensor.
    return C.storedInput(0);
  double First = C.parameter(0, "weight"), Second = C.parameter(1, "weight");
  double Sum = First + Second;
  double T = std::abs(Sum) < 1e-6 ? 0.5 : Second / Sum;
  ValueId X = C.hasBase() ? C.difference(0) : C.input(0);
  ValueId Y = C.hasBase() ? C.difference(1) : C.input(1);

  llvm::SmallVector<ValueId, 3> Tensors{X, Y};
  llvm::SmallVector<ValueId, 3> Factors{C.constant(1 - T), C.constant(T)};
  if (T != 0 && T != 1) { // At the ends the angle does not matter.
    llvm::StringRef Over = axis(C);
    ValueId Both = C.map("nuslerp_coefficients",
                         {C.constant(T), C.dot(X, X, Over), C.dot(Y, Y, Over),
                          C.dot(X, Y, Over)},
                         2);
    Factors = {C.extract(Both, 0), C.extract(Both, 1)};
  }
  if (C.hasBase()) {
    Tensors.insert(Tensors.begin(), C.base());
    Factors.insert(Factors.begin(), C.constant(1));
  }
  return C.combine(Tensors, Factors);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "weight",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Help = "the model's share of the way between the two"},
    {.Name = "nuslerp_flatten",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 1,
     .Help = "take each tensor as one vector"},
    {.Name = "nuslerp_row_wise",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help =
         "if not flattened, vectors run along the first axis, not the last"},
};

static constexpr HostFunction Functions[] = {
    {"nuslerp_coefficients", coefficients, nullptr},
};

namespace mergec::methods {
extern const Method methodNuSlerp;
const Method methodNuSlerp = {
    .Name = "nuslerp",
    .Summary = "spherical interpolation between two models, or what they "
               "changed in a base",
    .Purpose = "As slerp, with weights for both models, for whole tensors or "
               "for each row or column; with a base, of task vectors.",
    .Paper = "Shoemake, Animating rotation with quaternion curves, 1985",
    .Base = BaseUse::Optional,
    .MinModels = 2,
    .MaxModels = 2,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
