//===- Chain.h - The plans of a run, by what they need ----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model that a plan mentions may be the result of another plan: a document of
// the same file by its `name`, a plan's file by its path, or a directory that
// the command line declares to be one (`--stage`). All plans that the results
// need are read here and put into an order in which each follows those it uses.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_PLAN_CHAIN_H
#define MERGEC_PLAN_CHAIN_H

#include "mergec/Plan/Plan.h"
#include <map>

namespace mergec {

/// A plan among those of a run.
struct Stage {
  Plan ThePlan;
  /// What to call it: unique among the stages, never empty. Its `name`, else
  /// what other plans call it, else its file's name without the ending.
  std::string Name;
  /// Of the models it mentions those that are stages, by spelling: indices into
  /// `Chain::Stages`, all smaller than its own.
  std::map<std::string, uint32_t> Uses;
};

struct Chain {
  std::vector<Stage> Stages;     ///< Those that the results need.
  std::vector<uint32_t> Results; ///< In the order of the command line.
  std::vector<uint32_t> Kept;    ///< For each of `ChainRequest::Keep`.
  /// The names of all plans that were read, needed or not: what a model that
  /// there is not may have meant.
  std::vector<std::string> Names;

  /// Stage `Index` and all that it uses, in their order.
  std::vector<uint32_t> closure(uint32_t Index) const;
};

struct ChainRequest {
  /// Plan files, at least one.
  std::vector<std::string> Files;
  /// Models that are plans: as plans spell them, and the plan's file.
  std::vector<std::pair<std::string, std::string>> Bindings;
  /// Of the results of all files: a variant for each combination of values.
  std::vector<PlanSetting> Set;
  /// Stages to be made besides the results: by name, or as plans mention them.
  std::vector<std::string> Keep;
  /// False: the result is that of the last file, with all its variants, and
  /// what it does not use is not made. True: every plan of `Files` that no
  /// other uses is a result, and its name that of a directory.
  bool ManyResults = false;
};

/// Reads the files and all plans that they mention. Reports everything wrong
/// with them; nothing if there were errors.
std::optional<Chain> readChain(const ChainRequest &Request, Diagnostics &Diags);

/// Stage `Index` with all that it uses as one file of plans, from which
/// `readChain` would make the same result. A plan that uses no other: as it was
/// written.
std::string chainText(const Chain &C, uint32_t Index);

} // namespace mergec

#endif // MERGEC_PLAN_CHAIN_H
