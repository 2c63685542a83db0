//===- Pipeline.cpp - The passes over a graph ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Transforms/Pipeline.h"
#include <chrono>

using namespace mergec;

static constexpr Pass Passes[] = {
    {"canonicalize", "fold what is known: weights of 0 and 1, casts, functions",
     canonicalize},
    {"dedup-loads", "compute equal values once", dedupLoads},
    {"remove-dead", "drop what no store needs", removeDead},
};

llvm::ArrayRef<Pass> mergec::allPasses() { return Passes; }

bool mergec::runPipeline(Graph &G,
                         llvm::function_ref<bool(const Pass &, double)> After) {
  for (const Pass &P : Passes) {
    auto Start = std::chrono::steady_clock::now();
    P.Run(G);
    std::chrono::duration<double> Took =
        std::chrono::steady_clock::now() - Start;
    if (!After(P, Took.count()))
      return false;
  }
  return true;
}
