//===- Store.cpp - A tensor of the result --------------------------------===//
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

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!G.type(Operands[0]).isTensor())
    Error = "`store` takes a tensor, not " + typeText(G.type(Operands[0]));
  return G.intern(Type());
}

static void emit(SweepBuilder &B, ValueId V, unsigned) { B.store(V); }

static constexpr AttributeSpec Attributes[] = {
    {"name", AttributeKind::Name},
    {"result", AttributeKind::Name, /*Optional=*/true},
};

namespace mergec::ops {
extern const OpInfo opStore;
const OpInfo opStore = {
    .Mnemonic = "store",
    .Class = OpClass::Sink,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = Attributes,
    .Summary = "writes tensor `name` of the model, or of the model `result` if "
               "the run makes several",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
