//===- Findings.h - Mistakes that many tensors share ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_LOWERING_FINDINGS_H
#define MERGEC_LIB_LOWERING_FINDINGS_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

namespace mergec {

/// Collects findings by kind and group, so that what is wrong with a tensor in
/// each of 32 layers is said once.
class Findings {
public:
  /// `Pattern` is the tensor's name with its layer's number replaced; `Detail`
  /// says what is wrong, for instance each model's shape. `Layer` is negative
  /// outside the layers.
  void add(Kind K, llvm::StringRef Pattern, llvm::StringRef Detail,
           int64_t Layer);

  bool empty() const { return Groups.empty(); }
  /// How many findings were added.
  size_t size() const { return Added; }

  /// One diagnostic per kind: `Heading(kind, number of tensors)` is its
  /// message, each group a note.
  void report(Diagnostics &Diags, llvm::SMRange Where,
              llvm::function_ref<std::string(Kind, size_t)> Heading,
              llvm::function_ref<std::string(Kind)> Hint);

private:
  size_t Added = 0;
  struct Group {
    size_t Tensors = 0;
    llvm::SmallVector<int64_t, 32> Layers;
  };
  using Key = std::pair<std::string, std::string>; // pattern, detail
  std::map<Kind, llvm::MapVector<Key, Group, std::map<Key, unsigned>>> Groups;
};

} // namespace mergec

#endif // MERGEC_LIB_LOWERING_FINDINGS_H
