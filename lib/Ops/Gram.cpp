//===- Gram.cpp - All inner products of several tensors ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Kernels/State.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/LaneSum.h"
#include "mergec/Schedule/SweepBuilder.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

// Angles between N tensors, and lengths and angles of what is combined of them,
// follow from the N(N+1)/2 inner products: <x0, x0>, <x0, x1>, …, <x1, x1>, …,
// the upper triangle row by row. One value instead of as many `dot`s: a merge
// of a hundred models has 5050 of them in each tensor.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  size_t N = Operands.size();
  return reducedType(G, G.type(Operands[0]), Attributes[0], N * (N + 1) / 2,
                     Error);
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  // Read as they are, unless that would mix types. Of few the runtime takes all
  // products at once; of many each tile is read N + 1 times, so it is widened
  // once and for all.
  llvm::SmallVector<TileOperand, 8> Tiles;
  for (ValueId X : Operands)
    Tiles.push_back(B.read(X));
  auto IsLikeFirst = [&](const TileOperand &T) {
    return T.Type == Tiles[0].Type;
  };
  if (Tiles.size() > GramTerms::Most || !llvm::all_of(Tiles, IsLikeFirst))
    for (size_t I = 0; I != Tiles.size(); ++I)
      Tiles[I] = B.readWide(Operands[I]);
  Kernel Dot = dotKernel(Tiles[0].Type);
  uint32_t Entry = 0;
  for (size_t I = 0; I != Tiles.size(); ++I)
    for (size_t J = I; J != Tiles.size(); ++J)
      emitLaneSum(B, V, Dot, Tiles[I], Tiles[J], Entry++);
}

namespace mergec::ops {
extern const OpInfo opGram;
const OpInfo opGram = {
    .Mnemonic = "gram",
    .Class = OpClass::Reduction,
    .MinOperands = 1,
    .MaxOperands = OpInfo::AnyNumber,
    .Attributes = OverAttribute,
    .Summary = "all inner products <x_i, x_j>, i ≤ j, over the tensor or each "
               "row, in f64",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
