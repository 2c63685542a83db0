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

using namespace mergec;

namespace {
/// Nodes are equal if op, operands, attributes and type are. The type matters
/// for ops whose result does not follow from the rest.
struct Key {
  const Graph *G;
  ValueId V;
};
} // namespace

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
    const Graph &G = *A.G;
    return G.op(A.V) == G.op(B.V) && G.typeId(A.V) == G.typeId(B.V) &&
           G.operands(A.V) == G.operands(B.V) &&
           G.attributes(A.V) == G.attributes(B.V);
  }
};

void mergec::dedupLoads(Graph &G) {
  llvm::DenseSet<Key> Seen;
  Seen.reserve(G.size());
  std::vector<ValueId> Forward(G.size());
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    Forward[I] = V;
    for (unsigned O = 0; O != G.operands(V).size(); ++O)
      G.setOperand(V, O, Forward[G.operands(V)[O].Index]);
    if (G.info(V).Class == OpClass::Sink)
      continue;
    auto [It, New] = Seen.insert({&G, V});
    if (!New)
      Forward[I] = It->V;
  }
}
