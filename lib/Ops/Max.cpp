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

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId,
                    std::string &Error) {
  if (!sameComputed(G, Operands, Error))
    return {};
  return reducedType(G, G.type(Operands[0]), Attributes[0], 1, Error);
}

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
    "max",      8,       8,      0,       beginSegment,
    endSegment, nullptr, finish, nullptr, nullptr};
static const ReductionInfo EachRow = {
    "row_max",  8,       8,          0,       beginSegment,
    endSegment, nullptr, finishRows, nullptr, endRow};

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

static constexpr AttributeSpec Attributes[] = {
    {"over", AttributeKind::Name},
};

namespace mergec::ops {
extern const OpInfo opMax;
const OpInfo opMax = {
    "max",      OpClass::Reduction,
    1,          1,
    Attributes, "the largest element of the tensor or each row",
    infer,      nullptr,
    emit};
} // namespace mergec::ops
