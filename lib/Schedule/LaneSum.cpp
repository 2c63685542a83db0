//===- LaneSum.cpp - Sums with a fixed order -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/LaneSum.h"
#include <algorithm>
#include <cstring>

using namespace mergec;

/// Neighbours in pairs until one is left; an odd one out moves up unchanged.
static double foldPairs(double *Values, size_t Count) {
  while (Count > 1) {
    for (size_t I = 0; I != Count / 2; ++I)
      Values[I] = Values[2 * I] + Values[2 * I + 1];
    if (Count % 2)
      Values[Count / 2] = Values[Count - 1];
    Count = (Count + 1) / 2;
  }
  return Values[0];
}

static double takeLanes(void *Worker) {
  auto *Lanes = static_cast<double *>(Worker);
  double Sum = foldPairs(Lanes, ReductionLanes);
  std::fill_n(Lanes, ReductionLanes, 0.0);
  return Sum;
}

static void endSegment(void *Worker, void *Segment) {
  double Sum = takeLanes(Worker);
  std::memcpy(Segment, &Sum, sizeof(Sum));
}

static void finish(const Reduction &R, GroupState &G, const void *,
                   const void *Segments) {
  auto *Sums = static_cast<const double *>(Segments);
  std::vector<double> Copy(Sums, Sums + G.Cut.Count);
  G.Numbers[R.Target] =
      Copy.empty() ? 0.0 : foldPairs(Copy.data(), Copy.size());
}

static void endRow(void *Worker, double *Number) {
  *Number = takeLanes(Worker);
}

/// Rows longer than a segment leave one sum per segment.
static void finishRows(const Reduction &R, GroupState &G, const void *,
                       const void *Segments) {
  uint64_t Pieces = G.Cut.SegmentsPerRow;
  if (Pieces == 1)
    return; // `endRow` wrote every row's number.
  auto *Sums = static_cast<const double *>(Segments);
  std::vector<double> Row(Pieces);
  for (uint64_t I = 0; I != G.Cut.Count / Pieces; ++I) {
    std::copy_n(Sums + I * Pieces, Pieces, Row.begin());
    G.Numbers[R.Target + I * R.Stride] = foldPairs(Row.data(), Pieces);
  }
}

static const ReductionInfo WholeTensor = {
    .Name = "lane_sum",
    .WorkerBytes = ReductionLanes * sizeof(double),
    .SegmentBytes = sizeof(double),
    .EndSegment = endSegment,
    .Finish = finish,
};
static const ReductionInfo EachRow = {
    .Name = "row_lane_sum",
    .WorkerBytes = ReductionLanes * sizeof(double),
    .SegmentBytes = sizeof(double),
    .EndSegment = endSegment,
    .Finish = finishRows,
    .EndRow = endRow,
};

void mergec::emitLaneSum(SweepBuilder &B, ValueId V, Kernel K, TileOperand A,
                         TileOperand C, uint32_t Entry, NumberRef S) {
  bool PerRow = B.graph().type(V).Kind == TypeKind::Rows;
  Instruction I;
  I.First = K;
  I.A = A;
  I.B = C;
  I.S = S;
  I.Base =
      PerRow ? Instruction::IndexBase::Row : Instruction::IndexBase::Segment;
  Reduction &R = B.reduction(PerRow ? EachRow : WholeTensor, V);
  R.Target += Entry;
  R.PerRow = PerRow;
  I.State = R.WorkerState;
  B.append(I);
}

Kernel mergec::dotKernel(DType Type) {
  return Type == DType::BF16  ? Kernel::DotF32BF16
         : Type == DType::F16 ? Kernel::DotF32F16
         : Type == DType::F32 ? Kernel::DotF32F32
                              : Kernel::DotF64F64;
}

static const ReductionInfo EachColumn = {
    .Name = "column_sum",
    .WorkerBytes = BandColumns * sizeof(double),
};

void mergec::emitColumnSum(SweepBuilder &B, ValueId V, TileOperand Terms) {
  Reduction &R = B.reduction(EachColumn, V);
  R.PerColumn = true;
  Instruction I;
  I.First = Kernel::AddScaledF64F64;
  I.Out = {TileOperand::Place::ColumnSums, DType::F64, 0};
  I.State = R.WorkerState;
  I.A = Terms;
  I.S = B.literal(1);
  B.append(I);
}
