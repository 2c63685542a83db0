//===- Index.h - Which file holds which tensor ------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The index of a sharded checkpoint:
//
//   {"metadata": {"total_size": 2200119296},
//    "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors", …}}
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_INDEX_H
#define MERGEC_LIB_CHECKPOINT_INDEX_H

#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include <optional>
#include <string>
#include <vector>

namespace mergec {

struct ShardIndex {
  struct Entry {
    llvm::StringRef Tensor; ///< In `Names`.
    uint32_t File;
  };
  std::vector<Entry> Entries;     ///< Sorted by tensor.
  std::vector<std::string> Files; ///< Relative to the index; all fit to open.
  llvm::BumpPtrAllocator Names;

  /// Nothing for a tensor that the index does not mention.
  std::optional<uint32_t> fileOf(llvm::StringRef Tensor) const;
};

/// Parses the index. Entries that name a file outside the directory, or one
/// that is no safetensors file, are among the faults and not in the index.
void parseIndex(llvm::StringRef Text, ShardIndex &Into, Faults &Found);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_INDEX_H
