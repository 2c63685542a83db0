//===- Thin.cpp - Random masks -------------------------------------------===//
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

// An element survives if its random word, a pure function of the key and of its
// index in the tensor, is below the probability (RandomWord.h). So a mask needs
// no memory, and is drawn again in each sweep that asks for it.
//
// Operands: the tensor, then the probability.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  if (const Type &P = G.type(Operands[1]); P != Type::scalar())
    Error = "the probability is f64, not " + typeText(P);
  return G.typeId(Operands[0]);
}

static ValueId fold(Graph &G, ValueId V) {
  std::optional<double> P = G.constantValue(G.operands(V)[1]);
  return P && *P >= 1 ? G.operands(V)[0] : ValueId();
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  Instruction I;
  I.A = B.readWide(G.operands(V)[0]);
  I.First =
      I.A.Type == DType::F64 ? Kernel::KeepRandomF64 : Kernel::KeepRandomF32;
  I.S = B.numbers(G.operands(V)[1]);
  // Keys differ from tensor to tensor. As constants they don't keep groups from
  // sharing their code.
  I.KeyFrom = Instruction::KeySource::NumberBits;
  I.Key = B.literal(number(G.attribute(V, 0))).Slot;
  I.Out = B.result(V);
  B.append(I);
}

static constexpr AttributeSpec Attributes[] = {
    {"key", AttributeKind::Integer},
};

namespace mergec::ops {
extern const OpInfo opThin;
const OpInfo opThin = {
    "thin",     OpClass::Elementwise,
    2,          2,
    Attributes, "each element with a probability, else 0; drawn by `key`",
    infer,      fold,
    emit,       1,
    true};
} // namespace mergec::ops
