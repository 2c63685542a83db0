//===- Multiply.cpp - Products of elements -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

namespace mergec::ops {
extern const OpInfo opMultiply;
const OpInfo opMultiply = {
    .Mnemonic = "multiply",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Summary = "x·y",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::MultiplyF32, Kernel::MultiplyF64>,
};
} // namespace mergec::ops
