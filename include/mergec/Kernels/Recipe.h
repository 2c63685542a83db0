//===- Recipe.h - Instructions that one kernel does -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tile between two kernels lies in the first-level cache, but it still has to
// be stored and loaded again. A recipe is a sequence of kernels that many
// sweeps have in it; from it the compiler makes one more kernel, which does the
// same with each register of elements while it is one (Fused.inc), and the
// runtime finds it among the instructions of a sweep (FuseCalls.cpp).
//
// To add a recipe is to add it to the list below. Its kernels must be among the
// operations of Fused.inc, and the order is the one in which they are emitted.
//
// Also read by the sources of the kernels: nothing here may leave a function
// behind (see KernelCall.h), so all of it happens while compiling.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_KERNELS_RECIPE_H
#define MERGEC_KERNELS_RECIPE_H

#include "mergec/Kernels/KernelCall.h"

namespace mergec {

struct Recipe {
  /// The number of a step, whose result is meant; or `Input` + the number of
  /// a tile that comes from outside; or none.
  using Operand = uint8_t;
  static constexpr Operand Input = 64, None = 255;
  static constexpr unsigned MostSteps = 40, MostInputs = 9;

  struct Step {
    Kernel Run = Kernel(0);
    /// What lies where the kernel writes, if it reads that.
    Operand Old = None;
    Operand A = None, B = None, C = None;
  };
  Step Steps[MostSteps];
  unsigned Count = 0, Inputs = 0;
  Operand Stored = None; ///< The only result that is left behind, if any is.

  /// An election and the sum of those that agree with it, of `Models` values:
  /// as many steps that add up their products, the sign of that, what the sums
  /// begin with, and what is added of each model.
  struct Vote {
    unsigned Begin = 0, Models = 0; ///< None: no election.
    bool Weighs = false; ///< Weights are added up, too, each behind its value.
    constexpr unsigned sums() const { return Weighs ? 2 : 1; }
    constexpr unsigned filling() const { return Begin + Models + 1; }
    /// Where the value of a model is added.
    constexpr unsigned agreeing(unsigned Model) const {
      return filling() + sums() * (1 + Model);
    }
    constexpr unsigned end() const { return agreeing(Models); }
  };
  Vote Election;

