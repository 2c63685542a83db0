//===- Absolute.cpp - Magnitudes -----------------------------------------===//
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
extern const OpInfo opAbsolute;
const OpInfo opAbsolute = {
    .Mnemonic = "absolute",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Summary = "|x|",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::AbsoluteF32, Kernel::AbsoluteF64>,
};
} // namespace mergec::ops
