//===- MethodContext.cpp - What a method lowers one tensor with ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"

using namespace mergec;

ValueId MethodContext::widen(ValueId V, DType To) {
  Type T = G.type(V);
  if (T.Element == To)
    return V;
  T.Element = To;
  return G.create(Op::Cast, {V}, {}, G.intern(T));
}

ValueId MethodContext::combine(llvm::ArrayRef<ValueId> Tensors,
                               llvm::ArrayRef<ValueId> Weights) {
  llvm::SmallVector<ValueId, 16> Operands(Tensors.begin(), Tensors.end());
  Operands.append(Weights.begin(), Weights.end());
  return G.create(Op::Combine, Operands);
}

ValueId MethodContext::combine(llvm::ArrayRef<ValueId> Tensors,
                               llvm::ArrayRef<double> Weights) {
  llvm::SmallVector<ValueId, 8> Constants;
  for (double W : Weights)
    Constants.push_back(constant(W));
  return combine(Tensors, Constants);
}

ValueId MethodContext::gram(llvm::ArrayRef<ValueId> Tensors, bool PerRow) {
  uint64_t Axis = PerRow ? G.intern(llvm::StringRef("row")).Index : Over;
  return G.create(Op::Gram, Tensors, {Axis});
}

ValueId MethodContext::keepLargest(ValueId X, uint64_t Count) {
  ValueId Selection = G.create(Op::SelectLargest, {X, constant(double(Count))});
  return G.create(Op::Keep, {X, Selection});
}

ValueId MethodContext::map(llvm::StringRef Function,
                           llvm::ArrayRef<ValueId> Numbers, unsigned Width) {
  return G.create(Op::Map, Numbers, {G.intern(Function).Index, Width});
}
