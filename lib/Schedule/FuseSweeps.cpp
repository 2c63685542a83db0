//===- FuseSweeps.cpp - Which nodes share a sweep ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/IntEqClasses.h"
#include <numeric>

using namespace mergec;

/// Loads are joined to what reads them directly; through a movement op the
/// reader sees another shape, so each such reader streams on its own.
static llvm::IntEqClasses connect(const Graph &G) {
  llvm::IntEqClasses Classes(G.size());
  for (uint32_t I = 0; I != G.size(); ++I) {
    if (G.info({I}).Class == OpClass::Movement)
      continue;
    for (ValueId O : G.operands({I}))
      if (G.op(O) != Op::Constant)
        Classes.join(I, O.Index);
  }
  Classes.compress();
  return Classes;
}

static std::vector<uint32_t> findLevels(const Graph &G) {
  std::vector<uint32_t> Level(G.size(), 0);
  for (uint32_t I = 0; I != G.size(); ++I) {
    for (ValueId O : G.operands({I}))
      Level[I] = std::max(Level[I], Level[O.Index]);
    if (G.info({I}).Class == OpClass::Reduction)
      Level[I] += G.info({I}).Phases;
  }
  return Level;
}

/// What is ranked is computed twice and, for long rows, out of turn: nothing
/// that steps through a state from element to element may lead to it.
static bool canRank(const Graph &G, Diagnostics &Diags) {
  std::vector<bool> HasState(G.size());
  bool Sound = true;
  // Roundings count what is not finite in an output, once for each element;
  // what is rounded on the way to something else goes uncounted.
  std::vector<bool> IsStored(G.size());
  for (ValueId Store : G.stores())
    IsStored[G.operands(Store)[0].Index] = true;
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    OpClass Class = G.info(V).Class;
    bool OverColumns =
        Class == OpClass::Reduction && G.type(V).Kind == TypeKind::Columns;
    if (Class != OpClass::Elementwise && !OverColumns)
      continue;
    bool Any = llvm::any_of(G.operands(V),
                            [&](ValueId O) { return HasState[O.Index]; });
    if (OverColumns && Any) {
      Diags.report(Kind::IRInvalid,
                   "what is summed over columns depends on a selection, a "
                   "rounding or on ranks, which must be stored first");
      Sound = false;
    }
    if (G.op(V) == Op::ByRank && Any) {
      Diags.report(Kind::IRInvalid,
                   "what `by_rank` ranks depends on a selection, a rounding or "
                   "on other ranks, which must be stored first");
      Sound = false;
    }
    HasState[I] = Any || G.op(V) == Op::Keep || IsStored[I] ||
                  G.op(V) == Op::Variance || G.op(V) == Op::ByRank;
  }
  return Sound;
}

/// Rows are read from where they lie in files.
static bool canGather(const Graph &G, Diagnostics &Diags) {
  bool Sound = true;
  for (uint32_t I = 0; I != G.size(); ++I) {
    if (G.op({I}) != Op::GatherRows)
      continue;
    for (ValueId O : G.operands({I}).drop_front()) {
      while (G.op(O) == Op::Slice)
        O = G.operands(O)[0];
      Sound &= G.op(O) == Op::Load;
    }
  }
  if (!Sound)
    Diags.report(Kind::IRInvalid, "what `gather_rows` puts together has not "
                                  "been loaded, and must be stored first");
  return Sound;
}

std::optional<SweepPlan> mergec::fuseSweeps(const Graph &G,
                                            Diagnostics &Diags) {
  SweepPlan Plan;
  Plan.Level = findLevels(G);
  llvm::IntEqClasses Classes = connect(G);

  std::vector<uint32_t> GroupOf(Classes.getNumClasses(), ~0u);
  uint32_t Stores = 0;
  bool Sound = canRank(G, Diags);
  Sound &= canGather(G, Diags);
  std::vector<TypeId> Domain;
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    if (G.op(V) == Op::Constant)
      continue;
    // A load that is only read through movement ops belongs to its readers.
    uint32_t &Group = GroupOf[Classes[I]];
    if (Group == ~0u) {
      Group = Plan.Groups.size();
      Plan.Groups.emplace_back();
      Domain.emplace_back();
    }
    WorkGroup &W = Plan.Groups[Group];
    W.Members.push_back(V);
    OpClass Class = G.info(V).Class;
    if (Class == OpClass::Sink) {
      W.FirstStore = std::min(W.FirstStore, Stores++);
      W.Sweeps = std::max(W.Sweeps, Plan.Level[I] + 1);
    }
    if (!G.type(V).isTensor())
      continue;
    TypeId &D = Domain[Group];
    if (!D.valid())
      D = G.typeId(V);
    if (G.get(D).Shape != G.type(V).Shape) {
      Diags.report(
          Kind::IRInvalid,
          "tensors that are computed together have different shapes: " +
              typeText(G.get(D)) + " and " + typeText(G.type(V)));
      Sound = false;
    }
  }
  if (!Sound)
    return std::nullopt;
  llvm::erase_if(Plan.Groups, [](const WorkGroup &W) { return !W.Sweeps; });
  return Plan;
}
