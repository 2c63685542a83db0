//===- Slice.cpp - The leading rows of a tensor --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/Op.h"

using namespace mergec;

// Rows along the first axis. In memory they are the first bytes of the tensor,
// so a slice of a load costs nothing.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  Type T = G.type(Operands[0]);
  int64_t Rows = Attributes[0];
  if (!T.isTensor() || T.Shape.empty() || T.Element == DType::Opaque) {
    Error = "`slice` takes a tensor with at least one axis, not " + typeText(T);
    return {};
  }
  if (Rows < 0 || Rows > T.Shape[0]) {
    Error = "`slice` can't take " + std::to_string(Rows) + " rows of " +
            typeText(T);
    return {};
  }
  T.Shape[0] = Rows;
  return G.intern(T);
}

static ValueId fold(Graph &G, ValueId V) {
  ValueId From = G.operands(V)[0];
  return G.typeId(V) == G.typeId(From) ? From : ValueId();
}

static constexpr AttributeSpec Attributes[] = {
    {"rows", AttributeKind::Integer},
};

namespace mergec::ops {
extern const OpInfo opSlice;
const OpInfo opSlice = {
    .Mnemonic = "slice",
    .Class = OpClass::Movement,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "the first `rows` entries along the first axis",
    .Infer = infer,
    .Fold = fold,
};
} // namespace mergec::ops
