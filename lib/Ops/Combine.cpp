//===- Combine.cpp - A weighted sum of tensors ---------------------------===//
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

// The work horse of merging: x0·w0 + x1·w1 + …, from left to right, products
// and sums rounded one by one. A term whose weight is 0 is left out, not added:
// so that a plan whose weight is 0 gives the bytes of the plan without the
// model, whether that is known when compiling or when running.
//
// Operands: the tensors, then as many weights.

static TypeId infer(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t>, TypeId, std::string &Error) {
  if (Operands.size() % 2) {
    Error = "`combine` takes as many weights as tensors";
    return {};
  }
  size_t N = Operands.size() / 2;
  if (!sameComputed(G, Operands.take_front(N), Error))
    return {};
  for (ValueId W : Operands.drop_front(N))
    if (!weighs(G, W, G.type(Operands[0]), Error, /*Columns=*/true))
      return {};
  return G.typeId(Operands[0]);
}

static ValueId fold(Graph &G, ValueId V) {
  llvm::ArrayRef<ValueId> All = G.operands(V);
  size_t N = All.size() / 2;
  llvm::SmallVector<ValueId, 8> Tensors, Weights;
  for (size_t I = 0; I != N; ++I)
    if (G.constantValue(All[N + I]) != 0.0) {
      Tensors.push_back(All[I]);
      Weights.push_back(All[N + I]);
    }
  if (Tensors.empty()) { // A sum of nothing is 0: one term says so.
    Tensors.push_back(All[0]);
    Weights.push_back(All[N]);
  }
  if (Tensors.size() == 1 && G.constantValue(Weights[0]) == 1.0)
    return Tensors[0];
  if (Tensors.size() != N) {
    Tensors.append(Weights);
    G.shrinkOperands(V, Tensors);
  }
  return {};
}

static void emit(SweepBuilder &B, ValueId V, unsigned) {
  const Graph &G = B.graph();
  llvm::ArrayRef<ValueId> All = G.operands(V);
  size_t N = All.size() / 2;
  bool Double = G.type(V).Element == DType::F64;
  TileOperand Out = B.result(V);
  for (size_t I = 0; I != N; ++I) {
    Instruction T;
    T.How = Instruction::Form::Accumulate;
    T.StartsSum = I == 0;
    T.EndsSum = I + 1 == N;
    T.Out = Out;
    if (G.type(All[N + I]).Kind == TypeKind::Columns) {
      // x·w as a tile, then as a term of weight 1.
      TileOperand W = B.readColumns(All[N + I], G.type(V).Element);
      B.call(Double ? Kernel::MultiplyF64 : Kernel::MultiplyF32, W,
             B.readWide(All[I]), W);
      T.A = W;
      T.S = B.literal(1);
      T.First = Double ? Kernel::FillF64 : Kernel::FillF32;
      T.Next = Double ? Kernel::AddScaledF64F64 : Kernel::AddScaledF32F32;
      B.append(T);
      continue;
    }
    T.S = B.numbers(All[N + I]);
    T.A = B.read(All[I]);
    if (Double && T.A.Type != DType::F32)
      T.A = B.readWide(All[I]);
    switch (T.A.Type) {
    case DType::BF16:
      T.First = Kernel::ScaleF32BF16, T.Next = Kernel::AddScaledF32BF16;
      break;
    case DType::F16:
      T.First = Kernel::ScaleF32F16, T.Next = Kernel::AddScaledF32F16;
      break;
    case DType::F64:
      T.First = Kernel::ScaleF64F64, T.Next = Kernel::AddScaledF64F64;
      break;
    default:
      T.First = Double ? Kernel::ScaleF64F32 : Kernel::ScaleF32F32;
      T.Next = Double ? Kernel::AddScaledF64F32 : Kernel::AddScaledF32F32;
    }
    B.append(T);
  }
}

namespace mergec::ops {
extern const OpInfo opCombine;
const OpInfo opCombine = {
    .Mnemonic = "combine",
    .Class = OpClass::Elementwise,
    .MinOperands = 2,
    .MaxOperands = OpInfo::AnyNumber,
    .Summary = "x0·w0 + x1·w1 + … (tensors, then weights); a weight of 0 "
               "leaves its term out",
    .Infer = infer,
    .Fold = fold,
    .Emit = emit,
};
} // namespace mergec::ops
