//===- Map.h - Folding of host functions ---------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_OPS_MAP_H
#define MERGEC_OPS_MAP_H

#include "mergec/IR/Graph.h"
#include "llvm/ADT/SmallVector.h"

namespace mergec {

/// The results of `map` node `V` if they are known at compile time.
bool foldMap(const Graph &G, ValueId V, llvm::SmallVectorImpl<double> &Out);

} // namespace mergec

#endif // MERGEC_OPS_MAP_H
