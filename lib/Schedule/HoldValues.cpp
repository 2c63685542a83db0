//===- HoldValues.cpp - Keep, spill or recompute intermediates -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A stage's result that a reduction of a later stage reads is needed again by
// the sweeps that follow: a slerp reads its inputs once for the angle and once
// for the result, and if an input is itself the result of a slerp, that is
// computed in both sweeps, from all that it is made of. Or it is held: written
// to memory, or to a file, by the sweep that first has it. The same goes for
// the few ops that cost much more than the reading of their operands, but these
// only as far as there is memory.
//
// The price of a choice is counted in bytes moved per element. Every later
// sweep would read all loads below the value again and run their ops; or it
// reads the value, which somebody has to write first. Decided from the results
// back, because what is held needs its own inputs in one sweep only; then once
// more forwards, since what is held makes recomputing what follows cheaper.
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"

using namespace mergec;

/// An op at such a price is worth thinking about.
static constexpr double Expensive = 8;
/// New memory is cleared before it is written.
static constexpr double MemoryWriteFactor = 2;
/// A file's pages are found, filled and perhaps written to the disk.
static constexpr double ScratchWriteFactor = 4, ScratchReadFactor = 1.5;

namespace {
class GroupHolds {
public:
  GroupHolds(const Graph &G, const HoldOptions &Options, const SweepPlan &Plan,
             const WorkGroup &W)
      : G(G), Options(Options), Plan(Plan), W(W) {}

  bool hasCandidates() const;
  void decide();
  /// Appends what is held, and what could have been, in graph order.
  void take(std::vector<HeldValue> &Held,
            std::vector<HeldValue> &Recomputed) const;

private:
  struct Member {
    llvm::BitVector Sweeps; ///< In which it is needed.
    llvm::BitVector Below;  ///< The members it is computed from, by position.
    unsigned Later = 0;     ///< Sweeps that need it after its own.
    HeldValue Hold;
  };

  uint32_t level(size_t I) const { return Plan.Level[W.Members[I].Index]; }
  bool isHeld(size_t I) const {
    return Members[I].Hold.Where != Holding::Recomputed;
  }
  double width(size_t I) const {
    return bitWidth(G.type(W.Members[I]).Element) / 8.0;
  }
  uint64_t bytes(size_t I) const {
    return uint64_t(G.type(W.Members[I]).elements() * width(I));
  }
  double priceOf(size_t I, Holding Where) const;
  double priceRecomputed(size_t I) const;
  bool fits(size_t I, uint32_t Last) const;
  void findBelow(size_t I);
  void choose(size_t I);
  void reconsider();

  const Graph &G;
  const HoldOptions &Options;
  const SweepPlan &Plan;
  const WorkGroup &W;
  llvm::DenseMap<ValueId, unsigned> Position;
  std::vector<Member> Members;
  std::vector<uint64_t> InMemory; ///< Bytes, by sweep.
};
} // namespace

static bool isTensorOp(const Graph &G, ValueId V) {
  return G.info(V).Class == OpClass::Elementwise;
}

static double price(const Graph &G, ValueId V) {
  return G.info(V).Price * G.operands(V).size();
}

static bool isExpensive(const Graph &G, ValueId V) {
  return isTensorOp(G, V) && price(G, V) >= Expensive;
}

/// A rounded value with another reader than its store, an expensive one, or one
/// that is held anyway.
bool GroupHolds::hasCandidates() const {
  for (ValueId V : W.Members) {
    if (Plan.held(V) || isExpensive(G, V))
      return true;
    if (G.info(V).Class == OpClass::Sink)
      continue;
    for (ValueId O : G.operands(V))
      if (G.op(O) == Op::Round)
        return true;
  }
  return false;
}

/// What is held is read, not computed again. Those below come first.
void GroupHolds::findBelow(size_t I) {
  ValueId V = W.Members[I];
  if (!G.type(V).isTensor())
    return;
  llvm::BitVector &Below = Members[I].Below;
  Below.clear();
  Below.resize(W.Members.size());
  Below.set(I);
  if (!isTensorOp(G, V))
    return;
  for (ValueId O : G.operands(V)) {
    auto It = Position.find(O);
    if (It == Position.end() || !G.type(O).isTensor())
      continue;
    if (isHeld(It->second))
      Below.set(It->second);
    else
      Below |= Members[It->second].Below;
  }
}

/// Of reading what the value is made of and computing it, once.
double GroupHolds::priceRecomputed(size_t I) const {
  double Price = 0;
  for (unsigned B : Members[I].Below.set_bits()) {
    ValueId V = W.Members[B];
    bool Computed = isTensorOp(G, V) && (B == I || !isHeld(B));
    Price += Computed ? price(G, V) : width(B);
  }
  return Price;
}

