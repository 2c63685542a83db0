//===- Layers.h - Which number in a name is the layer's ---------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_LAYERS_H
#define MERGEC_LIB_CHECKPOINT_LAYERS_H

#include "Config.h"
#include "mergec/Checkpoint/Checkpoint.h"

namespace mergec {

/// Finds the layers among tensors sorted by name. A model without any has Count
/// 0; one whose tensors don't have the layers that its configuration states is
/// faulty.
LayerStack findLayers(llvm::ArrayRef<TensorInfo> Tensors,
                      const ModelConfig &Config, Faults &Found);

/// By the words of Architectures.def: whether a tensor belongs to a tower (what
/// sees or hears), and whether it is used before the layers.
bool isTower(llvm::StringRef TensorName);
bool isUsedBefore(llvm::StringRef TensorName);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_LAYERS_H
