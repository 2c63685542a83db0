//===- Canonicalize.cpp - Folding by the rules of the ops ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Transforms/Pipeline.h"

using namespace mergec;

void mergec::canonicalize(Graph &G) {
  // Operands stand before their users, so one pass from the front sees every
  // operand in its simplest form.
  std::vector<ValueId> Forward(G.size());
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    Forward[I] = V;
    for (unsigned O = 0; O != G.operands(V).size(); ++O)
      G.setOperand(V, O, Forward[G.operands(V)[O].Index]);
    const OpInfo &Info = G.info(V);
    if (!Info.Fold)
      continue;
    // A fold may make another possible; each shortens the chain of operands.
    if (ValueId Same = Info.Fold(G, V); Same.valid())
      Forward[I] = Same;
  }
}
