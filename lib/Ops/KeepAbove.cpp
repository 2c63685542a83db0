//===- KeepAbove.cpp - Magnitudes above a threshold ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

// The threshold is compared with in f64, exactly. A NaN is kept, so that it
// reaches the result and is reported.

static constexpr AttributeSpec Attributes[] = {
    {"threshold", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opKeepAbove;
const OpInfo opKeepAbove = {
    .Mnemonic = "keep_above",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "x where |x| > `threshold`, else 0",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::KeepGreaterF32, Kernel::KeepGreaterF64>,
};
} // namespace mergec::ops
