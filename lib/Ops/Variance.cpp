//===- Variance.cpp - The spread of several tensors -----------------------===//
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

// The mean of the squared distances to the mean, formed in f64 in the order of
// the operands, then rounded.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  Type T = G.type(Operands[0]);
  T.Element = DType::F32;
  return G.intern(T);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> All = B.graph().operands(V);
  TileOperand Count = B.scratch(DType::F64), Mean = B.scratch(DType::F64),
              Sum = B.scratch(DType::F64), Offset = B.scratch(DType::F64);
  NumberRef One = B.literal(1.0);
  B.call(Kernel::FillF64, Count, {}, {}, B.literal(double(All.size())));

  B.call(Kernel::FillF64, Mean, {});
  for (ValueId X : All) {
    TileOperand Each = B.readWide(X);
    B.call(Each.Type == DType::F64 ? Kernel::AddScaledF64F64
                                   : Kernel::AddScaledF64F32,
           Mean, Each, {}, One);
  }
  B.call(Kernel::DivideF64, Mean, Mean, Count);

  B.call(Kernel::FillF64, Sum, {});
  for (ValueId X : All) {
    TileOperand Each = B.readWide(X);
    if (Each.Type != DType::F64)
      B.call(Kernel::WidenF64F32, Offset, Each);
    B.call(Kernel::SubtractF64F64, Offset,
           Each.Type == DType::F64 ? Each : Offset, Mean);
    B.call(Kernel::MultiplyF64, Offset, Offset, Offset);
    B.call(Kernel::AddScaledF64F64, Sum, Offset, {}, One);
  }
  B.call(Kernel::DivideF64, Sum, Sum, Count);

  Instruction Narrow;
  Narrow.First = Kernel::RoundF32F64;
  Narrow.A = Sum;
  Narrow.Out = B.result(V);
  Narrow.State = Instruction::NonFiniteCount;
  B.append(Narrow);
}

namespace mergec::ops {
extern const OpInfo opVariance;
const OpInfo opVariance = {
    .Mnemonic = "variance",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = OpInfo::AnyNumber,
    .Summary = "at each place the variance of the tensors, as f32",
    .Infer = infer,
    .Emit = emit,
    .Price = 5,
};
} // namespace mergec::ops
