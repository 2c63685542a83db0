//===- Max.cpp - The largest element --------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/Ops/TypeRules.h"
#include "mergec/Schedule/SweepBuilder.h"
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

using namespace mergec;

static constexpr double Least = -std::numeric_limits<double>::infinity();

static void beginSegment(const Reduction &, const GroupState &, uint32_t,
                         void *Worker) {
  *static_cast<double *>(Worker) = Least;
}

static void endSegment(void *Worker, void *Segment) {
  std::memcpy(Segment, Worker, sizeof(double));
}

static void endRow(void *Worker, double *Number) {
  *Number = std::exchange(*static_cast<double *>(Worker), Least);
}

static void finish(const Reduction &R, GroupState &G, const void *,
                   const void *Segments) {
  auto *Largest = static_cast<const double *>(Segments);
  G.Numbers[R.Target] =
      G.Cut.Count ? *std::max_element(Largest, Largest + G.Cut.Count) : Least;
}

/// Rows longer than a segment leave one number per segment.
static void finishRows(const Reduction &R, GroupState &G, const void *,
                       const void *Segments) {
  uint64_t Pieces = G.Cut.SegmentsPerRow;
  if (Pieces == 1)
    return; // `endRow` wrote every row's number.
  auto *Largest = static_cast<const double *>(Segments);
  for (uint64_t I = 0; I != G.Cut.Count / Pieces; ++I)
    G.Numbers[R.Target + I * R.Stride] =
        *std::max_element(Largest + I * Pieces, Largest + (I + 1) * Pieces);
}

static const ReductionInfo WholeTensor = {
    .Name = "max",
    .WorkerBytes = 8,
    .SegmentBytes = 8,
    .BeginSegment = beginSegment,
    .EndSegment = endSegment,
    .Finish = finish,
};
static const ReductionInfo EachRow = {
    .Name = "row_max",
    .WorkerBytes = 8,
    .SegmentBytes = 8,
    .BeginSegment = beginSegment,
    .EndSegment = endSegment,
    .Finish = finishRows,
    .EndRow = endRow,
};

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  bool PerRow = B.graph().type(V).Kind == TypeKind::Rows;
  Instruction I;
  I.A = B.readWide(B.graph().operands(V)[0]);
  I.First = I.A.Type == DType::F64 ? Kernel::MaxF64 : Kernel::MaxF32;
  I.Base =
      PerRow ? Instruction::IndexBase::Row : Instruction::IndexBase::Segment;
  Reduction &R = B.reduction(PerRow ? EachRow : WholeTensor, V);
  R.PerRow = PerRow;
  I.State = R.WorkerState;
  B.append(I);
}

namespace mergec::ops {
extern const OpInfo opMax;
const OpInfo opMax = {
    .Mnemonic = "max",
    .Class = OpClass::Reduction,
    .MinOperands = 1,
    .MaxOperands = 1,
    .Attributes = OverAttribute,
    .Summary = "the largest element of the tensor or each row",
    .Infer = inferReduced,
    .Emit = emit,
};
} // namespace mergec::ops
