//===- Divide.cpp - Quotients of elements --------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

// A divisor of 0 counts as 1: an average over nothing is the sum of nothing.

namespace mergec::ops {
extern const OpInfo opDivide;
const OpInfo opDivide = {
    .Mnemonic = "divide",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Summary = "x / y; a divisor of 0 counts as 1",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::DivideNonzeroF32, Kernel::DivideNonzeroF64>,
};
} // namespace mergec::ops
