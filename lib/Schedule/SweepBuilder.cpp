//===- SweepBuilder.cpp - Nodes to kernel calls --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Schedule/SweepBuilder.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;
using Place = TileOperand::Place;

TileOperand SweepBuilder::read(ValueId V) {
  if (auto It = Places.find(V); It != Places.end())
    return It->second;
  if (auto It = StreamOf.find(V); It != StreamOf.end()) {
    uint16_t Stream = It->second;
    if (!llvm::is_contained(Current->Streams, Stream))
      Current->Streams.push_back(Stream);
    TileOperand O{Place::Stream, Code->StreamTypes[Stream], Stream};
    Places[V] = O;
    return O;
  }
  assert(G.op(V) == Op::Cast && "read before it was computed");
  return read(G.operands(V)[0]);
}

Kernel mergec::widening(DType From, DType To) {
  if (To == DType::F32)
    return From == DType::BF16 ? Kernel::WidenF32BF16 : Kernel::WidenF32F16;
  return From == DType::BF16  ? Kernel::WidenF64BF16
         : From == DType::F16 ? Kernel::WidenF64F16
                              : Kernel::WidenF64F32;
}

TileOperand SweepBuilder::readWide(ValueId V) {
  TileOperand Narrow = read(V);
  DType Wanted = G.type(V).Element;
  if (Narrow.Type == Wanted)
    return Narrow;
  TileOperand Wide = allocate(Wanted);
  call(widening(Narrow.Type, Wanted), Wide, Narrow);
  Places[V] = Wide;
  return Wide;
}

TileOperand SweepBuilder::readDouble(ValueId V) {
  TileOperand Narrow = read(V);
  if (Narrow.Type == DType::F64)
    return Narrow;
  TileOperand Wide = scratch(DType::F64);
  call(widening(Narrow.Type, DType::F64), Wide, Narrow);
  return Wide;
}

TileOperand SweepBuilder::readColumns(ValueId V, DType Type) {
  Instruction I;
  I.How = Instruction::Form::Columns;
  I.Out = scratch(Type);
  I.S = numbers(V);
  append(I);
  return I.Out;
}

TileOperand SweepBuilder::result(ValueId V) {
  TileOperand O;
  if (auto It = StoreOf.find(V); It != StoreOf.end())
    O = {Place::Output, G.type(V).Element, OutputOf.lookup(It->second)};
  else if (auto It = HeldHere.find(V); It != HeldHere.end())
    O = {Place::Output, G.type(V).Element, It->second};
  else
    O = allocate(G.type(V).Element);
  Places[V] = O;
  return O;
}

void SweepBuilder::rankRows(ValueId V, TileOperand X, const RankedValue &How) {
  Instruction Collect;
  Collect.Runs = Instruction::Pass::Ranking;
  Collect.A = X;
  Collect.Out = {Place::Ranked, DType::F32, uint16_t(Current->Ranked.size())};
  Collect.First = X.Type == DType::F64 ? Kernel::RoundF32F64 : Kernel::FillF32;
  if (X.Type == DType::F64)
    Collect.State = Instruction::NonFiniteCount;
  Current->Ranked.push_back(How);
  append(Collect);
  Places[V] = {Place::Drawn, DType::Bool, Collect.Out.Index};
}

TileOperand SweepBuilder::scratch(DType Type) {
  Scratch.push_back(allocate(Type));
  return Scratch.back();
}

/// Of the streams that the sweep reads.
void SweepBuilder::countNonFiniteInputs() {
  for (uint16_t Stream : Current->Streams) {
    Instruction Count;
    Count.A = {Place::Stream, Code->StreamTypes[Stream], Stream};
    Count.State = Instruction::NonFiniteCount;
    switch (Count.A.Type) {
    case DType::BF16:
      Count.First = Kernel::CountNonFiniteBF16;
      break;
    case DType::F16:
      Count.First = Kernel::CountNonFiniteF16;
      break;
    case DType::F32:
      Count.First = Kernel::CountNonFiniteF32;
      break;
    case DType::F64:
      Count.First = Kernel::CountNonFiniteF64;
      break;
    default: // Not computed with.
      continue;
    }
    append(Count);
  }
}

TileOperand SweepBuilder::allocate(DType Type) {
  uint16_t Index;
  if (FreeRegisters.empty()) {
    Index = Current->Registers++;
  } else {
    Index = FreeRegisters.back();
    FreeRegisters.pop_back();
  }
  return {Place::Register, Type, Index};
}

void SweepBuilder::release(TileOperand O) {
  if (O.Where == Place::Register)
    FreeRegisters.push_back(O.Index);
}

