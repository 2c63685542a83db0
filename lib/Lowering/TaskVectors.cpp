//===- TaskVectors.cpp - What the task-vector methods share --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mergec;

/// Σ|d| / Σ|thinned|; 1 where either sum is next to nothing.
static void rescaleFactor(llvm::ArrayRef<double> In,
                          llvm::MutableArrayRef<double> Out) {
  Out[0] = In[0] < 1e-7 || In[1] < 1e-7 ? 1.0 : In[0] / In[1];
}

static void product(llvm::ArrayRef<double> In,
                    llvm::MutableArrayRef<double> Out) {
  Out[0] = 1.0;
  for (double Factor : In)
    Out[0] *= Factor;
}

const HostFunction mergec::TaskVectorFunctions[2] = {
    {"rescale_factor", rescaleFactor, nullptr}, {"product", product, nullptr}};

SparseVectors mergec::taskVectors(MethodContext &C) {
  SparseVectors Vectors;
  for (size_t I = 0; I != C.inputCount(); ++I) {
    ValueId Full = C.difference(I);
    Vectors.push_back({Full, Full, std::nullopt});
  }
  return Vectors;
}

uint64_t mergec::survivors(double Density, uint64_t Elements) {
  uint64_t Count = uint64_t(Density * double(Elements));
  return Count == 0 && Density > 0 && Elements ? 1 : Count;
}

static void keepDensest(MethodContext &C, size_t I, SparseVector &V) {
  double Density = C.parameter(I, "density");
  if (Density < 1)
    V.Thinned = C.keepLargest(V.Thinned, survivors(Density, C.elements()));
}

/// `dare: {drop_rate: p}`, as published plans have it: false if not given.
static bool dropAndTrim(MethodContext &C, size_t I, SparseVector &V) {
  std::optional<double> Rate = C.optionalParameter(I, "dare.drop_rate");
  if (!Rate)
    return false;
  V.Thinned = C.thin(I, V.Full, C.constant(1 - *Rate));
  V.Factor = 1 / (1 - *Rate);
  keepDensest(C, I, V);
  return true;
}

void mergec::trimToLargest(MethodContext &C, size_t I, SparseVector &V) {
  if (!dropAndTrim(C, I, V))
    keepDensest(C, I, V);
}

void mergec::thinAtRandom(MethodContext &C, size_t I, SparseVector &V) {
  if (dropAndTrim(C, I, V))
    return;
  double Density = C.parameter(I, "density");
  if (Density < 1)
    V.Thinned = C.thin(I, V.Full, C.constant(Density));
}

void mergec::dropOutliers(MethodContext &C, size_t I, SparseVector &V) {
  double Density = C.parameter(I, "density"), Gamma = C.parameter(I, "gamma");
  if (Density >= 1)
    return;
  uint64_t N = C.elements(), Kept = uint64_t(Density * double(N));
  uint64_t Dropped = std::min(uint64_t(Gamma * double(N)), N - Kept);
  ValueId Selection =
      C.graph().create(Op::SelectBand, {V.Full, C.constant(double(Dropped)),
                                        C.constant(double(Dropped + Kept))});
  V.Thinned = C.graph().create(Op::Keep, {V.Full, Selection});
}

/// Reports chances that are none.
static bool checkChances(MethodContext &C, size_t I, double Density,
                         double Epsilon) {
  if (Density - Epsilon > 0 && Density + Epsilon < 1)
    return true;
  auto Number = [](double X) {
    std::string Text;
    llvm::raw_string_ostream(Text) << llvm::format("%g", X);
    return Text;
  };
  // An `epsilon` that is not the plan's is not the plan's mistake.
  C.reportParameter(I, "density",
                    "`density` " + Number(Density) + " ± `epsilon` " +
                        Number(Epsilon) + " is not between 0 and 1",
                    "with this density `epsilon` must be below " +
                        Number(std::min(Density, 1 - Density)));
  return false;
}

void mergec::thinByRank(MethodContext &C, size_t I, SparseVector &V) {
  double Density = C.parameter(I, "density");
  double Epsilon = C.parameter(I, "epsilon");
  if (Density >= 1)
    return;
  if (Density <= 0 || Epsilon == 0) {
    V.Thinned = C.thin(I, V.Full, C.constant(Density));
    return;
  }
  if (!checkChances(C, I, Density, Epsilon))
    return;
  Graph &G = C.graph();
  ValueId Drawn = G.create(
      Op::DrawByRank,
      {V.Full, C.constant(Density - Epsilon), C.constant(Density + Epsilon)},
      {C.randomKey(I)});
  V.Thinned = G.create(Op::KeepWhere, {V.Full, Drawn});
}

ValueId mergec::mergeTaskVectors(MethodContext &C,
                                 llvm::ArrayRef<SparseVector> Vectors,
                                 bool Consensus) {
  size_t N = Vectors.size();
  if (!N)
    return C.base();
  bool Normalize = C.flag("normalize"), Rescale = C.flag("rescale");
  double Lambda = C.global("lambda");

  llvm::SmallVector<double, 8> Weights;
  llvm::SmallVector<ValueId, 8> Factors(N); // Invalid: 1.
  for (size_t I = 0; I != N; ++I) {
    const SparseVector &V = Vectors[I];
    Weights.push_back(C.parameter(I, "weight"));
    if (V.Factor)
      Factors[I] = C.constant(*V.Factor);
    else if (Rescale && V.Thinned != V.Full)
      Factors[I] =
          C.map("rescale_factor", {C.sumAbs(V.Full), C.sumAbs(V.Thinned)});
  }
  auto Scaled = [&](double Weight, ValueId Factor) {
    return Factor.valid() ? C.map("product", {C.constant(Weight), Factor})
                          : C.constant(Weight);
  };

  if (!Consensus) {
    double Divisor = 0;
    for (double W : Weights)
      Divisor += W;
    if (!Normalize || std::abs(Divisor) < 1e-8)
      Divisor = 1;
    llvm::SmallVector<ValueId, 8> Terms{C.base()}, Scales{C.constant(1)};
    for (size_t I = 0; I != N; ++I) {
      Terms.push_back(Vectors[I].Thinned);
      Scales.push_back(Scaled(Weights[I] * Lambda / Divisor, Factors[I]));
    }
    return C.combine(Terms, Scales);
  }

  Graph &G = C.graph();
  llvm::SmallVector<ValueId, 24> Vote;
  for (const SparseVector &V : Vectors)
    Vote.push_back(V.Thinned);
  for (size_t I = 0; I != N; ++I)
    Vote.push_back(Scaled(Weights[I], Factors[I]));
  bool ByCount = C.global("consensus_method") != 0;
  ValueId Sign =
      G.create(Op::Elect, Vote, {G.intern(ByCount ? "count" : "sum").Index});

  llvm::SmallVector<ValueId, 24> Operands{Sign};
  Operands.append(Vote);
  if (Normalize)
    for (double W : Weights)
      Operands.push_back(C.constant(W));
  ValueId Change =
      G.create(Op::Agree, Operands,
               {G.intern(Normalize ? "nonzero" : "none").Index, word(0.0)});
  return C.combine({C.base(), Change}, llvm::ArrayRef<double>{1.0, Lambda});
}
