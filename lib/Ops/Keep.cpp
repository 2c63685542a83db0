//===- Keep.cpp - The selected elements ----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Kernels/State.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

// A class of equal magnitudes that straddles the edge of the selection is
// thinned evenly, by the ordinal of each of its elements. Ordinals are counted
// per segment beforehand, so that segments can be swept in any order.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (!sameComputed(G, Operands.take_front(), Error))
    return {};
  if (G.type(Operands[1]).Kind != TypeKind::Selection)
    Error = "`keep` takes a selection, not " + typeText(G.type(Operands[1]));
  return G.typeId(Operands[0]);
}

/// `None` is what no element at all is: larger than any, or smaller.
static void begin(const SelectionState &S, uint32_t Segment, KeepState None,
                  void *Worker) {
  KeepState &K = *static_cast<KeepState *>(Worker);
  if (S.None) {
    K = None;
    return;
  }
  uint64_t Before = S.ClassBefore.empty() ? 0 : S.ClassBefore[Segment];
  // Ordinals and counts stay below 2^40, their product may not fit 64 bits.
  uint64_t Fraction =
      S.ClassSize
          ? uint64_t((unsigned __int128)Before * S.Survivors % S.ClassSize)
          : 0;
  K = {S.Threshold, S.ClassSize, S.Survivors, Fraction};
}

static void beginKeep(const Reduction &R, const GroupState &State,
                      uint32_t Segment, void *Worker) {
  // Above every magnitude, with room for the kernel to add one.
  begin(State.Selections[R.Selection], Segment, {0x7ffffffe, 1, 0, 0}, Worker);
}

static void beginKeepBelow(const Reduction &R, const GroupState &State,
                           uint32_t Segment, void *Worker) {
  begin(State.Selections[R.Selection], Segment, {0x7fffffff, 1, 1, 0}, Worker);
}

static const ReductionInfo Lower = {
    .Name = "keep",
    .WorkerBytes = sizeof(KeepState),
    .BeginSegment = beginKeep,
};
static const ReductionInfo Upper = {
    .Name = "keep_below",
    .WorkerBytes = sizeof(KeepState),
    .BeginSegment = beginKeepBelow,
};

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  ValueId Selected = G.operands(V)[1];
  bool Double = G.type(V).Element == DType::F64;
  Instruction I;
  I.A = B.readWide(G.operands(V)[0]);
  I.Out = B.result(V);
  uint32_t Edge = 0;
  if (G.op(Selected) == Op::SelectBand) { // Which has an upper edge as well.
    I.First = Double ? Kernel::KeepBelowF64 : Kernel::KeepBelowF32;
    I.State = B.state(Upper, Selected).WorkerState;
    B.append(I);
    I.A = I.Out;
    Edge = 1;
  }
  Reduction &R = B.state(Lower, Selected);
  R.Selection += Edge;
  I.First = Double ? Kernel::KeepF64 : Kernel::KeepF32;
  I.State = R.WorkerState;
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opKeep;
const OpInfo opKeep = {
    .Mnemonic = "keep",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = 2,
    .Summary = "x where the selection has it, else 0",
    .Infer = infer,
    .Emit = emit,
    .LeavesOut = true,
    .KeepsState = true,
};
} // namespace mergec::ops