void SweepBuilder::used(ValueId V) {
  auto It = Uses.find(V);
  if (It == Uses.end() || --It->second)
    return;
  if (auto P = Places.find(V); P != Places.end()) {
    release(P->second);
    Places.erase(P);
  }
  if (G.op(V) == Op::Cast) // Its operand was read in its place.
    used(G.operands(V)[0]);
}

NumberRef SweepBuilder::literal(double Number) {
  NumberRef N;
  N.By = NumberRef::Axis::Whole;
  // Constants are numbered in the order in which the code meets them, so that
  // groups of equal structure get equal code.
  N.Slot = Constants->size();
  Constants->push_back(Number);
  return N;
}

NumberRef SweepBuilder::numbers(ValueId V) {
  auto It = NumbersOf.find(V);
  if (It != NumbersOf.end())
    return It->second;
  NumberRef N;
  if (std::optional<double> Known = G.constantValue(V)) {
    N = literal(*Known);
  } else {
    const Type &T = G.type(V);
    N.By = T.Kind == TypeKind::Rows      ? NumberRef::Axis::Row
           : T.Kind == TypeKind::Columns ? NumberRef::Axis::Column
                                         : NumberRef::Axis::Whole;
    N.Stride = T.Width;
    N.Slot = Code->Numbers;
    Code->Numbers += T.Width * (T.Shape.empty() ? 1 : T.Shape[0]);
  }
  NumbersOf[V] = N;
  return N;
}

void SweepBuilder::bind(ValueId V, NumberRef Numbers) {
  NumbersOf[V] = Numbers;
}

void SweepBuilder::append(const Instruction &I) {
  auto Uses = [&](NumberRef::Axis A) { return I.S.By == A || I.T.By == A; };
  Current->SplitRows |=
      Uses(NumberRef::Axis::Row) || I.Base == Instruction::IndexBase::Row;
  Current->SplitColumns |= Uses(NumberRef::Axis::Column);
  Current->Body.push_back(I);
}

Reduction &SweepBuilder::state(const ReductionInfo &Info, ValueId Selected) {
  Reduction R;
  R.Info = &Info;
  R.Selection = selection(Selected);
  R.WorkerState = Current->StateBytes;
  // Whole cache lines: the state of one reduction does not disturb another's.
  Current->StateBytes += (Info.WorkerBytes + 63) / 64 * 64;
  Current->Reductions.push_back(R);
  return Current->Reductions.back();
}

Reduction &SweepBuilder::reduction(const ReductionInfo &Info, ValueId V) {
  bool Selects = G.type(V).Kind == TypeKind::Selection;
  Reduction R;
  R.Info = &Info;
  R.Selection = selection(V);
  R.Target = Selects ? 0 : numbers(V).Slot;
  R.Stride = G.type(V).Width;
  R.ToNumbers = !Selects;
  R.WorkerState = Current->StateBytes;
  Current->StateBytes += (Info.WorkerBytes + 63) / 64 * 64;
  Current->Reductions.push_back(R);
  return Current->Reductions.back();
}

Reduction &SweepBuilder::sharedReduction(const ReductionInfo &Collects,
                                         const ReductionInfo &Shares, ValueId V,
                                         ValueId Of) {
  auto [First, IsFirst] =
      Collected.try_emplace({&Collects, Of}, Current->Reductions.size());
  Reduction &R = reduction(IsFirst ? Collects : Shares, V);
  if (!IsFirst)
    R.SharedOf = First->second;
  return R;
}

void SweepBuilder::hostCall(const HostFunction &Function, ValueId V) {
  HostCall Call;
  Call.Function = &Function;
  for (ValueId O : G.operands(V)) {
    NumberRef N = numbers(O);
    for (uint32_t I = 0; I != G.type(O).Width; ++I) {
      Call.Inputs.push_back(N);
      ++N.Slot;
    }
  }
  const Type &T = G.type(V);
  Call.Target = numbers(V).Slot;
  Call.Width = T.Width;
  Call.Count = T.Shape.empty() ? 1 : T.Shape[0];
  Current->Before.push_back(std::move(Call));
}

uint32_t SweepBuilder::selection(ValueId V) const {
  return SelectionOf.lookup(V);
}

void SweepBuilder::store(ValueId Store) {
  ValueId V = G.operands(Store)[0];
  uint16_t Output = OutputOf.lookup(Store);
  TileOperand From = read(V);
  assert(From.Where != Place::Register && From.Type == G.type(V).Element &&
         "only loaded and rounded values can be written");
  Current->Outputs.push_back({Output, From});
}
