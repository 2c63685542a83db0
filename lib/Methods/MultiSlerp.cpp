//===- MultiSlerp.cpp - Spherical averages of any number of models -------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/GramMatrix.h"
#include "mergec/Methods/MethodContext.h"
#include <cmath>
#include <limits>
#include <sleef.h>

using namespace mergec;

/// eps, the N weights and the Gram matrix of y_0, y_1, … to the coefficients of
/// the y_i.
///
/// The unit vectors u_i = y_i/(n_i + eps) are averaged to Σ w_i u_i = L·m, with
/// m of unit length, and carried to the tangent space at m. Their weighted sum
/// there, g = Σ w_i (u_i - <u_i,m> m) = L·m - <L·m,m> m, is 0: the average of
/// the directions is where they balance. So tau = |g| + eps is eps, and the
/// result is (Σ w_i n_i)·cos(eps)·m, without the rounding errors of a
/// difference that vanishes.
static void coefficients(llvm::ArrayRef<double> In,
                         llvm::MutableArrayRef<double> Out) {
  size_t N = Out.size();
  double Eps = In[0];
  llvm::ArrayRef<double> Weights = In.slice(1, N);
  GramMatrix Gram(N, In.drop_front(1 + N));

  double Scale = 0;
  for (size_t I = 0; I != N; ++I) {
    double Length = std::sqrt(Gram(I, I));
    Scale += Weights[I] * Length;
    Out[I] = Weights[I] / (Length + Eps);
  }
  double Square = 0;
  for (size_t I = 0; I != N; ++I)
    for (size_t J = 0; J != N; ++J)
      Square += Out[I] * Out[J] * Gram(I, J);
  // Rounding may leave less than nothing of directions that cancel.
  double Length = Square < 0 ? 0 : std::sqrt(Square);

  if (Length < Eps) {
    std::copy(Weights.begin(), Weights.end(), Out.begin());
    if (N > 2)
      Out[0] = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  Scale *= Sleef_cinz_cosd1_u10purec(Eps) / Length;
  for (double &C : Out)
    C *= Scale;
}

static ValueId lower(MethodContext &C) {
  size_t N = C.inputCount();
  llvm::SmallVector<double, 8> Weights;
  double Sum = 0;
  for (size_t I = 0; I != N; ++I) {
    Weights.push_back(C.parameter(I, "weight"));
    Sum += Weights.back();
  }
  if (N == 1 || !C.elements())
    return C.storedInput(0);
  if (C.flag("normalize_weights")) {
    if (Sum == 0) {
      C.report(Kind::ZeroWeights,
               "the weights sum to 0 and can't be normalised",
               "change a weight, or set `normalize_weights: false`");
      return C.storedInput(0);
    }
    for (double &W : Weights)
      W /= Sum;
  }

  llvm::SmallVector<ValueId, 8> Vectors, Terms, Factors;
  for (size_t I = 0; I != N; ++I)
    Vectors.push_back(C.hasBase() ? C.difference(I) : C.input(I));
  llvm::SmallVector<ValueId, 16> Numbers{C.constant(C.global("eps"))};
  for (double W : Weights)
    Numbers.push_back(C.constant(W));
  Numbers.push_back(C.gram(Vectors));
  ValueId All = C.map("multislerp_coefficients", Numbers, N);
  if (C.hasBase()) {
    Terms.push_back(C.base());
    Factors.push_back(C.constant(1));
  }
  for (size_t I = 0; I != N; ++I) {
    Terms.push_back(Vectors[I]);
    Factors.push_back(C.extract(All, I));
  }
  return C.combine(Terms, Factors);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "weight",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Help = "the model's share of the direction"},
    {.Name = "normalize_weights",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 1,
     .Help = "divide the weights by their sum"},
    {.Name = "eps",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1e-8,
     .Min = 0,
     .MinExclusive = true,
     .Help = "lengths below this are none"},
};

static constexpr HostFunction Functions[] = {
    {"multislerp_coefficients", coefficients, nullptr,
     "the models' directions cancel out, so that they have no average",
     "merge fewer models, change a weight, or use `linear`"},
};

namespace mergec::methods {
extern const Method methodMultiSlerp;
const Method methodMultiSlerp = {
    .Name = "multislerp",
    .Summary = "the average direction of the models, with their average length",
    .Purpose = "As slerp, for any number of models; with a base, of what they "
               "changed in it.",
    .Base = BaseUse::Optional,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
