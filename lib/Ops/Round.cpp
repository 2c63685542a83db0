//===- Round.cpp - A stage's result in its storage type ------------------===//
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

// Never removed unless it changes nothing: a chain run as one graph must give
// the bytes of its stages run one by one through files.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId Stated,
                    std::string &Error) {
  Type T = G.type(Operands[0]);
  if (!isFloatTensor(T) || !Stated.valid() || !isFloatTensor(G.get(Stated)) ||
      bitWidth(G.get(Stated).Element) > bitWidth(T.Element)) {
    Error = "`round` takes a float tensor to a type that is no wider, not " +
            typeText(T);
    return {};
  }
  T.Element = G.get(Stated).Element;
  return G.intern(T);
}

static ValueId fold(Graph &G, ValueId V) {
  ValueId From = G.operands(V)[0];
  // A value that is stored must lie in a buffer as it is to be written: what
  // has been loaded or rounded does.
  if (G.typeId(V) == G.typeId(From) &&
      (G.op(From) == Op::Round || G.info(From).Class == OpClass::Source ||
       G.info(From).Class == OpClass::Movement))
    return From;
  // Widened and rounded back to where it came from: bf16 -> f32 -> bf16.
  if (G.op(From) == Op::Cast && G.typeId(G.operands(From)[0]) == G.typeId(V))
    return G.operands(From)[0];
  return {};
}

static Kernel kernel(DType From, DType To) {
  if (From == DType::F64)
    return To == DType::BF16  ? Kernel::RoundBF16F64
           : To == DType::F16 ? Kernel::RoundF16F64
           : To == DType::F32 ? Kernel::RoundF32F64
                              : Kernel::RoundF64F64;
  return To == DType::BF16  ? Kernel::RoundBF16F32
         : To == DType::F16 ? Kernel::RoundF16F32
                            : Kernel::RoundF32F32;
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  ValueId From = G.operands(V)[0];
  Instruction I;
  I.First = kernel(G.type(From).Element, G.type(V).Element);
  I.A = B.readWide(From);
  I.Out = B.result(V);
  I.State = Instruction::NonFiniteCount;
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opRound;
const OpInfo opRound = {
    .Mnemonic = "round",
    .Class = OpClass::Elementwise,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Summary = "rounded to nearest even into a storage type",
    .Infer = infer,
    .Fold = fold,
    .Emit = emit,
};
} // namespace mergec::ops
