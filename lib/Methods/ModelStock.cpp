//===- ModelStock.cpp - Averages drawn back towards the base -------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/GramMatrix.h"
#include "mergec/Methods/MethodContext.h"
#include <cmath>

using namespace mergec;

/// How many models there are, and the Gram matrix of their differences to the
/// base, to the weights of each model and of the base.
static void weights(llvm::ArrayRef<double> In,
                    llvm::MutableArrayRef<double> Out) {
  size_t N = size_t(In[0]);
  GramMatrix Gram(N, In.drop_front());
  double Sum = 0;
  for (size_t I = 0; I != N; ++I)
    for (size_t J = I + 1; J != N; ++J) {
      double Lengths = std::sqrt(Gram(I, I)) * std::sqrt(Gram(J, J));
      Sum += std::clamp(Gram(I, J) / std::max(Lengths, 1e-6), -1.0, 1.0);
    }
  double Cosine = Sum / (double(N) * (N - 1) / 2);
  double Divisor = 1 + (N - 1) * Cosine;
  double T = Divisor == 0 ? 0 : N * Cosine / Divisor;
  Out[0] = T / N;
  Out[1] = 1 - T;
}

static ValueId lower(MethodContext &C) {
  size_t N = C.inputCount();
  bool PerRow = C.flag("filter_wise");
  if (N == 1) // Others lack the tensor: it agrees with itself.
    return C.storedInput(0);
  llvm::SmallVector<ValueId, 10> Tensors, Differences;
  for (size_t I = 0; I != N; ++I) {
    Tensors.push_back(C.input(I));
    Differences.push_back(C.difference(I));
  }
  ValueId Both = C.map("model_stock_weights",
                       {C.constant(N), C.gram(Differences, PerRow)}, 2);
  llvm::SmallVector<ValueId, 10> Factors(N, C.extract(Both, 0));
  Tensors.push_back(C.base());
  Factors.push_back(C.extract(Both, 1));
  return C.combine(Tensors, Factors);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "filter_wise",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Flag,
     .Default = 0,
     .Help = "weigh each row by itself"},
};

static constexpr HostFunction Functions[] = {
    {"model_stock_weights", weights, nullptr},
};

namespace mergec::methods {
extern const Method methodModelStock;
const Method methodModelStock = {
    .Name = "model_stock",
    .Summary =
        "the models' average, drawn towards the base where they disagree",
    .Purpose = "Few finetunes of one base with the same aim: finds, without "
               "tuning, the weight that an average of many would suggest.",
    .Paper = "Jang et al., Model Stock: All we need is just a few fine-tuned "
             "models, 2024 (arXiv:2403.19522)",
    .Base = BaseUse::Required,
    .MinModels = 2,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
