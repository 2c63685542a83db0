//===- RemoveDead.cpp - What no store needs ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Transforms/Pipeline.h"

using namespace mergec;

void mergec::removeDead(Graph &G) {
  std::vector<bool> Needed(G.size(), false);
  for (uint32_t I = G.size(); I-- > 0;) {
    if (G.info({I}).Class == OpClass::Sink)
      Needed[I] = true;
    if (Needed[I])
      for (ValueId O : G.operands({I}))
        Needed[O.Index] = true;
  }
  G.compact(Needed);
}
