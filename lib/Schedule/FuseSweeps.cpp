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

static bool isMovement(const Graph &G, ValueId V) {
  return G.info(V).Class == OpClass::Movement;
}

static bool sumsColumns(const Graph &G, ValueId V) {
  return G.info(V).Class == OpClass::Reduction &&
         G.type(V).Kind == TypeKind::Columns;
}

/// Loads are joined to what reads them directly; through a movement op the
/// reader sees another shape, so each such reader streams on its own.
static llvm::IntEqClasses connect(const Graph &G) {
  llvm::IntEqClasses Classes(G.size());
  for (uint32_t I = 0; I != G.size(); ++I) {
    if (isMovement(G, {I}))
      continue;
    for (ValueId O : G.operands({I}))
      if (G.op(O) != Op::Constant)
        Classes.join(I, O.Index);
  }
  Classes.compress();
  return Classes;
}

namespace {
/// Finds the values that must be held: a movement op reads them elsewhere, rows
/// are ranked ahead of the sweep, columns are summed in bands; and what steps
/// through a state can only be computed in order.
class NeededHolds {
public:
  NeededHolds(const Graph &G, Diagnostics &Diags)
      : G(G), Diags(Diags), HasState(G.size()), IsHeld(G.size()) {}

  bool find();
  std::vector<HeldValue> take();

private:
  void holdBehind(ValueId Reader, ValueId V);

  const Graph &G;
  Diagnostics &Diags;
  std::vector<bool> HasState; ///< It or what it is computed from.
  std::vector<bool> IsHeld;
  bool Sound = true;
};
} // namespace

/// Holds the rounded values nearest to `V` so that it depends on no state.
void NeededHolds::holdBehind(ValueId Reader, ValueId V) {
  if (!G.type(V).isTensor() || !HasState[V.Index] || IsHeld[V.Index])
    return;
  if (G.op(V) == Op::Round) {
    IsHeld[V.Index] = true;
    return;
  }
  if (G.info(V).KeepsState) {
    Diags.report(Kind::IRInvalid, "`" + G.info(Reader).Mnemonic +
                                      "` reads what `" + G.info(V).Mnemonic +
                                      "` gives, which must be rounded first");
    Sound = false;
    return;
  }
  for (ValueId O : G.operands(V))
    holdBehind(Reader, O);
}

bool NeededHolds::find() {
  for (uint32_t I = 0; I != G.size() && Sound; ++I) {
    ValueId V{I};
    const OpInfo &Info = G.info(V);
    if (Info.Class == OpClass::Movement) {
      for (ValueId From : G.operands(V)) {
        // Slices begin where their operand does; rows of gathered rows don't.
        OpClass Class = G.info(From).Class;
        bool Lies = Class == OpClass::Source ||
                    (Class == OpClass::Movement && G.op(V) == Op::Slice);
        if (G.type(From).isTensor() && !Lies)
          IsHeld[From.Index] = true;
      }
      continue;
    }
    if (Info.RanksRows || sumsColumns(G, V))
      for (ValueId O : G.operands(V))
        holdBehind(V, O);
    if (Info.Class == OpClass::Elementwise)
      HasState[I] = Info.KeepsState || llvm::any_of(G.operands(V), [&](auto O) {
                      return G.type(O).isTensor() && HasState[O.Index];
                    });
  }
  return Sound;
}

std::vector<HeldValue> NeededHolds::take() {
  std::vector<HeldValue> Held;
  for (uint32_t I = 0; I != G.size(); ++I)
    if (IsHeld[I])
      Held.push_back({{I}, Holding::InMemory, /*Needed=*/true});
  return Held;
}

