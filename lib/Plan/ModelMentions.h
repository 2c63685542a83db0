//===- ModelMentions.h - What a plan says of its models --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_PLAN_MODELMENTIONS_H
#define MERGEC_LIB_PLAN_MODELMENTIONS_H

#include "mergec/Plan/Plan.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mergec::plan {

/// Calls `Visit` for every model that takes part in the merge, as often as it
/// is mentioned: those of the slices in order, then the plan's base.
void forEachModel(const Plan &P,
                  llvm::function_ref<void(const ModelRef &)> Visit);

/// A path that a plan names, relative to where the plan is.
std::string besidePlan(const Plan &P, llvm::StringRef Path);

} // namespace mergec::plan

#endif // MERGEC_LIB_PLAN_MODELMENTIONS_H
