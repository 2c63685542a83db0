//===- Keep.cpp - The selected elements ----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"

using namespace mergec;

#include "mergec/Kernels/State.h"

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

static void beginSegment(const Reduction &R, const GroupState &State,
                         uint32_t Segment, void *Worker) {
  const SelectionState &S = State.Selections[R.Target];
  KeepState &K = *static_cast<KeepState *>(Worker);
  if (S.KeepAll || S.KeepNone) {
    // Above every magnitude, with room for the kernel to add one.
    K = {S.KeepAll ? 0u : 0x7ffffffeu, 1, S.KeepAll, 0};
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

static const ReductionInfo Info = {
    "keep",  sizeof(KeepState), 0,       0,       beginSegment,
    nullptr, nullptr,           nullptr, nullptr, nullptr};

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  llvm::ArrayRef<ValueId> Operands = B.graph().operands(V);
  Instruction I;
  I.First = B.graph().type(V).Element == DType::F64 ? Kernel::KeepF64
                                                    : Kernel::KeepF32;
  I.A = B.readWide(Operands[0]);
  I.Out = B.result(V);
  I.State = B.state(Info, Operands[1]).WorkerState;
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opKeep;
const OpInfo opKeep = {"keep", OpClass::Elementwise,
                       2,      2,
                       {},     "x where the selection has it, else 0",
                       infer,  nullptr,
                       emit};
} // namespace mergec::ops
