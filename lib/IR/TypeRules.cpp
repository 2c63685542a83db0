//===- TypeRules.cpp - Shared pieces of the ops' type rules --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/TypeRules.h"

using namespace mergec;

bool mergec::isComputed(const Type &T) {
  return T.isTensor() && (T.Element == DType::F32 || T.Element == DType::F64);
}

bool mergec::isFloatTensor(const Type &T) {
  return T.isTensor() && isFloat(T.Element);
}

bool mergec::sameComputed(const Graph &G, llvm::ArrayRef<ValueId> Values,
                          std::string &Error) {
  for (ValueId V : Values) {
    if (!isComputed(G.type(V))) {
      Error = "takes f32 or f64 tensors, not " + typeText(G.type(V));
      return false;
    }
    if (G.typeId(V) != G.typeId(Values.front())) {
      Error = "takes tensors of one type, not " +
              typeText(G.type(Values.front())) + " and " + typeText(G.type(V));
      return false;
    }
  }
  return true;
}

TypeId mergec::inferSame(Graph &G, llvm::ArrayRef<ValueId> Operands,
                         llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.typeId(Operands[0]);
}

bool mergec::weighs(const Graph &G, ValueId W, const Type &T,
                    std::string &Error, bool Columns) {
  const Type &N = G.type(W);
  bool Fits =
      N.Width == 1 &&
      (N.Kind == TypeKind::Scalar ||
       (N.Kind == TypeKind::Rows && N.Shape[0] == int64_t(T.rowCount())) ||
       (N.Kind == TypeKind::Columns && Columns &&
        N.Shape[0] == int64_t(T.columnCount())));
  if (!Fits)
    Error = std::string(Columns ? "weights are f64, one per row or one per "
                                  "column, not "
                                : "weights are f64 or one per row, not ") +
            typeText(N) + " for " + typeText(T);
  return Fits;
}

TypeId mergec::reducedType(Graph &G, const Type &T, uint64_t Over,
                           uint32_t Width, std::string &Error) {
  llvm::StringRef Axis = G.get(NameId{uint32_t(Over)});
  if (Axis == "tensor")
    return G.intern(Type::scalar(Width));
  if (Axis == "row")
    return G.intern(Type::rows(T.rowCount(), Width));
  Error = ("`over` is `tensor` or `row`, not `" + Axis + "`").str();
  return {};
}

TypeId mergec::inferReduced(Graph &G, llvm::ArrayRef<ValueId> Operands,
                            llvm::ArrayRef<uint64_t> Attributes, TypeId,
                            std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  return reducedType(G, G.type(Operands[0]), Attributes[0], 1, Error);
}
