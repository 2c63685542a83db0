//===- Structure.cpp - What a model is, by its tensors --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "Layers.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

namespace {
struct QuantisedRow {
  llvm::StringLiteral Suffix, Name;
};
constexpr QuantisedRow QuantisedNames[] = {
#define MERGEC_QUANTISED(Suffix, Name) {Suffix, Name},
#include "mergec/Checkpoint/Architectures.def"
};
} // namespace

void mergec::findStructure(Checkpoint &Into, const ModelConfig &Config,
                           Faults &Found) {
  Into.Architecture = Config.Architecture;
  Into.ModelType = Config.ModelType;
  Into.LayerCountKey = Config.LayerCountKey;
  Into.Vocabulary = Config.Vocabulary;
  Into.Layers = findLayers(Into.Tensors, Config, Found);

  bool HasHead = false, HasEmbedding = false;
  for (const TensorInfo &T : Into.Tensors) {
    TensorRole Role = Into.role(T.Name);
    HasHead |= Role == TensorRole::OutputEmbedding;
    HasEmbedding |= Role == TensorRole::InputEmbedding;
  }
  Into.TiedHead = HasEmbedding && !HasHead;

  Into.Quantisation = Config.Quantisation;
  for (const QuantisedRow &Row : QuantisedNames)
    if (Into.Quantisation.empty() &&
        llvm::any_of(Into.Tensors, [&](const TensorInfo &T) {
          return T.Name.ends_with(Row.Suffix);
        }))
      Into.Quantisation = Row.Name;
  if (Into.Quantisation.empty() &&
      llvm::any_of(Into.Tensors, [](const TensorInfo &T) {
        return T.Type == DType::F8E4M3 || T.Type == DType::F8E5M2;
      }))
    Into.Quantisation = "fp8";
}
