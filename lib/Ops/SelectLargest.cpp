//===- SelectLargest.cpp - The k largest magnitudes ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/GuessSelection.h"
#include "mergec/Schedule/RadixSelection.h"

using namespace mergec;

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  ranksOf(G, Operands, Error);
  return G.intern(Type::selection());
}

static void emit(SweepBuilder &B, ValueId V, unsigned Phase) {
  emitRadixSelection(B, V, Phase);
}

namespace mergec::ops {
extern const OpInfo opSelectLargest;
const OpInfo opSelectLargest = {
    .Mnemonic = "select_largest",
    .Class = OpClass::Reduction,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Summary = "the k elements of largest magnitude; of a class of equals on "
               "the edge, an even share",
    .Infer = infer,
    .Emit = emit,
    .Phases = 3,
    .Guess = emitGuess,
};
} // namespace mergec::ops
