//===- Elect.cpp - Sign elections ----------------------------------------===//
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

// +1 where w0·x0 + w1·x1 + … ≥ 0, else -1, the sum being formed in f64 in
// operand order; or, by count, where at least as many products are positive as
// negative.
//
// Operands: the tensors, then as many weights.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (Operands.size() % 2) {
    Error = "`elect` takes as many weights as tensors";
    return {};
  }
  llvm::StringRef By = G.get(NameId{uint32_t(Attributes[0])});
  if (By != "sum" && By != "count")
    Error = ("`by` is `sum` or `count`, not `" + By + "`").str();
  size_t N = Operands.size() / 2;
  if (!sameComputed(G, Operands.take_front(N), Error))
    return {};
  for (ValueId W : Operands.drop_front(N))
    if (!weighs(G, W, G.type(Operands[0]), Error))
      return {};
  Type T = G.type(Operands[0]);
  T.Element = DType::F32;
  return G.intern(T);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  llvm::ArrayRef<ValueId> All = G.operands(V);
  size_t N = All.size() / 2;
  bool Count = G.nameAttribute(V, 0) == "count";
  TileOperand Sum = B.scratch(DType::F64);
  if (Count)
    B.call(Kernel::FillF64, Sum, {});
  for (size_t I = 0; I != N; ++I) {
    TileOperand X = B.readWide(All[I]);
    bool Double = X.Type == DType::F64;
    NumberRef W = B.numbers(All[N + I]);
    if (Count) {
      B.call(Double ? Kernel::AddSignF64F64 : Kernel::AddSignF64F32, Sum, X, {},
             W);
      continue;
    }
    Instruction T;
    T.How = Instruction::Form::Accumulate;
    T.StartsSum = I == 0;
    T.EndsSum = I + 1 == N;
    T.Out = Sum;
    T.A = X;
    T.S = W;
    T.First = Double ? Kernel::ScaleF64F64 : Kernel::ScaleF64F32;
    T.Next = Double ? Kernel::AddScaledF64F64 : Kernel::AddScaledF64F32;
    B.append(T);
  }
  B.call(Kernel::SignF32F64, B.result(V), Sum);
}

static constexpr AttributeSpec Attributes[] = {
    {"by", AttributeKind::Name},
};

namespace mergec::ops {
extern const OpInfo opElect;
const OpInfo opElect = {
    .Mnemonic = "elect",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = OpInfo::AnyNumber,
    .Attributes = Attributes,
    .Summary = "the sign (+1, -1) that the weighted tensors agree on, `by` sum "
               "or count",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
