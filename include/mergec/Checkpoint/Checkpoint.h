//===- Checkpoint.h - A model directory's tensors ---------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What can be known of a model without reading a weight: its configuration and,
// from the headers of its files, the name, dtype, shape, file and offset of
// each tensor. Everything here has been validated: offsets lie inside their
// file, do not overlap, and span exactly dtype × shape bytes.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_CHECKPOINT_CHECKPOINT_H
#define MERGEC_CHECKPOINT_CHECKPOINT_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Types/DType.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/SMLoc.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// One tensor. Names, shapes and foreign dtype names live in the checkpoint's
/// arena. 56 bytes, so that a million of them stay small.
struct TensorInfo {
  llvm::StringRef Name;
  llvm::ArrayRef<int64_t> Shape; ///< Empty for a scalar. Extents ≥ 0.
  uint64_t Offset;               ///< Of the first byte, from the file's start.
  uint64_t Bytes;
  uint32_t File; ///< Index into `Checkpoint::files()`.
  DType Type;

  /// The product of the shape.
  uint64_t elements() const;
};

struct CheckpointFile {
  std::string Path; ///< Absolute or relative to the working directory.
  uint64_t Bytes;
  int64_t ModifiedNs; ///< Since 1970, when the header was read.
  uint64_t Inode;

  /// False if it is not the file that it was when the header was read: gone,
  /// replaced, or of another size or time of modification.
  bool unchanged() const;
};

/// How a tensor's dtype is spelt where it is `DType::Opaque`.
struct ForeignDType {
  llvm::StringRef Tensor, Name;
};

/// How the layers of a model are numbered in the names of its tensors. Numbers
/// from `Count` on (the multi-token prediction layers that some models keep
/// behind the others) are not layers: no plan can slice them.
struct LayerStack {
  /// `model.layers.`: what stands before the layer's number, its dot included.
  std::string Prefix;
  int64_t Count = 0;
};

/// What a tensor is for, by the names in Architectures.def and the layer stack.
enum class TensorRole : uint8_t {
  Layer,           ///< Inside the layer stack.
  InputEmbedding,  ///< Rows are vocabulary entries; before the layers.
  OutputEmbedding, ///< The head; rows are vocabulary entries; behind the
                   ///< layers.
  Before,          ///< Any other tensor used before the layers.
  After,           ///< Any other tensor used behind them.
  Buffer,          ///< Not a weight (rotary frequencies, attention masks).
};

class Checkpoint {
public:
  /// As resolved: the directory, and the reference it was asked for.
  llvm::StringRef directory() const { return Directory; }
  llvm::StringRef name() const { return Name; }

  /// Sorted by name.
  llvm::ArrayRef<TensorInfo> tensors() const { return Tensors; }
  llvm::ArrayRef<CheckpointFile> files() const { return Files; }
  const TensorInfo *find(llvm::StringRef Name) const;
  /// How the file spells the dtype of one of `tensors()` that is `Opaque`;
  /// empty for any other.
  llvm::StringRef foreignType(const TensorInfo &Tensor) const;

  /// config.json's bytes; empty if there is none.
  llvm::StringRef configText() const { return ConfigText; }
  /// `LlamaForCausalLM`; empty if unknown.
  llvm::StringRef architecture() const { return Architecture; }
  /// `llama`; empty if unknown.
  llvm::StringRef modelType() const { return ModelType; }
  /// Where config.json keeps the layer count (`num_hidden_layers`, `n_layer`,
  /// `text_config.num_hidden_layers`); empty if there is none.
  llvm::StringRef layerCountKey() const { return LayerCountKey; }
  /// The vocabulary size config.json states.
  std::optional<int64_t> vocabularySize() const { return Vocabulary; }
  /// `gptq`, `awq`, `fp8`, `bitsandbytes`, …; empty if not quantised.
  llvm::StringRef quantisation() const { return Quantisation; }

  /// No layers found: Count is 0.
  const LayerStack &layers() const { return Layers; }
  /// The layer's number and the rest of the name behind its dot, for a tensor
  /// inside the stack.
  std::optional<std::pair<int64_t, llvm::StringRef>>
  splitLayer(llvm::StringRef TensorName) const;
  TensorRole role(llvm::StringRef TensorName) const;
  /// True for a bias of the head that is not named as the head is: it has a
  /// number for each vocabulary entry.
  bool isVocabularyBias(llvm::StringRef TensorName) const;

  /// True if the head is the embedding, and so is absent from the tensors. What
  /// the tensors say counts: some models state `tie_word_embeddings` and store
  /// the head all the same.
  bool tiesHead() const { return TiedHead; }

  // Filled by openCheckpoint and computedCheckpoint.
  std::string Directory, Name, ConfigText, Architecture, ModelType,
      LayerCountKey, Quantisation;
  std::vector<TensorInfo> Tensors;
  std::vector<CheckpointFile> Files;
  std::vector<ForeignDType> ForeignTypes; ///< Sorted by tensor name.
  LayerStack Layers;
  std::optional<int64_t> Vocabulary;
  bool TiedHead = false;
  llvm::BumpPtrAllocator Arena;
};

/// Finds the directory a model reference means: a directory (absolute, below
/// `~`, relative to the working directory, or to `PlanDirectory`), else the
/// local Hugging Face cache (`HF_HUB_CACHE`, else `HF_HOME/hub`, else
/// `XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`;
/// `models--org--name/snapshots/…`, the commit from `refs/<revision or main>`,
/// or the revision itself; without refs/main, the only snapshot). A reference
/// with a revision means the cache: a directory has none. Reports where it
/// looked when there is no such model.
std::optional<std::string> findModel(llvm::StringRef Path,
                                     llvm::StringRef Revision,
                                     llvm::StringRef PlanDirectory,
                                     llvm::SMRange Where, Diagnostics &Diags);

/// Reads and checks the headers of the model in `Directory`; reports everything
/// wrong with them at `Where`, the plan's mention of the model. Null if there
/// were errors.
std::unique_ptr<Checkpoint> openCheckpoint(llvm::StringRef Directory,
                                           llvm::StringRef Name,
                                           llvm::SMRange Where,
                                           Diagnostics &Diags);

/// A tensor that is computed, not read.
struct ComputedTensor {
  llvm::StringRef Name;
  llvm::ArrayRef<int64_t> Shape;
  DType Type;
  llvm::StringRef ForeignType; ///< If `Type` is `Opaque`.
  uint64_t Bytes;
};

/// What opening the model would give if `Tensors` were written with this
/// config.json, but for files, offsets, and `Directory`: where the model's
/// other files (tokenizer, generation settings) lie. Reports what is wrong with
/// it at `Where`; null then.
std::unique_ptr<Checkpoint>
computedCheckpoint(llvm::StringRef Name, llvm::StringRef Directory,
                   llvm::StringRef ConfigText,
                   llvm::ArrayRef<ComputedTensor> Tensors, llvm::SMRange Where,
                   Diagnostics &Diags);

/// True if the files are as they were when their headers were read; else
/// reports those that are not. For the end of a run: a file that was replaced
/// meanwhile has given the result bytes of two models.
bool checkUnchanged(const Checkpoint &Model, Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_CHECKPOINT_CHECKPOINT_H
