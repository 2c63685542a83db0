//===- Subtract.cpp - A difference, such as a task vector ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  ValueId X = B.graph().operands(V)[0], Y = B.graph().operands(V)[1];
  DType Compute = B.graph().type(V).Element;
  TileOperand A = B.read(X), C = B.read(Y);
  Kernel K = Kernel::SubtractF64F64;
  if (Compute == DType::F32)
    K = A.Type != C.Type        ? Kernel::SubtractF32F32
        : A.Type == DType::BF16 ? Kernel::SubtractF32BF16
        : A.Type == DType::F16  ? Kernel::SubtractF32F16
                                : Kernel::SubtractF32F32;
  if (K == Kernel::SubtractF32F32 || Compute == DType::F64) {
    A = B.readWide(X);
    C = B.readWide(Y);
  }
  B.call(K, B.result(V), A, C);
}

namespace mergec::ops {
extern const OpInfo opSubtract;
const OpInfo opSubtract = {
    .Mnemonic = "subtract",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Summary = "x - y",
    .Infer = inferSame,
    .Emit = emit,
};
} // namespace mergec::ops