  /// Whether step `I` adds the weight of what the one before it has added.
  constexpr bool weighsAgreeing(unsigned I) const {
    return I && Steps[I].Run == Kernel::AddAgreeingWeightF32 &&
           Steps[I - 1].Run == Kernel::AddAgreeingF32 &&
           Steps[I].A == Steps[I - 1].A && Steps[I].B == Steps[I - 1].B;
  }
  consteval Operand input() { return Input + Inputs++; }
  consteval Operand add(Kernel Run, Operand A = None, Operand B = None,
                        Operand C = None) {
    Steps[Count] = {Run, None, A, B, C};
    return Count++;
  }
  consteval Operand update(Kernel Run, Operand Old, Operand A,
                           Operand B = None) {
    Steps[Count] = {Run, Old, A, B, None};
    return Count++;
  }
};

/// What the kernel of a recipe is called with, as its State. Of the other
/// operands it uses Out, Index, which is that in the tensor, and N, a multiple
/// of `ReductionLanes` and at most a strip. Lanes are added to from the first
/// one on.
struct FusedCall {
  const void *In[Recipe::MostInputs];
  // By step:
  double S[Recipe::MostSteps], T[Recipe::MostSteps];
  uint64_t Key[Recipe::MostSteps];
  void *State[Recipe::MostSteps];
  /// Set if something is, or perhaps is, not finite where that would have to be
  /// counted. Then no state has been changed, and what is in Out is worth
  /// nothing: the steps have to be run one by one.
  bool Careful;
};

namespace recipes {

/// The kernels for tensors of one storage type.
struct Format {
  Kernel Subtract, Scale, Round, CountNonFinite, WidenF64, RoundF64;
};
inline constexpr Format Formats[] = {
    {Kernel::SubtractF32BF16, Kernel::ScaleF32BF16, Kernel::RoundBF16F32,
     Kernel::CountNonFiniteBF16, Kernel::WidenF64BF16, Kernel::RoundBF16F64},
    {Kernel::SubtractF32F16, Kernel::ScaleF32F16, Kernel::RoundF16F32,
     Kernel::CountNonFiniteF16, Kernel::WidenF64F16, Kernel::RoundF16F64},
    {Kernel::SubtractF32F32, Kernel::ScaleF32F32, Kernel::RoundF32F32,
     Kernel::CountNonFiniteF32, Kernel::WidenF64F32, Kernel::RoundF32F64},
};

/// Whole ends of methods are fused for the first ones only: where inputs are
/// wider, moving them costs more than what is done with them.
constexpr unsigned NarrowFormats = 2;
constexpr unsigned MostModels = 4;
constexpr unsigned MostTiles = 8;
using Operand = Recipe::Operand;

/// Some models and their base.
struct Models {
  unsigned N;
  Operand X[MostTiles] = {}, Base;
  consteval Models(Recipe &R, unsigned N) : N(N) {
    for (unsigned I = 0; I != N; ++I)
      X[I] = R.input();
    Base = R.input();
  }
};

/// x_0·S + x_1·S + …
consteval Operand sum(Recipe &R, Kernel First, Kernel Next, const Operand *X,
                      unsigned N) {
  Operand Sum = R.add(First, X[0]);
  for (unsigned I = 1; I != N; ++I)
    Sum = R.update(Next, Sum, X[I]);
  return Sum;
}

/// The base and more, rounded.
consteval void addToBase(Recipe &R, const Format &F, Operand Base,
                         const Operand *X, unsigned N) {
  Operand Sum = R.add(F.Scale, Base);
  for (unsigned I = 0; I != N; ++I)
    Sum = R.update(Kernel::AddScaledF32F32, Sum, X[I]);
  R.Stored = R.add(F.Round, Sum);
}

/// In the order in which differences to the base read them.
consteval void countNonFinite(Recipe &R, const Format &F, const Models &M) {
  R.add(F.CountNonFinite, M.X[0]);
  R.add(F.CountNonFinite, M.Base);
  for (unsigned I = 1; I != M.N; ++I)
    R.add(F.CountNonFinite, M.X[I]);
}

enum class Divide { None, Nonzero, AtLeast };
inline constexpr Divide Divisions[] = {Divide::None, Divide::Nonzero,
                                       Divide::AtLeast};

/// An election, and the sum of those that agree with it.
consteval Operand vote(Recipe &R, Divide By, const Operand *X, unsigned N) {
  R.Election = {R.Count, N, By != Divide::None};
  Operand Sign = R.add(Kernel::SignF32F64, sum(R, Kernel::ScaleF64F32,
                                               Kernel::AddScaledF64F32, X, N));
  Operand Sum = R.add(Kernel::FillF32), Divisor = Recipe::None;
  if (By != Divide::None)
    Divisor = R.add(Kernel::FillF32);
  for (unsigned I = 0; I != N; ++I) {
    Sum = R.update(Kernel::AddAgreeingF32, Sum, X[I], Sign);
    if (By != Divide::None)
      Divisor = R.update(Kernel::AddAgreeingWeightF32, Divisor, X[I], Sign);
  }
  if (By == Divide::Nonzero)
    Sum = R.add(Kernel::DivideNonzeroF32, Sum, Divisor);
  if (By == Divide::AtLeast)
    Sum = R.add(Kernel::DivideAtLeastF32, Sum, Divisor);
  return Sum;
}

consteval Recipe voteOnTiles(Divide By, unsigned N) {
  Recipe R;
  Operand X[MostTiles];
  for (unsigned I = 0; I != N; ++I)
    X[I] = R.input();
  R.Stored = vote(R, By, X, N);
  return R;
}

/// Which share of a difference is kept: drawn as it is needed, or by marks that
/// were drawn before; the largest, or those between two edges.
enum class Share { Drawn, Marked, Largest, Band };
constexpr Share AllShares[] = {Share::Drawn, Share::Marked, Share::Largest,
                               Share::Band};

consteval Operand keepShare(Recipe &R, Operand X, Share Which) {
  switch (Which) {
  case Share::Drawn:
    return R.add(Kernel::KeepRandomF32, X);
  case Share::Marked:
    return R.add(Kernel::KeepMarkedF32, X, R.input());
  case Share::Largest:
    return R.add(Kernel::KeepF32, X);
  case Share::Band:
    return R.add(Kernel::KeepF32, R.add(Kernel::KeepBelowF32, X));
  }
}

/// Of each model's difference.
struct Shares {
  Operand X[MostTiles] = {};
  consteval Shares(Recipe &R, const Format &F, const Models &M, Share Which) {
    for (unsigned I = 0; I != M.N; ++I)
      X[I] = keepShare(R, R.add(F.Subtract, M.X[I], M.Base), Which);
  }
};

consteval Recipe voteOnShares(const Format &F, Share Which, Divide By,
                              unsigned N) {
  Recipe R;
  Models M(R, N);
  Shares S(R, F, M, Which);
  Operand Change = vote(R, By, S.X, N);
  addToBase(R, F, M.Base, &Change, 1);
  countNonFinite(R, F, M);
  return R;
}

consteval Recipe sumOfShares(const Format &F, Share Which, unsigned N) {
  Recipe R;
  Models M(R, N);
  Shares S(R, F, M, Which);
  addToBase(R, F, M.Base, S.X, N);
  countNonFinite(R, F, M);
  return R;
}

consteval Recipe shareOf(const Format &F, Share Which) {
  Recipe R;
  R.Stored = Shares(R, F, Models(R, 1), Which).X[0];
  return R;
}

/// How much of a difference a random share is.
consteval Recipe lengthsOfShare(const Format &F, Share Which) {
  Recipe R;
  Models M(R, 1);
  Operand D = R.add(F.Subtract, M.X[0], M.Base);
  R.add(Kernel::SumAbsF32F32, D);
  R.add(Kernel::SumAbsF32F32, keepShare(R, D, Which));
  return R;
}

consteval Recipe keepChosen(const Format &F) {
  Recipe R;
  Models M(R, 1);
  R.Stored =
      R.add(Kernel::KeepWhereF32, R.add(F.Subtract, M.X[0], M.Base), R.input());
  return R;
}

/// A base and tiles, or differences to the base.
consteval Recipe sumOfTiles(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  addToBase(R, F, M.Base, M.X, N);
  return R;
}

consteval Recipe sumOfDifferences(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  Operand X[MostTiles];
  for (unsigned I = 0; I != N; ++I)
    X[I] = R.add(F.Subtract, M.X[I], M.Base);
  addToBase(R, F, M.Base, X, N);
  return R;
}

/// All inner products of differences.
consteval Recipe gramOfDifferences(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  Operand X[MostTiles];
  for (unsigned I = 0; I != N; ++I)
    X[I] = R.add(F.Subtract, M.X[I], M.Base);
  for (unsigned I = 0; I != N; ++I)
    for (unsigned J = I; J != N; ++J)
      R.add(Kernel::DotF32F32, X[I], X[J]);
  return R;
}

/// The differences that are large enough.
struct Changes {
  Operand X[MostTiles] = {};
  consteval Changes(Recipe &R, const Format &F, const Models &M) {
    for (unsigned I = 0; I != M.N; ++I)
      X[I] = R.add(Kernel::KeepGreaterF32, R.add(F.Subtract, M.X[I], M.Base));
  }
};

consteval Operand tally(Recipe &R, const Operand *X, unsigned N) {
  Operand Tally = R.add(Kernel::FillF32);
  for (unsigned I = 0; I != N; ++I)
    Tally = R.update(Kernel::AddIsNonzeroF32, Tally, X[I]);
  return Tally;
}

/// The base and each change's average over the models that have it.
consteval Recipe averageOfChanges(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  Changes C(R, F, M);
  Operand Sum = sum(R, Kernel::ScaleF32F32, Kernel::AddScaledF32F32, C.X, N);
  Operand Tally = tally(R, C.X, N);
  Operand Average = R.add(Kernel::DivideNonzeroF32, Sum, Tally);
  addToBase(R, F, M.Base, &Average, 1);
  return R;
}

/// How many changes of each model are shared, how many unique.
consteval Recipe countOfChanges(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  Changes C(R, F, M);
  Operand IsShared = R.add(Kernel::IsGreaterF32, tally(R, C.X, N));
  for (unsigned I = 0; I != N; ++I) {
    Operand Shared = R.add(Kernel::MultiplyF32, C.X[I], IsShared);
    R.add(Kernel::CountNonzeroF32, Shared);
    R.add(Kernel::CountNonzeroF32,
          R.add(Kernel::SubtractF32F32, C.X[I], Shared));
  }
  return R;
}

/// The base, the averages of shared changes, and the unique ones.
consteval Recipe sharedAndUnique(const Format &F, unsigned N) {
  Recipe R;
  Models M(R, N);
  Changes C(R, F, M);
  Operand Tally = tally(R, C.X, N);
  Operand IsShared = R.add(Kernel::IsGreaterF32, Tally);
  Operand Shared[MostTiles], Terms[MostTiles];
  for (unsigned I = 0; I != N; ++I)
    Shared[I] = R.add(Kernel::MultiplyF32, C.X[I], IsShared);
  Terms[0] = R.add(
      Kernel::DivideNonzeroF32,
      sum(R, Kernel::ScaleF32F32, Kernel::AddScaledF32F32, Shared, N), Tally);
  for (unsigned I = 0; I != N; ++I)
    Terms[I + 1] = R.add(Kernel::SubtractF32F32, C.X[I], Shared[I]);
  addToBase(R, F, M.Base, Terms, N + 1);
  return R;
}

/// The base, moved towards x by the difference within bounds, or x where that
/// is far.
consteval Recipe boundedMove(const Format &F) {
  Recipe R;
  Models M(R, 1);
  Operand X = R.add(F.WidenF64, M.X[0]), B = R.add(F.WidenF64, M.Base);
  Operand D = R.add(Kernel::SubtractF64F64, X, B);
  Operand Move = R.add(Kernel::ClampF64, D);
  Operand Terms[] = {B, Move};
  Operand Moved =
      sum(R, Kernel::ScaleF64F64, Kernel::AddScaledF64F64, Terms, 2);
  Operand Far = R.add(Kernel::IsGreaterF64, R.add(Kernel::AbsoluteF64, D));
  R.Stored = R.add(F.RoundF64, R.add(Kernel::BlendF64, Moved, X, Far));
  return R;
}

struct All {
  static constexpr unsigned Most = 180;
  Recipe List[Most];
  unsigned Count = 0;

