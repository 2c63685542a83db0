//===- TaskVectors.h - What the task-vector methods share ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// task_arithmetic, ties and their kin differ in how they thin the differences
// to the base; how the thinned ones are put together is written here once.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LOWERING_TASKVECTORS_H
#define MERGEC_LOWERING_TASKVECTORS_H

#include "mergec/Methods/MethodContext.h"

namespace mergec {

/// x_i - b for each input.
llvm::SmallVector<ValueId, 8> taskVectors(MethodContext &C);

/// int(density·n), at least 1 unless density is 0.
uint64_t survivors(double Density, uint64_t Elements);

/// Differences `Full` thinned to `Thinned`. If the method's `rescale` is set,
/// each is scaled by Σ|full| / Σ|thinned|. Then e_i = weight_i · thinned_i;
/// with `Consensus` only those that share the sign of their sum (or, by
/// `consensus_method: count`, of most of them) are added up; `normalize`
/// divides by the weights that were added, `lambda` scales; the base is added.
ValueId mergeTaskVectors(MethodContext &C, llvm::ArrayRef<ValueId> Full,
                         llvm::ArrayRef<ValueId> Thinned, bool Consensus);

/// `rescale_factor` and `product`.
extern const HostFunction TaskVectorFunctions[2];

} // namespace mergec

#endif // MERGEC_LOWERING_TASKVECTORS_H
