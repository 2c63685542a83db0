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
  llvm::SmallVector<TileOperand, 8> Each;
  for (ValueId X : All)
    Each.push_back(B.readWide(X));
  Instruction I;
  I.Out = B.result(V);
  I.How = Instruction::Form::Operand;
  for (const TileOperand &X : Each) {
    I.A = X;
    B.append(I);
  }
  I.How = Instruction::Form::CallWithOperands;
  I.A = {};
  I.First = Each[0].Type == DType::F64 ? Kernel::VarianceF32F64
                                       : Kernel::VarianceF32F32;
  I.Key = All.size();
  I.State = Instruction::NonFiniteCount;
  B.append(I);
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