  consteval void take(const Recipe &R) { List[Count++] = R; }
  consteval All() {
    for (unsigned I = 0; I != NarrowFormats; ++I)
      for (unsigned N = 2; N <= MostModels; ++N) {
        const Format &F = Formats[I];
        for (Share Which : AllShares) {
          take(voteOnShares(F, Which, Divide::None, N));
          take(voteOnShares(F, Which, Divide::Nonzero, N));
          take(sumOfShares(F, Which, N));
        }
        take(gramOfDifferences(F, N));
        take(averageOfChanges(F, N));
        take(countOfChanges(F, N));
        take(sharedAndUnique(F, N));
        take(sumOfDifferences(F, N));
      }
    for (unsigned N = 2; N <= MostTiles; ++N)
      for (Divide By : Divisions)
        take(voteOnTiles(By, N));
    for (const Format &F : Formats) {
      for (unsigned N = 1; N <= MostModels; ++N)
        take(sumOfTiles(F, N));
      take(boundedMove(F));
      take(lengthsOfShare(F, Share::Drawn));
      take(lengthsOfShare(F, Share::Marked));
      for (Share Which : AllShares)
        take(shareOf(F, Which));
      take(keepChosen(F));
    }
  }
};

} // namespace recipes

/// The runtime takes the first that fits: what is part of another comes behind
/// it.
inline constexpr recipes::All Recipes;

} // namespace mergec

#endif // MERGEC_KERNELS_RECIPE_H
