//===- WeightFiles.h - Which files of a directory are the model's -*- C++
//-*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_WEIGHTFILES_H
#define MERGEC_LIB_CHECKPOINT_WEIGHTFILES_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// Either an index, or the files themselves; relative to the directory.
struct WeightFiles {
  std::string Index;
  std::vector<std::string> Shards;
};

/// Chooses as Hugging Face tools do: `model.safetensors`, else the index, else
/// numbered shards, else every safetensors file. Reports when there is nothing
/// to read, with what is there instead. `Subject` names the model.
std::optional<WeightFiles> findWeights(llvm::StringRef Directory,
                                       llvm::StringRef Subject,
                                       llvm::SMRange Where, Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_WEIGHTFILES_H
