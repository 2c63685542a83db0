//===- Slerp.cpp - Spherical interpolation of two models -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"
#include <cmath>
#include <sleef.h>

using namespace mergec;

/// t, <b,b>, <x,x>, <b,x> to the weights of b and x. Nearly parallel tensors
/// are interpolated linearly; one of nearly no length is not brought to unit
/// length.
static void coefficients(llvm::ArrayRef<double> In,
                         llvm::MutableArrayRef<double> Out) {
  double T = In[0];
  double LengthB = std::sqrt(In[1]), LengthX = std::sqrt(In[2]);
  double Cosine = In[3];
  if (LengthB > 1e-8)
    Cosine /= LengthB;
  if (LengthX > 1e-8)
    Cosine /= LengthX;
  if (std::abs(Cosine) > 0.9995) {
    Out[0] = 1 - T;
    Out[1] = T;
    return;
  }
  double Angle = Sleef_cinz_acosd1_u10purec(Cosine);
  double Sine = Sleef_cinz_sind1_u10purec(Angle);
  Out[0] = Sleef_cinz_sind1_u10purec((1 - T) * Angle) / Sine;
  Out[1] = Sleef_cinz_sind1_u10purec(T * Angle) / Sine;
}

/// At the ends the result is one of the models, whatever the angle.
static bool foldEnds(llvm::ArrayRef<std::optional<double>> In,
                     llvm::MutableArrayRef<double> Out) {
  if (In[0] != 0.0 && In[0] != 1.0)
    return false;
  Out[0] = 1 - *In[0];
  Out[1] = *In[0];
  return true;
}

static ValueId lower(MethodContext &C) {
  if (!C.inputCount())
    return C.storedBase();
  if (!C.hasBase())
    return C.storedInput(0);
  ValueId B = C.base(), X = C.input(0);
  ValueId Both = C.map(
      "slerp_coefficients",
      {C.constant(C.global("t")), C.dot(B, B), C.dot(X, X), C.dot(B, X)}, 2);
  return C.combine({B, X}, {C.extract(Both, 0), C.extract(Both, 1)});
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "t",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Help = "0 gives the base (or first) model, 1 the other"},
};

static constexpr HostFunction Functions[] = {
    {"slerp_coefficients", coefficients, foldEnds},
};

namespace mergec::methods {
extern const Method methodSlerp;
const Method methodSlerp = {
    .Name = "slerp",
    .Summary = "spherical interpolation between two models",
    .Purpose = "Blends two finetunes without shrinking their weights the way "
               "an average does; `t` is often a gradient over the layers.",
    .Paper = "Shoemake, Animating rotation with quaternion curves, 1985",
    .Base = BaseUse::First,
    .MinModels = 2,
    .MaxModels = 2,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
