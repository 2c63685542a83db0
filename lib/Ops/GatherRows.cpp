//===- GatherRows.cpp - Rows of several tensors as one --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/IR/RowMap.h"
#include "mergec/Ops/Op.h"
#include "mergec/Ops/TypeRules.h"

using namespace mergec;

// Operands: the map, then its sources. Rows are read from where they lie, in
// the order of the result; what is kept in order is read as if there were no
// map. Rows of one type that are only moved keep their type, and their bytes.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (G.op(Operands[0]) != Op::RowMap) {
    Error = "the first operand is a `row_map`, not " +
            typeText(G.type(Operands[0]));
    return {};
  }
  const RowMap &Map =
      *G.rowMap(NameId{uint32_t(G.attribute(Operands[0], 0))}, Error);
  llvm::ArrayRef<ValueId> Sources = Operands.drop_front();
  if (Map.sources() > Sources.size()) {
    Error = "the map is of " + std::to_string(Map.sources()) +
            " sources, not " + std::to_string(Sources.size());
    return {};
  }
  Type Result = G.type(Sources[0]);
  bool SameType = true, Double = false, Floats = true;
  for (auto [I, V] : llvm::enumerate(Sources)) {
    const Type &T = G.type(V);
    if (!T.isTensor() || T.Shape.empty() || bitWidth(T.Element) % 8 ||
        T.Element == DType::Opaque ||
        llvm::ArrayRef(T.Shape).drop_front() !=
            llvm::ArrayRef(Result.Shape).drop_front()) {
      Error = "takes tensors with rows of one shape, not " + typeText(Result) +
              " and " + typeText(T);
      return {};
    }
    if (I < Map.sources() && Map.highestRow(I) >= T.Shape[0]) {
      Error = "the map takes row " + std::to_string(Map.highestRow(I)) +
              " of " + typeText(T);
      return {};
    }
    SameType &= T.Element == Result.Element;
    Double |= T.Element == DType::F64;
    Floats &= isFloatTensor(T);
  }
  Result.Shape[0] = Map.rows();
  if (!SameType || Map.hasMeans()) {
    if (!Floats) {
      Error = "can't convert or average rows of " + typeText(Result);
      return {};
    }
    Result.Element = Double ? DType::F64 : DType::F32;
  }
  return G.intern(Result);
}

static ValueId fold(Graph &G, ValueId V) {
  llvm::ArrayRef<ValueId> Operands = G.operands(V);
  std::string Error;
  const RowMap &Map =
      *G.rowMap(NameId{uint32_t(G.attribute(Operands[0], 0))}, Error);
  bool AsItIs = Map.isLeading() && G.typeId(V) == G.typeId(Operands[1]);
  return AsItIs ? Operands[1] : ValueId();
}

namespace mergec::ops {
extern const OpInfo opGatherRows;
const OpInfo opGatherRows = {
    .Mnemonic = "gather_rows",
    .Class = OpClass::Movement,
    .MinOperands = 2,
    .MaxOperands = OpInfo::AnyNumber,
    .Summary = "rows of tensors, put together by a map",
    .Infer = infer,
    .Fold = fold,
};
} // namespace mergec::ops
