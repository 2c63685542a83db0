//===- Structure.h - What a model is, by its tensors ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_STRUCTURE_H
#define MERGEC_LIB_CHECKPOINT_STRUCTURE_H

#include "Config.h"
#include "mergec/Checkpoint/Checkpoint.h"

namespace mergec {

/// Fills in all of `Into` that follows from its tensors, sorted by name, and
/// its configuration: architecture, layers, tied head, quantisation.
void findStructure(Checkpoint &Into, const ModelConfig &Config, Faults &Found);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_STRUCTURE_H
