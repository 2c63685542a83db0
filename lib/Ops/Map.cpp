//===- Map.cpp - Host functions of numbers -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/Map.h"
#include "mergec/IR/Graph.h"
#include "mergec/Methods/HostFunction.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

// Operands are concatenated: a `vec<3xf64>` gives three inputs. If any operand
// is per row (or column), the function is applied to each row (column) and
// plain scalars are the same for all.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (!findHostFunction(G.get(NameId{uint32_t(Attributes[0])})))
    Error = ("there is no function `" + G.get(NameId{uint32_t(Attributes[0])}) +
             "`")
                .str();
  if (int64_t(Attributes[1]) < 1 || int64_t(Attributes[1]) > (1 << 20))
    Error = "`width` counts the results";
  Type Result = Type::scalar();
  for (ValueId O : Operands) {
    const Type &T = G.type(O);
    if (!T.isNumbers())
      Error = "`map` takes numbers, not " + typeText(T);
    if (T.Kind == TypeKind::Scalar)
      continue;
    if (Result.Kind != TypeKind::Scalar &&
        (Result.Kind != T.Kind || Result.Shape != T.Shape))
      Error = "`map` can't pair " + typeText(Result) + " with " + typeText(T);
    Result = T;
  }
  Result.Width = Attributes[1];
  return G.intern(Result);
}

bool mergec::foldMap(const Graph &G, ValueId V,
                     llvm::SmallVectorImpl<double> &Out) {
  if (G.type(V).Kind != TypeKind::Scalar)
    return false;
  const HostFunction *F = findHostFunction(G.nameAttribute(V, 0));
  llvm::SmallVector<std::optional<double>, 16> In;
  bool AllKnown = true;
  for (ValueId O : G.operands(V)) {
    std::optional<double> Known = G.constantValue(O);
    AllKnown &= Known.has_value();
    In.append(G.type(O).Width, Known);
  }
  Out.assign(G.attribute(V, 1), 0.0);
  if (F->Fold && F->Fold(In, Out))
    return true;
  if (!AllKnown)
    return false;
  llvm::SmallVector<double, 16> Numbers;
  for (std::optional<double> &N : In)
    Numbers.push_back(*N);
  F->Evaluate(Numbers, Out);
  return true;
}

static ValueId fold(Graph &G, ValueId V) {
  llvm::SmallVector<double, 4> Out;
  if (G.attribute(V, 1) == 1 && foldMap(G, V, Out))
    G.becomeConstant(V, Out[0]);
  return {};
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  B.hostCall(*findHostFunction(B.graph().nameAttribute(V, 0)), V);
}

static constexpr AttributeSpec Attributes[] = {
    {"function", AttributeKind::Name},
    {"width", AttributeKind::Integer},
};

namespace mergec::ops {
extern const OpInfo opMap;
const OpInfo opMap = {
    .Mnemonic = "map",
    .Class = OpClass::Host,
    .MinOperands = 0,
    .MaxOperands = OpInfo::AnyNumber,
    .Attributes = Attributes,
    .Summary = "a method's function of numbers, for the tensor or for each row "
               "or column",
    .Infer = infer,
    .Fold = fold,
    .Emit = emit,
};
} // namespace mergec::ops
