//===- Pipeline.h - The passes over a graph ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each pass rewrites one graph in place, in time linear in its nodes, and
// leaves it well-formed. The pipeline is a list written by hand; each pass can
// be run alone (`--run-pass=dedup-loads`), printed after and timed.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TRANSFORMS_PIPELINE_H
#define MERGEC_TRANSFORMS_PIPELINE_H

#include "mergec/IR/Graph.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mergec {

/// Simplifies nodes by the rules of their ops: weights of 0, a single term of
/// weight 1, casts of casts, a rounding to the dtype a value came from, host
/// functions of known numbers. Needs nothing. Leaves unused nodes behind.
/// Stands before dedup-loads because folded nodes are then alike.
void canonicalize(Graph &G);

/// Merges nodes with the same op, operands and attributes: a tensor that is
/// needed twice is loaded, widened and reduced once. Needs nothing; leaves
/// unused nodes behind.
void dedupLoads(Graph &G);

/// Drops every node that no store needs. Stands last: the others leave such
/// nodes behind.
void removeDead(Graph &G);

struct Pass {
  llvm::StringLiteral Name; ///< `dedup-loads`
  llvm::StringLiteral Summary;
  void (*Run)(Graph &G);
};

/// All passes, in the order of the pipeline.
llvm::ArrayRef<Pass> allPasses();

/// Runs the pipeline; `After` is called behind each pass with the time it took,
/// in seconds, and may return false to stop.
bool runPipeline(Graph &G,
                 llvm::function_ref<bool(const Pass &, double Seconds)> After);

} // namespace mergec

#endif // MERGEC_TRANSFORMS_PIPELINE_H
