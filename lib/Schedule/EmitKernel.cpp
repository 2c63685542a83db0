//===- EmitKernel.cpp - Ops that are one kernel ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/EmitKernel.h"

using namespace mergec;

void mergec::emitKernel(SweepBuilder &B, ValueId V, Kernel K) {
  const Graph &G = B.graph();
  llvm::ArrayRef<ValueId> Operands = G.operands(V);
  llvm::ArrayRef<uint64_t> Numbers = G.attributes(V);
  assert(Operands.size() <= 3 && Numbers.size() <= 2 && "no room for more");
  Instruction I;
  I.First = K;
  TileOperand *Tiles[] = {&I.A, &I.B, &I.C};
  for (size_t T = 0; T != Operands.size(); ++T)
    *Tiles[T] = B.readWide(Operands[T]);
  NumberRef *Scalars[] = {&I.S, &I.T};
  for (size_t S = 0; S != Numbers.size(); ++S)
    *Scalars[S] = B.literal(number(Numbers[S]));
  I.Out = B.result(V);
  B.append(I);
}
