//===- Count.cpp - How many elements are not 0 ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"
#include <cstring>

using namespace mergec;

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  sameComputed(G, Operands, Error);
  return G.intern(Type::scalar());
}

static void endSegment(void *Worker, void *Segment) {
  std::memcpy(Segment, Worker, sizeof(uint64_t));
  std::memset(Worker, 0, sizeof(uint64_t));
}

static void finish(const Reduction &R, GroupState &G, const void *,
                   const void *Segments) {
  uint64_t Sum = 0;
  for (uint32_t I = 0; I != G.Cut.Count; ++I)
    Sum += static_cast<const uint64_t *>(Segments)[I];
  G.Numbers[R.Target] = double(Sum);
}

static const ReductionInfo NonzeroElements = {
    .Name = "count",
    .WorkerBytes = 8,
    .SegmentBytes = 8,
    .EndSegment = endSegment,
    .Finish = finish,
};

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  Instruction I;
  I.A = B.readWide(B.graph().operands(V)[0]);
  I.First = I.A.Type == DType::F64 ? Kernel::CountNonzeroF64
                                   : Kernel::CountNonzeroF32;
  I.State = B.reduction(NonzeroElements, V).WorkerState;
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opCount;
const OpInfo opCount = {
    .Mnemonic = "count",
    .Class = OpClass::Reduction,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Summary = "how many elements are not 0",
    .Infer = infer,
    .Emit = emit,
};
} // namespace mergec::ops
