//===- StackedModels.h - Models whose layers follow one another -*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_STACKEDMODELS_H
#define MERGEC_LIB_LOWERING_STACKEDMODELS_H

#include "Findings.h"
#include "LayerTable.h"

namespace mergec {

/// A model that gives the result layers of its own.
struct StackedModel {
  llvm::StringRef Spelling;
  const Checkpoint *Model;
  const LayerTable *Table;
};

/// What lies in one slice is compared when it is merged. This compares models
/// of different slices, which nothing merges: one architecture describes all
/// layers of the result, and both of its ends, so they must have the same
/// tensors of the same shapes. `Models` are in the order of their slices, the
/// first and the last of them the result's ends. What does not fit goes to
/// `Mistakes`, a tensor that some lack as `MissingKind`.
///
/// A model's layers need not be alike (a few dense ones before those of
/// experts, say), so all of them together are compared: a tensor fits if some
/// layer of each model has it in the same shape.
void checkStackedModels(llvm::ArrayRef<StackedModel> Models, Kind MissingKind,
                        Findings &Missing, Findings &Mistakes);

/// `[4096, 11008]`.
std::string shapeText(llvm::ArrayRef<int64_t> Shape);

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_STACKEDMODELS_H
