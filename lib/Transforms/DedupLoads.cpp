//===- DedupLoads.cpp - Equal values once --------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Transforms/Pipeline.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

namespace {
struct Key {
  const Graph *G;
  ValueId V;
};

/// The first nodes that have a value as their latest operand, and so stand not
/// far behind it. Nearly every value has few, so that a node is compared with
/// its like before there is need to hash it.
class FirstUsers {
public:
  explicit FirstUsers(const Graph &G) : G(G), First(G.size()), Next(G.size()) {}

  /// The node that equals `V`, `V` itself if it has been added as another, or
  /// none if there are too many to look through.
  ValueId findOrAdd(ValueId V);

private:
  static constexpr unsigned Most = 8;

  const Graph &G;
  std::vector<ValueId> First, Next;
};
} // namespace

/// Nodes are equal if op, operands, attributes and type are. The type matters
/// for ops whose result does not follow from the rest.
static bool areEqual(const Graph &G, ValueId A, ValueId B) {
  return G.op(A) == G.op(B) && G.typeId(A) == G.typeId(B) &&
         G.operands(A) == G.operands(B) && G.attributes(A) == G.attributes(B);
}

ValueId FirstUsers::findOrAdd(ValueId V) {
  if (G.operands(V).empty())
    return {};
  ValueId Latest = *llvm::max_element(
      G.operands(V), [](ValueId A, ValueId B) { return A.Index < B.Index; });
  unsigned Users = 0;
  for (ValueId U = First[Latest.Index]; U.valid(); U = Next[U.Index]) {
    if (areEqual(G, U, V))
      return U;
    ++Users;
  }
  if (Users == Most)
    return {};
  Next[V.Index] = First[Latest.Index];
  return First[Latest.Index] = V;
}

template <> struct llvm::DenseMapInfo<Key> {
  static Key getEmptyKey() { return {nullptr, {~0u}}; }
  static Key getTombstoneKey() { return {nullptr, {~0u - 1}}; }
  static unsigned getHashValue(const Key &K) {
    const Graph &G = *K.G;
    hash_code H = hash_combine(G.op(K.V), G.typeId(K.V).Index);
    for (ValueId O : G.operands(K.V))
      H = hash_combine(H, O.Index);
    for (uint64_t Word : G.attributes(K.V))
      H = hash_combine(H, Word);
    return unsigned(size_t(H));
  }
  static bool isEqual(const Key &A, const Key &B) {
    if (!A.G || !B.G)
      return A.V == B.V;
    return areEqual(*A.G, A.V, B.V);
  }
};

void mergec::dedupLoads(Graph &G) {
  FirstUsers Users(G);
  llvm::DenseSet<Key> Seen; // The others: what has no operands, above all.
  uint32_t Sources = 0;
  for (uint32_t I = 0; I != G.size(); ++I)
    Sources += G.operands(ValueId{I}).empty();
  Seen.reserve(Sources);
  std::vector<ValueId> Forward(G.size());
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    for (unsigned O = 0; O != G.operands(V).size(); ++O)
      G.setOperand(V, O, Forward[G.operands(V)[O].Index]);
    if (G.info(V).Class == OpClass::Sink)
      continue;
    Forward[I] = Users.findOrAdd(V);
    if (!Forward[I].valid())
      Forward[I] = Seen.insert({&G, V}).first->V;
  }
}
