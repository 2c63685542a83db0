//===- RowMap.cpp - Where the rows of a tensor come from ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/RowMap.h"
#include "mergec/IR/Graph.h"
#include "mergec/Ops/Op.h"

using namespace mergec;

// A value of its own, so that it stands in the graph once however many tensors
// follow it. Nothing is computed for it.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId>,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  G.rowMap(NameId{uint32_t(Attributes[0])}, Error);
  return G.intern(Type::rowMap());
}

static constexpr AttributeSpec Attributes[] = {
    {"rows", AttributeKind::Name},
};

namespace mergec::ops {
extern const OpInfo opRowMap;
const OpInfo opRowMap = {
    .Mnemonic = "row_map",
    .Class = OpClass::Source,
    .MinOperands = 0,
    .MaxOperands = 0,
    .Attributes = Attributes,
    .Summary = "where rows come from: sources, means, zero",
    .Infer = infer,
};
} // namespace mergec::ops
