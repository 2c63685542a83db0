//===- Clamp.cpp - Values between two bounds -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

// A NaN stays one. With an infinite bound this is a minimum or a maximum.

static constexpr AttributeSpec Attributes[] = {
    {"low", AttributeKind::Number},
    {"high", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opClamp;
const OpInfo opClamp = {
    .Mnemonic = "clamp",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "x, but at least `low` and at most `high`",
    .Infer = inferSame,
    .Emit = emitKernel<Kernel::ClampF32, Kernel::ClampF64>,
};
} // namespace mergec::ops
