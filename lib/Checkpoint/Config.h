//===- Config.h - What config.json says of a model --------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_CONFIG_H
#define MERGEC_LIB_CHECKPOINT_CONFIG_H

#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace mergec {

struct ModelConfig {
  std::string Architecture, ModelType, Quantisation;
  std::string LayerCountKey; ///< Dotted; empty if there is no such key.
  std::optional<int64_t> LayerCount;
  int64_t ExtraLayers = 0; ///< Stored behind the layers, not counted as such.
  std::optional<int64_t> Vocabulary;
};

/// Reads the text of a config.json; what it can't use is among the faults, and
/// absent from the result.
ModelConfig readConfig(llvm::StringRef Text, Faults &Found);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_CONFIG_H
