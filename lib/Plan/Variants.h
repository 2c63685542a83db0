//===- Variants.h - One plan with several values ----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_PLAN_VARIANTS_H
#define MERGEC_LIB_PLAN_VARIANTS_H

#include "Yaml.h"
#include "mergec/Plan/Plan.h"

namespace mergec::plan {

/// A plan's text with a value for each setting.
struct Variant {
  /// `t=0.3-seed=7`, fit to be part of a directory's name; empty if there is
  /// one variant only.
  std::string Label;
  std::string Text;
};

/// Every combination of the values of `Set` and of the plan's own `matrix`,
/// whose first setting changes slowest. `Root` is the plan, read from `Text`.
/// Reports settings that have no place in it; none then.
std::vector<Variant> expandVariants(const yaml::Node &Root,
                                    llvm::StringRef Text,
                                    llvm::ArrayRef<PlanSetting> Set,
                                    Diagnostics &Diags);

} // namespace mergec::plan

#endif // MERGEC_LIB_PLAN_VARIANTS_H
