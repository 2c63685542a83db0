//===- IsAbove.cpp - Where a threshold is exceeded -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

// The threshold is compared with in f64, exactly; a NaN is not above it.

static constexpr AttributeSpec Attributes[] = {
    {"threshold", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opIsAbove;
const OpInfo opIsAbove = {
    .Mnemonic = "is_above",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "1 where x > `threshold`, else 0",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::IsGreaterF32, Kernel::IsGreaterF64>,
};
} // namespace mergec::ops
