//===- Constant.cpp - A number known at compile time ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/Op.h"

using namespace mergec;

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId>, llvm::ArrayRef<uint64_t>,
                    TypeId, std::string &) {
  return G.intern(Type::scalar());
}

static constexpr AttributeSpec Attributes[] = {
    {"value", AttributeKind::Number},
};

namespace mergec::ops {
extern const OpInfo opConstant;
const OpInfo opConstant = {
    .Mnemonic = "constant",
    .Class = OpClass::Host,
    .MinOperands = 0,
    .MaxOperands = 0,
    .Attributes = Attributes,
    .Summary = "the number `value`",
    .Infer = infer,
};
} // namespace mergec::ops
