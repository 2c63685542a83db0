//===- Agree.cpp - Sums over those that share the elected sign -----------===//
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

// Σ v_i·x_i over the i for which sign(v_i·x_i) is the elected sign s; divided
// by Σ u_i over the same i when `divide` is `nonzero` (a sum of 0 counts as 1)
// or `at-least` (a sum below `floor` counts as `floor`).
//
// Operands: s, the tensors x, the weights v and, unless `divide` is `none`, u.

static size_t terms(const Graph &G, llvm::ArrayRef<ValueId> Operands,
                    uint64_t Divide) {
  size_t Lists = G.get(NameId{uint32_t(Divide)}) == "none" ? 2 : 3;
  return (Operands.size() - 1) % Lists ? 0 : (Operands.size() - 1) / Lists;
}

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  llvm::StringRef Divide = G.get(NameId{uint32_t(Attributes[0])});
  if (Divide != "none" && Divide != "nonzero" && Divide != "at-least") {
    Error =
        ("`divide` is `none`, `nonzero` or `at-least`, not `" + Divide + "`")
            .str();
    return {};
  }
  size_t N = terms(G, Operands, Attributes[0]);
  if (!N) {
    Error = "`agree` takes a sign, tensors, and as many weights and divisors";
    return {};
  }
  if (!sameComputed(G, Operands.slice(1, N), Error))
    return {};
  const Type &T = G.type(Operands[1]);
  Type Sign = T;
  Sign.Element = DType::F32;
  if (G.type(Operands[0]) != Sign) {
    Error = "the sign is " + typeText(Sign) + ", not " +
            typeText(G.type(Operands[0]));
    return {};
  }
  for (ValueId W : Operands.drop_front(1 + N))
    if (!weighs(G, W, T, Error))
      return {};
  return G.typeId(Operands[1]);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  llvm::ArrayRef<ValueId> All = G.operands(V);
  size_t N = terms(G, All, G.attribute(V, 0));
  llvm::StringRef Divide = G.nameAttribute(V, 0);
  DType Compute = G.type(V).Element;
  bool Double = Compute == DType::F64;
  Kernel Fill = Double ? Kernel::FillF64 : Kernel::FillF32;

  TileOperand Sign = B.readWide(All[0]);
  TileOperand Out = B.result(V);
  B.call(Fill, Out, {});
  TileOperand Divisor;
  if (Divide != "none") {
    Divisor = B.scratch(Compute);
    B.call(Fill, Divisor, {});
  }
  for (size_t I = 0; I != N; ++I) {
    TileOperand X = B.readWide(All[1 + I]);
    NumberRef Weight = B.numbers(All[1 + N + I]);
    B.call(Double ? Kernel::AddAgreeingF64 : Kernel::AddAgreeingF32, Out, X,
           Sign, Weight, Weight);
    if (Divide != "none")
      B.call(Double ? Kernel::AddAgreeingWeightF64
                    : Kernel::AddAgreeingWeightF32,
             Divisor, X, Sign, Weight, B.numbers(All[1 + 2 * N + I]));
  }
  if (Divide == "nonzero")
    B.call(Double ? Kernel::DivideNonzeroF64 : Kernel::DivideNonzeroF32, Out,
           Out, Divisor);
  else if (Divide == "at-least")
    B.call(Double ? Kernel::DivideAtLeastF64 : Kernel::DivideAtLeastF32, Out,
           Out, Divisor, B.literal(number(G.attribute(V, 1))));
}

static constexpr AttributeSpec Attributes[] = {
    {"divide", AttributeKind::Name},
    {"floor", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opAgree;
const OpInfo opAgree = {
    .Mnemonic = "agree",
    .Class = OpClass::Elementwise,
    .MinOperands = 3,
    .MaxOperands = OpInfo::AnyNumber,
    .Attributes = Attributes,
    .Summary = "the weighted sum of the tensors that have the elected sign, "
               "over the sum of their divisors",
    .Infer = infer,
    .Emit = emit,
    .LeavesOut = true,
};
} // namespace mergec::ops
