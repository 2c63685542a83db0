//===- EmitKernel.h - Ops that are one kernel -------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_EMITKERNEL_H
#define MERGEC_SCHEDULE_EMITKERNEL_H

#include "mergec/Schedule/SweepBuilder.h"

namespace mergec {

/// Calls kernel `K` on the operands of elementwise node `V`, at most three
/// tensors of one type; its attributes, at most two numbers, are the kernel's.
void emitKernel(SweepBuilder &B, ValueId V, Kernel K);

/// `OpInfo::Emit` of an op that is a kernel for each type computed in.
template <Kernel InF32, Kernel InF64>
void emitKernel(SweepBuilder &B, ValueId V, unsigned) {
  emitKernel(B, V, B.graph().type(V).Element == DType::F64 ? InF64 : InF32);
}

} // namespace mergec

#endif // MERGEC_SCHEDULE_EMITKERNEL_H
