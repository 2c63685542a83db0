//===- Karcher.cpp - The Riemannian centre of mass on the sphere ---------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/GramMatrix.h"
#include "mergec/Methods/MethodContext.h"
#include <cmath>
#include <sleef.h>

using namespace mergec;

// The centre of mass of directions u_i = x_i/n_i is the one at which the
// geodesics to them balance. From a point u, Σ a_i·log_u(u_i) is the tangent
// vector to follow; repeat until it is next to nothing. u starts in the span of
// the u_i and never leaves it, so that the iteration runs on coefficients c (u
// = Σ c_i u_i) and needs no more of the tensors than their inner products.

namespace {
/// The unit vectors of the models that have a direction.
class Directions {
public:
  Directions(const GramMatrix &Gram, llvm::ArrayRef<double> Lengths,
             llvm::ArrayRef<size_t> Models)
      : N(Models.size()), Cosines(N * N) {
    for (size_t I = 0; I != N; ++I)
      for (size_t J = 0; J != N; ++J)
        Cosines[I * N + J] = Gram(Models[I], Models[J]) /
                             (Lengths[Models[I]] * Lengths[Models[J]]);
  }

  /// <u_I, Σ c_j u_j>.
  double along(size_t I, llvm::ArrayRef<double> C) const {
    double Sum = 0;
    for (size_t J = 0; J != N; ++J)
      Sum += Cosines[I * N + J] * C[J];
    return Sum;
  }

  /// |Σ c_i u_i|.
  double length(llvm::ArrayRef<double> C) const {
    double Square = 0;
    for (size_t I = 0; I != N; ++I)
      Square += C[I] * along(I, C);
    return Square < 0 ? 0 : std::sqrt(Square); // Rounding may fall below 0.
  }

private:
  size_t N;
  llvm::SmallVector<double, 64> Cosines;
};
} // namespace

static constexpr double Pi = 0x1.921fb54442d18p+1;

/// Coefficients of the centre of mass.
static llvm::SmallVector<double, 8> centre(const Directions &U, size_t N,
                                           double Tol, double MaxIter) {
  llvm::SmallVector<double, 8> C(N, 1.0 / N), Step(N);
  double Length = U.length(C);
  if (Length < Tol) { // They cancel out: begin at the first.
    C.assign(N, 0.0);
    C[0] = Length = 1;
  }
  for (double &X : C)
    X /= Length;

  for (double Round = 0; Round < MaxIter; ++Round) {
    Step.assign(N, 0.0);
    double Back = 0; // Of u itself, in all terms together.
    for (size_t I = 0; I != N; ++I) {
      double Cosine = std::clamp(U.along(I, C), -1.0, 1.0);
      double Angle = Sleef_cinz_acosd1_u10purec(Cosine);
      // There already; or opposite, where no direction leads there.
      if (Angle < Tol || Angle >= Pi - Tol)
        continue;
      double Pull = Angle / Sleef_cinz_sind1_u10purec(Angle) / N;
      Step[I] += Pull;
      Back += Pull * Cosine;
    }
    for (size_t I = 0; I != N; ++I)
      Step[I] -= Back * C[I];
    double Distance = U.length(Step);
    if (Distance < Tol)
      break;
    double Cosine = Sleef_cinz_cosd1_u10purec(Distance);
    double Sine = Sleef_cinz_sind1_u10purec(Distance);
    for (size_t I = 0; I != N; ++I)
      C[I] = Cosine * C[I] + Sine * Step[I] / Distance;
    Length = U.length(C);
    for (double &X : C)
      X /= Length;
  }
  return C;
}

/// tol, max_iter and the Gram matrix to the coefficients of the models.
static void coefficients(llvm::ArrayRef<double> In,
                         llvm::MutableArrayRef<double> Out) {
  size_t N = Out.size();
  double Tol = In[0];
  GramMatrix Gram(N, In.drop_front(2));
  llvm::SmallVector<double, 8> Lengths;
  llvm::SmallVector<size_t, 8> Models; // With a direction.
  double Sum = 0;
  for (size_t I = 0; I != N; ++I) {
    Lengths.push_back(std::sqrt(Gram(I, I)));
    Sum += Lengths.back();
    Out[I] = 0;
    if (!(Lengths.back() <= Tol)) // A NaN passes, and makes the result one.
      Models.push_back(I);
  }
  if (Models.empty())
    return;
  llvm::SmallVector<double, 8> C =
      centre(Directions(Gram, Lengths, Models), Models.size(), Tol, In[1]);
  for (size_t I = 0; I != Models.size(); ++I)
    Out[Models[I]] = Sum / N * C[I] / Lengths[Models[I]];
}

static ValueId lower(MethodContext &C) {
  size_t N = C.inputCount();
  if (N == 1)
    return C.storedInput(0);
  llvm::SmallVector<ValueId, 8> Tensors, Factors;
  for (size_t I = 0; I != N; ++I)
    Tensors.push_back(C.input(I));
  ValueId All = C.map("karcher_coefficients",
                      {C.constant(C.global("tol")),
                       C.constant(C.global("max_iter")), C.gram(Tensors)},
                      N);
  for (size_t I = 0; I != N; ++I)
    Factors.push_back(C.extract(All, I));
  return C.combine(Tensors, Factors);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "max_iter",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Integer,
     .Default = 10,
     .Min = 0,
     .Max = 10000,
     .Help = "how often the centre is moved, at most"},
    {.Name = "tol",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1e-5,
     .Min = 0,
     .MinExclusive = true,
     .Help = "lengths and angles below this are none"},
};

static constexpr HostFunction Functions[] = {
    {"karcher_coefficients", coefficients, nullptr},
};

namespace mergec::methods {
extern const Method methodKarcher;
const Method methodKarcher = {
    .Name = "karcher",
    .Summary = "the centre of mass of the models' directions, with their "
               "average length",
    .Purpose = "As slerp, for any number of models with equal say; exact where "
               "multislerp approximates.",
    .Paper = "Karcher, Riemannian center of mass and mollifier smoothing, 1977",
    .Base = BaseUse::None,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