double GroupHolds::priceOf(size_t I, Holding Where) const {
  unsigned Later = Members[I].Later;
  switch (Where) {
  case Holding::Recomputed:
    return Later * priceRecomputed(I);
  case Holding::InMemory:
    return (MemoryWriteFactor + Later) * width(I);
  case Holding::InScratch:
    return (ScratchWriteFactor + ScratchReadFactor * Later) * width(I);
  }
  return 0;
}

bool GroupHolds::fits(size_t I, uint32_t Last) const {
  for (uint32_t L = level(I); L <= Last; ++L)
    if (InMemory[L] + bytes(I) > Options.Memory)
      return false;
  return true;
}

void GroupHolds::choose(size_t I) {
  Member &M = Members[I];
  uint32_t Last = level(I);
  M.Later = 0;
  for (unsigned L : M.Sweeps.set_bits())
    if (L > level(I)) {
      ++M.Later;
      Last = L;
    }
  if (!M.Later && !M.Hold.Needed)
    return;
  // Other groups read it when this one has ended.
  if (M.Hold.Needed)
    Last = W.Sweeps - 1;
  M.Hold.LastLevel = Last;
  bool Spills = G.op(M.Hold.Value) == Op::Round || M.Hold.Needed;
  Holding Held = fits(I, Last) ? Holding::InMemory
                 : Spills      ? Holding::InScratch
                               : Holding::Recomputed;
  if (Options.Force && *Options.Force != Holding::Recomputed)
    Held = *Options.Force;
  bool Recompute = Options.Force
                       ? *Options.Force == Holding::Recomputed
                       : priceOf(I, Holding::Recomputed) <= priceOf(I, Held);
  M.Hold.Where = Recompute && !M.Hold.Needed ? Holding::Recomputed : Held;
  if (M.Hold.Where == Holding::InMemory)
    for (uint32_t L = level(I); L <= Last; ++L)
      InMemory[L] += bytes(I);
}

/// Computing a value again may have become the cheaper way.
void GroupHolds::reconsider() {
  for (size_t I = 0; I != Members.size(); ++I) {
    findBelow(I);
    Member &M = Members[I];
    if (!isHeld(I) && !M.Later)
      continue;
    M.Hold.PriceRecomputed = priceOf(I, Holding::Recomputed);
    M.Hold.Price = priceOf(I, isHeld(I) ? M.Hold.Where : Holding::InMemory);
    if (isHeld(I) && !Options.Force && !M.Hold.Needed &&
        M.Hold.PriceRecomputed <= M.Hold.Price)
      M.Hold.Where = Holding::Recomputed;
  }
}

void GroupHolds::decide() {
  Members.resize(W.Members.size());
  InMemory.assign(W.Sweeps, 0);
  for (size_t I = 0; I != Members.size(); ++I) {
    Position[W.Members[I]] = I;
    Member &M = Members[I];
    M.Sweeps.resize(W.Sweeps);
    M.Hold.Value = W.Members[I];
    M.Hold.Where = Holding::Recomputed;
    if (const HeldValue *H = Plan.held(W.Members[I]))
      M.Hold = *H;
    findBelow(I);
  }
  for (size_t I = Members.size(); I-- != 0;) {
    ValueId V = W.Members[I];
    Member &M = Members[I];
    switch (G.info(V).Class) {
    case OpClass::Sink:
      M.Sweeps.set(level(I));
      break;
    case OpClass::Reduction:
      M.Sweeps.set(Plan.start(G, V), level(I));
      break;
    case OpClass::Elementwise:
      if (G.op(V) == Op::Round || M.Hold.Needed || isExpensive(G, V))
        choose(I);
      if (isHeld(I)) {
        M.Sweeps.reset();
        M.Sweeps.set(level(I));
      }
      break;
    default:
      continue;
    }
    for (ValueId O : G.operands(V))
      if (auto It = Position.find(O);
          It != Position.end() && G.type(O).isTensor())
        Members[It->second].Sweeps |= M.Sweeps;
  }
  reconsider();
}

void GroupHolds::take(std::vector<HeldValue> &Held,
                      std::vector<HeldValue> &Recomputed) const {
  for (size_t I = 0; I != Members.size(); ++I)
    if (isHeld(I))
      Held.push_back(Members[I].Hold);
    else if (Members[I].Later)
      Recomputed.push_back(Members[I].Hold);
}

void mergec::holdValues(const Graph &G, const HoldOptions &Options,
                        SweepPlan &Plan) {
  std::vector<HeldValue> Held;
  for (const WorkGroup &W : Plan.Groups) {
    GroupHolds Holds(G, Options, Plan, W);
    if (!Holds.hasCandidates())
      continue;
    Holds.decide();
    Holds.take(Held, Plan.Recomputed);
  }
  llvm::sort(Held, [](const HeldValue &A, const HeldValue &B) {
    return A.Value.Index < B.Value.Index;
  });
  Plan.Held = std::move(Held);
}
