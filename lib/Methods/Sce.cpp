//===- Sce.cpp - Select, calculate, erase ---------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Lowering/TaskVectors.h"
#include <limits>

using namespace mergec;

/// int(share · count).
static void selectedCount(llvm::ArrayRef<double> In,
                          llvm::MutableArrayRef<double> Out) {
  Out[0] = double(uint64_t(In[0] * In[1]));
}

/// The number of elements and each vector's squared length, to its share of the
/// mean squares; equal shares where all are next to nothing.
static void energyShares(llvm::ArrayRef<double> In,
                         llvm::MutableArrayRef<double> Out) {
  double Total = 0;
  for (size_t I = 0; I != Out.size(); ++I) {
    Out[I] = In[0] == 0 ? 0 : In[I + 1] / In[0];
    Total += Out[I];
  }
  for (double &Share : Out)
    Share = Total < 1e-6 ? 1.0 / double(Out.size()) : Share / Total;
}

static ValueId lower(MethodContext &C) {
  Graph &G = C.graph();
  size_t N = C.inputCount();
  if (!N)
    return C.base();
  llvm::SmallVector<ValueId, 8> Vectors;
  for (size_t I = 0; I != N; ++I)
    Vectors.push_back(C.difference(I));

  double Share = C.global("select_topk");
  if (Share < 1) {
    ValueId Variance = G.create(Op::Variance, Vectors);
    ValueId Count =
        C.map("sce_selected_count", {C.constant(Share), C.count(Variance)});
    ValueId Largest = G.create(
        Op::Keep, {Variance, G.create(Op::SelectLargest, {Variance, Count})});
    // Only variances above 0 are selected.
    ValueId Positive = C.constant(std::numeric_limits<float>::denorm_min());
    for (ValueId &V : Vectors)
      V = G.create(Op::KeepWhere, {V, Largest, Positive});
  }

  llvm::SmallVector<ValueId, 8> Energies{C.constant(double(C.elements()))};
  for (ValueId V : Vectors)
    Energies.push_back(C.dot(V, V));
  ValueId Shares = C.map("sce_energy_shares", Energies, N);

  llvm::SmallVector<ValueId, 16> Vote(Vectors.begin(), Vectors.end());
  Vote.append(N, C.constant(1));
  llvm::SmallVector<ValueId, 24> Operands{
      G.create(Op::Elect, Vote, {G.intern("sum").Index})};
  Operands.append(Vectors.begin(), Vectors.end());
  for (unsigned List = 0; List != 2; ++List) // Weights, then divisors.
    for (size_t I = 0; I != N; ++I)
      Operands.push_back(C.extract(Shares, I));
  ValueId Change =
      G.create(Op::Agree, Operands, {G.intern("at-least").Index, word(1e-6)});
  return C.combine({C.base(), Change}, llvm::ArrayRef<double>{1.0, 1.0});
}

static constexpr HostFunction Functions[] = {
    {"sce_selected_count", selectedCount, nullptr},
    {"sce_energy_shares", energyShares, nullptr},
};

static constexpr ParameterSpec Parameters[] = {
    {.Name = "select_topk",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1,
     .Min = 0,
     .Max = 1,
     .Help = "share of the places where models differ that is merged: those "
             "where they differ most"},
    Int8MaskParameter,
};

namespace mergec::methods {
extern const Method methodSce;
const Method methodSce = {
    .Name = "sce",
    .Summary = "task vectors weighted by their energy, merged by elected sign "
               "where models differ most",
    .Purpose =
        "Finetunes of one base of unequal strength, without weights to tune.",
    .Paper = "Wan et al., FuseChat, 2024 (arXiv:2408.07990)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
