//===- Divergence.cpp - How far distributions are apart -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/LaneSum.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

// Kullback and Leibler's divergence of q from p, in f64: where the two are
// nearly equal almost all of it cancels.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  if (G.type(Operands[0]).Element != DType::F64)
    Error = "`divergence` takes tensors of f64, not " +
            typeText(G.type(Operands[0]));
  return reducedType(G, G.type(Operands[0]), Attributes[0], 1, Error);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  emitLaneSum(B, V, Kernel::DivergenceF64F64, B.readWide(Operands[0]),
              B.readWide(Operands[1]), 0,
              B.literal(number(B.graph().attribute(V, 1))));
}

static constexpr AttributeSpec Attributes[] = {
    {"over", AttributeKind::Name},
    {"floor", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opDivergence;
const OpInfo opDivergence = {
    .Mnemonic = "divergence",
    .Class = OpClass::Reduction,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Attributes = Attributes,
    .Summary = "Σp·log(p/q) over the tensor or each row, `floor` added to both",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
