//===- Load.cpp - A tensor of a checkpoint -------------------------------===//
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
                    TypeId Stated, std::string &Error) {
  if (!Stated.valid() || !G.get(Stated).isTensor())
    Error = "`load` needs the type of its tensor";
  return Stated;
}

static constexpr AttributeSpec Attributes[] = {
    {"model", AttributeKind::Name},
    {"name", AttributeKind::Name},
    {"index", AttributeKind::Hidden}, // Into the checkpoint's tensors.
};

namespace mergec::ops {
extern const OpInfo opLoad;
const OpInfo opLoad = {
    .Mnemonic = "load",
    .Class = OpClass::Source,
    .MinOperands = 0,
    .MaxOperands = 0,
    .Attributes = Attributes,
    .Summary = "tensor `name` of model `model`, as stored",
    .Infer = infer,
};
} // namespace mergec::ops
