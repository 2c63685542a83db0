//===- Slices.h - The inputs of a part of the result ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_SLICES_H
#define MERGEC_LIB_LOWERING_SLICES_H

#include "LayerTable.h"
#include "mergec/Lowering/Lowering.h"

namespace mergec {

/// A model as an input of one slice, its layers resolved.
struct Input {
  const Source *From; ///< Null for a base that is not among the sources.
  const Checkpoint *Model;
  const LayerTable *Table;
  /// The values of the model's tensors, if a stage computes them.
  llvm::ArrayRef<ValueId> Values;
  std::string Spelling;
  int64_t FirstLayer = 0;
};

struct Slice {
  const OutputSlice *Plan;
  std::vector<Input> Inputs; ///< In plan order; the base last if it joins.
  int Base = -1;             ///< Index into Inputs.
  int64_t Layers = 0;
};

/// The slices of the plan's one module, with their models and ranges of layers.
/// Reports ranges that the models don't have; nothing then.
std::optional<std::vector<Slice>> resolveSlices(const Plan &P,
                                                const CheckpointMap &Models,
                                                LayerTables &Tables,
                                                Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_SLICES_H
