//===- TaskVectors.cpp - What the task-vector methods share --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"
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

llvm::SmallVector<ValueId, 8> mergec::taskVectors(MethodContext &C) {
  llvm::SmallVector<ValueId, 8> Vectors;
  for (size_t I = 0; I != C.inputCount(); ++I)
    Vectors.push_back(C.subtract(C.input(I), C.base()));
  return Vectors;
}

uint64_t mergec::survivors(double Density, uint64_t Elements) {
  uint64_t Count = uint64_t(Density * double(Elements));
  return Count == 0 && Density > 0 && Elements ? 1 : Count;
}

ValueId mergec::mergeTaskVectors(MethodContext &C, llvm::ArrayRef<ValueId> Full,
                                 llvm::ArrayRef<ValueId> Thinned,
                                 bool Consensus) {
  size_t N = Thinned.size();
  if (!N)
    return C.base();
  bool Normalize = C.flag("normalize"), Rescale = C.flag("rescale");
  double Lambda = C.global("lambda");

  llvm::SmallVector<double, 8> Weights;
  llvm::SmallVector<ValueId, 8> Factors(N); // Invalid: 1.
  for (size_t I = 0; I != N; ++I) {
    Weights.push_back(C.parameter(I, "weight"));
    if (Rescale && Thinned[I] != Full[I])
      Factors[I] =
          C.map("rescale_factor", {C.sumAbs(Full[I]), C.sumAbs(Thinned[I])});
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
      Terms.push_back(Thinned[I]);
      Scales.push_back(Scaled(Weights[I] * Lambda / Divisor, Factors[I]));
    }
    return C.combine(Terms, Scales);
  }

  Graph &G = C.graph();
  llvm::SmallVector<ValueId, 24> Vote(Thinned.begin(), Thinned.end());
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
