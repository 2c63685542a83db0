//===- Blend.cpp - Averages with a weight for each element ---------------===//
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
extern const OpInfo opBlend;
const OpInfo opBlend = {
    .Mnemonic = "blend",
    .Class = OpClass::Elementwise,
    .MinOperands = 3,
    .MaxOperands = 3,
    .Summary = "z·x + (1 - z)·y: an average with a weight z for each element",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::BlendF32, Kernel::BlendF64>,
};
} // namespace mergec::ops
