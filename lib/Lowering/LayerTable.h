//===- LayerTable.h - A checkpoint's tensors by layer --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_LAYERTABLE_H
#define MERGEC_LIB_LOWERING_LAYERTABLE_H

#include "mergec/Checkpoint/Checkpoint.h"
#include <map>
#include <memory>
#include <vector>

namespace mergec {

/// Tensors of one checkpoint, split into those of each layer and the others.
struct LayerTable {
  struct Entry {
    llvm::StringRef Suffix; ///< Behind the layer's number and dot.
    uint32_t Tensor;        ///< Index into the checkpoint's tensors.
  };
  std::vector<std::vector<Entry>> Layers; ///< Each sorted by suffix.
  std::vector<uint32_t> Others;           ///< Sorted by name.
  const TensorInfo *InputEmbedding = nullptr;
  const TensorInfo *Head = nullptr;

  explicit LayerTable(const Checkpoint &C) : Layers(C.layers().Count) {
    for (uint32_t I = 0; I != C.tensors().size(); ++I) {
      const TensorInfo &T = C.tensors()[I];
      if (auto Split = C.splitLayer(T.Name)) {
        Layers[Split->first].push_back({Split->second, I});
        continue;
      }
      Others.push_back(I);
      TensorRole Role = C.role(T.Name);
      if (Role == TensorRole::InputEmbedding && !InputEmbedding)
        InputEmbedding = &T;
      if (Role == TensorRole::OutputEmbedding && !Head)
        Head = &T;
    }
  }
};

/// The tables of the models of one plan, each made once.
class LayerTables {
public:
  const LayerTable &of(const Checkpoint &C) {
    std::unique_ptr<LayerTable> &T = Tables[&C];
    if (!T)
      T = std::make_unique<LayerTable>(C);
    return *T;
  }

private:
  std::map<const Checkpoint *, std::unique_ptr<LayerTable>> Tables;
};

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_LAYERTABLE_H