/// Numbers are known after the sweeps of their reduction; what ranks rows or
/// sums columns comes after the sweeps that hold what it reads.
static std::vector<uint32_t> findLevels(const Graph &G, const SweepPlan &Plan) {
  std::vector<uint32_t> Level(G.size(), 0);
  // The first sweep in which a tensor can be read in any order.
  std::vector<uint32_t> AnyOrder(G.size(), 0);
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    if (isMovement(G, V))
      continue; // Another group's first sweep at the earliest.
    const OpInfo &Info = G.info(V);
    bool Reorders = Info.RanksRows || sumsColumns(G, V);
    for (ValueId O : G.operands(V)) {
      Level[I] = std::max(Level[I], Level[O.Index]);
      AnyOrder[I] = std::max(AnyOrder[I], AnyOrder[O.Index]);
    }
    if (Reorders)
      Level[I] = std::max(Level[I], AnyOrder[I]);
    if (Info.Class == OpClass::Reduction)
      Level[I] += Info.Phases;
    if (const HeldValue *H = Plan.held(V); H && H->Needed)
      AnyOrder[I] = Level[I] + 1;
  }
  return Level;
}

const HeldValue *SweepPlan::held(ValueId V) const {
  auto It = llvm::lower_bound(Held, V, [](const HeldValue &H, ValueId V) {
    return H.Value.Index < V.Index;
  });
  return It != Held.end() && It->Value == V ? &*It : nullptr;
}

/// A group that reads what another holds comes after it, and the other just
/// before.
static void orderByHolds(const Graph &G, SweepPlan &Plan,
                         llvm::ArrayRef<uint32_t> GroupOf) {
  auto ForEach = [&](uint32_t I, auto Visit) {
    if (isMovement(G, {I}))
      for (ValueId From : G.operands({I}))
        if (Plan.held(From))
          Visit(From);
  };
  for (uint32_t I = G.size(); I-- != 0;)
    ForEach(I, [&](ValueId From) {
      WorkGroup &Maker = Plan.Groups[GroupOf[From.Index]];
      const WorkGroup &Reader = Plan.Groups[GroupOf[I]];
      Maker.FirstStore = std::min(Maker.FirstStore, Reader.FirstStore);
      Maker.Sweeps = std::max(Maker.Sweeps, Plan.Level[From.Index] + 1);
    });
  for (uint32_t I = 0; I != G.size(); ++I)
    ForEach(I, [&](ValueId From) {
      const WorkGroup &Maker = Plan.Groups[GroupOf[From.Index]];
      WorkGroup &Reader = Plan.Groups[GroupOf[I]];
      Reader.Depth = std::max(Reader.Depth, Maker.Depth + 1);
    });
}

std::optional<SweepPlan> mergec::fuseSweeps(const Graph &G,
                                            Diagnostics &Diags) {
  SweepPlan Plan;
  NeededHolds Needed(G, Diags);
  bool Sound = Needed.find();
  Plan.Held = Needed.take();
  Plan.Level = findLevels(G, Plan);
  llvm::IntEqClasses Classes = connect(G);

  std::vector<uint32_t> ClassSize(Classes.getNumClasses(), 0);
  for (uint32_t I = 0; I != G.size(); ++I)
    ++ClassSize[Classes[I]];
  std::vector<uint32_t> GroupOfClass(Classes.getNumClasses(), ~0u);
  std::vector<uint32_t> GroupOf(G.size(), ~0u);
  uint32_t Stores = 0;
  std::vector<TypeId> Domain;
  for (uint32_t I = 0; I != G.size(); ++I) {
    ValueId V{I};
    if (G.op(V) == Op::Constant)
      continue;
    // A load that is only read through movement ops belongs to its readers.
    uint32_t &Group = GroupOfClass[Classes[I]];
    if (Group == ~0u) {
      Group = Plan.Groups.size();
      Plan.Groups.emplace_back();
      Plan.Groups.back().Members.reserve(ClassSize[Classes[I]]);
      Domain.emplace_back();
    }
    GroupOf[I] = Group;
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
  orderByHolds(G, Plan, GroupOf);
  llvm::erase_if(Plan.Groups, [](const WorkGroup &W) { return !W.Sweeps; });
  return Plan;
}
