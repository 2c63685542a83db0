//===- ShareTensors.h - Results that share blocks with inputs ---*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tensors that are stored as they are needn't be copied where the file system
// can let two files share blocks until one of them is written to (XFS, Btrfs,
// and others), if the tensor lies in its block in the result as it does in the
// input. That is so for models that mergec has written, whose data begin at a
// block.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_SHARETENSORS_H
#define MERGEC_LIB_RUNTIME_SHARETENSORS_H

#include "Worker.h"

namespace mergec {

/// Makes all results of the group by sharing, if that is possible; false if
/// they are to be made as usual.
bool shareTensors(RunContext &Run, const Group &G);

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_SHARETENSORS_H
