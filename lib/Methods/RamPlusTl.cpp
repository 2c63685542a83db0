//===- RamPlusTl.cpp - As ram, with unique changes enlarged --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"
#include <algorithm>

using namespace mergec;

/// How many changes of a model are shared, how many unique, epsilon, r, alpha
/// to the factor of the unique ones.
static void boost(llvm::ArrayRef<double> In,
                  llvm::MutableArrayRef<double> Out) {
  double Shared = In[0], Unique = In[1], Epsilon = In[2], R = In[3],
         Alpha = In[4];
  double Ratio = Shared == 0 ? 0 : Shared / std::max(Unique, Epsilon);
  Out[0] = 1 + R * std::clamp(Ratio, 0.0, Alpha);
}

static bool foldNone(llvm::ArrayRef<std::optional<double>> In,
                     llvm::MutableArrayRef<double> Out) {
  Out[0] = 1;
  return In[3] == 0.0 || In[4] == 0.0;
}

static ValueId lower(MethodContext &C) {
  double Epsilon = C.global("epsilon");
  ValueId R = C.constant(C.global("r")), Alpha = C.constant(C.global("alpha"));
  llvm::SmallVector<ValueId, 8> Active, Shared;
  for (size_t I = 0; I != C.inputCount(); ++I)
    Active.push_back(C.keepAbove(C.difference(I), Epsilon));
  ValueId Owners = C.tally(Active);
  ValueId IsShared = C.isAbove(Owners, 1);

  llvm::SmallVector<ValueId, 10> Terms{C.base(), ValueId()};
  llvm::SmallVector<ValueId, 10> Factors(2, C.constant(1));
  for (ValueId D : Active) {
    Shared.push_back(C.multiply(D, IsShared));
    ValueId Unique = C.subtract(D, Shared.back()); // Exact: one of them is 0.
    Terms.push_back(Unique);
    Factors.push_back(
        C.map("unique_boost", {C.count(Shared.back()), C.count(Unique),
                               C.constant(Epsilon), R, Alpha}));
  }
  llvm::SmallVector<double, 8> Ones(Shared.size(), 1.0);
  Terms[1] = C.divide(C.combine(Shared, Ones), Owners);
  return C.combine(Terms, Factors);
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "epsilon",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 1e-5,
     .Min = 0,
     .Help = "differences to the base up to this are none"},
    {.Name = "r",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 0.1,
     .Help = "how strongly unique changes grow with the share of shared ones"},
    {.Name = "alpha",
     .Scope = ParameterScope::Global,
     .Kind = ParameterKind::Number,
     .Default = 0.2,
     .Min = 0,
     .Help = "limit of the ratio of shared to unique changes"},
};

static constexpr HostFunction Functions[] = {
    {"unique_boost", boost, foldNone},
};

namespace mergec::methods {
extern const Method methodRamPlusTl;
const Method methodRamPlusTl = {
    .Name = "ramplus_tl",
    .Summary =
        "as ram, with each model's unique changes enlarged the more it shares",
    .Purpose = "As ram, where models lose in the averages what their unique "
               "changes should make up for.",
    .Paper = "Yuan et al., Behavior knowledge merge in reinforced agentic "
             "models, 2026 (arXiv:2601.13572)",
    .Base = BaseUse::Required,
    .Parameters = Parameters,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
