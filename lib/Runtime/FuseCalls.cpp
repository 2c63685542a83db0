//===- FuseCalls.cpp - Several instructions by one kernel ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between kernels a tile lies in the first-level cache, but it still has to be
// stored and loaded again. Whatever follows a recipe (Recipe.h) is given to the
// recipe's kernel. Two more chains have kernels of their own: a weighted sum of
// 16-bit inputs that is rounded at once, with which most methods end, and the
// inner products of a few inputs, with which most that need two sweeps begin.
//
// Where that takes all instructions of a sweep no tile has to stay in the
// first-level cache, and the kernels are given strips of several: to call one
// and to begin its sums costs as much as a good part of a tile.
//
//===----------------------------------------------------------------------===//

#include "Worker.h"
#include "mergec/Kernels/State.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstring>
#include <utility>

using namespace mergec;
using Place = TileOperand::Place;

namespace {
struct FusedSum {
  Kernel Term, Round, Together;
};
struct FusedGram {
  Kernel Dot, Together;
};
} // namespace

static constexpr FusedSum Sums[] = {
    {Kernel::ScaleF32BF16, Kernel::RoundBF16F32, Kernel::SumTermsBF16},
    {Kernel::ScaleF32F16, Kernel::RoundF16F32, Kernel::SumTermsF16},
};
static constexpr FusedGram Grams[] = {
    {Kernel::DotF32BF16, Kernel::GramF32BF16},
    {Kernel::DotF32F16, Kernel::GramF32F16},
    {Kernel::DotF32F32, Kernel::GramF32F32},
};

/// Whether the instruction needs what its result's place holds.
static bool addsToOut(const Instruction &I) {
  return I.How == Instruction::Form::Accumulate
             ? !I.StartsSum
             : I.How == Instruction::Form::Call && readsOut(I.First);
}

/// How many instructions are done together with others.
size_t Worker::findFusions() {
  Fusions.clear();
  for (Bound &X : Body) {
    X.Fused = X.Vectors = 0;
    X.Fusion = Bound::NoFusion;
  }
  size_t Fused = 0;
  for (size_t At = RankingEnd; At < Body.size();) {
    size_t Count = findRecipe(At);
    if (!Count)
      Count = findSum(At);
    if (!Count)
      Count = findGram(At);
    Body[At].Fused = Count;
    At += std::max<size_t>(Count, 1);
    Fused += Count;
  }
  return Fused;
}

/// Whether the instruction makes something in a register of streams alone.
static bool isOfStreams(const Instruction &I) {
  auto IsNowhereElse = [](const TileOperand &O) {
    return O.Where == Place::Stream || O.Where == Place::None;
  };
  return I.How == Instruction::Form::Call && !readsOut(I.First) &&
         I.Out.Where == Place::Register && I.A.Where == Place::Stream &&
         IsNowhereElse(I.B) && IsNowhereElse(I.C) &&
         I.State == Instruction::NoState;
}

/// Computes what is made of streams alone anew for each instruction that reads
/// it, right before; or for each result, before all else that it is made of.
void Worker::repeatDifferences(bool ForResults) {
  std::vector<Bound> Repeated(Body.begin(), Body.begin() + RankingEnd);
  llvm::SmallVector<Bound, 8> Made;
  auto Reads = [](const Instruction &I, const Bound &M) {
    auto Is = [&](const TileOperand &O) {
      return O.Where == Place::Register && O.Index == M.From->Out.Index;
    };
    return Is(I.A) || Is(I.B) || Is(I.C) || (addsToOut(I) && Is(I.Out));
  };
  /// What any instruction reads from `Begin` on to before `End`.
  auto Repeat = [&](size_t Begin, size_t End) {
    for (const Bound &M : Made)
      if (std::any_of(Body.begin() + Begin, Body.begin() + End,
                      [&](const Bound &X) { return Reads(*X.From, M); }))
        Repeated.push_back(M);
  };
  auto EndsResult = [](const Bound &X) {
    return X.From->Out.Where == Place::Output || isOfStreams(*X.From);
  };
  for (size_t At = RankingEnd; At != Body.size(); ++At) {
    const Bound &X = Body[At];
    const bool IsOfStreams = isOfStreams(*X.From);
    if (!IsOfStreams && !ForResults) {
      Repeat(At, At + 1);
    } else if (!IsOfStreams && (At == RankingEnd || EndsResult(Body[At - 1]))) {
      size_t End = At;
      while (End != Body.size() && !EndsResult(Body[End]))
        ++End;
      Repeat(At, std::min(End + 1, Body.size()));
    }
    llvm::erase_if(Made, [&](const Bound &M) {
      return M.From->Out.Where == X.From->Out.Where &&
             M.From->Out.Index == X.From->Out.Index && !addsToOut(*X.From);
    });
    if (IsOfStreams)
      Made.push_back(X);
    else
      Repeated.push_back(X);
  }
  Body = std::move(Repeated);
}

void Worker::fuseCalls() {
  size_t Fused = findFusions();
  if (Fused != Body.size() - RankingEnd) {
    // What several results are made of keeps each of them from being made by
    // one kernel.
    const std::vector<Bound> Once = Body;
    for (bool ForResults : {false, true}) {
      repeatDifferences(ForResults);
      if (Body.size() == Once.size())
        break; // Nothing is shared.
      Fused = findFusions();
      if (Fused == Body.size() - RankingEnd)
        break;
      Body = Once;
    }
    if (Body.size() == Once.size()) {
      Body = Once;
      Fused = findFusions();
    }
  }
  MostAtOnce = Fused == Body.size() - RankingEnd && needsNoRegister()
                   ? StripElements
                   : TileElements;
  Run.Progress.Instructions.fetch_add(Body.size() - RankingEnd,
                                      std::memory_order_relaxed);
  Run.Progress.InstructionsFused.fetch_add(Fused, std::memory_order_relaxed);
  if (MostAtOnce == StripElements)
    Run.Progress.InstructionsOnStrips.fetch_add(Fused,
                                                std::memory_order_relaxed);
}

/// Whether all that goes into the fused kernels and comes from them lies in
/// buffers of chunks, if all instructions but those for ranks are fused; and so
/// for these.
bool Worker::needsNoRegister() const {
  auto IsRegister = [](const TileOperand &O) {
    return O.Where == Place::Register;
  };
  for (const Fusion &F : Fusions)
    if (IsRegister(F.Result) || llvm::any_of(F.Ins, IsRegister))
      return false;
  for (const Bound &X : llvm::ArrayRef(Body).take_front(RankingEnd))
    for (const TileOperand &O : {X.From->Out, X.From->A, X.From->B, X.From->C})
      if (IsRegister(O))
        return false;
  for (size_t At = RankingEnd; At != Body.size(); At += Body[At].Fused) {
    if (Body[At].Fusion != Bound::NoFusion)
      continue;
    for (size_t K = 0; K != Body[At].Fused; ++K) {
      const Instruction &I = *Body[At + K].From;
      // A sum's own register is read by the rounding at its end.
      const bool EndsSum = !Body[At].Vectors && K + 1 == Body[At].Fused;
      if ((!EndsSum && IsRegister(I.A)) || IsRegister(I.B) || IsRegister(I.C))
        return false;
      if (EndsSum && IsRegister(I.Out))
        return false;
    }
  }
  return true;
}

size_t Worker::findRecipe(size_t Begin) {
  for (unsigned I = 0; I != Recipes.Count; ++I) {
    const Recipe &R = Recipes.List[I];
    Fusion F;
    const size_t Count = follows(R, Begin, F);
    if (!Count)
      continue;
    F.Run = fusedFunction(I, Run.Set);
    Body[Begin].Fusion = Fusions.size();
    Fusions.push_back(F);
    return Count;
  }
  return 0;
}

/// Whether anybody behind instruction `From` reads what is in the register now.
bool Worker::isReadLater(const TileOperand &Register, size_t From) const {
  auto Is = [&](const TileOperand &O) {
    return O.Where == Place::Register && O.Index == Register.Index;
  };
  for (size_t At = From; At != Body.size(); ++At) {
    const Instruction &I = *Body[At].From;
    if (Is(I.A) || Is(I.B) || Is(I.C))
      return true;
    if (Is(I.Out))
      return addsToOut(I);
  }
  return false;
}

static bool isCheck(Kernel K) {
  return K == Kernel::CountNonFiniteBF16 || K == Kernel::CountNonFiniteF16 ||
         K == Kernel::CountNonFiniteF32;
}

/// How many instructions from `Begin` on are those of the recipe, with the
/// operands that it says, if nobody needs what its kernel doesn't store; else
/// 0. The checks at its end may be missing: its kernel makes them all the same,
/// and declines where one fails.
size_t Worker::follows(const Recipe &R, size_t Begin, Fusion &F) const {
  unsigned Count = R.Count;
  while (Count && isCheck(R.Steps[Count - 1].Run) &&
         (Body.size() - Begin < R.Count ||
          !isCheck(Body[Begin + Count - 1].From->First)))
    --Count;
  if (Count > Body.size() - Begin)
    return 0;
  auto InRegister = [](const TileOperand &O, const TileOperand &Other) {
    return O.Where == Place::Register && Other.Where == Place::Register &&
           O.Index == Other.Index;
  };
  bool Bound[Recipe::MostInputs] = {};
  for (unsigned S = 0; S != Count; ++S) {
    const Recipe::Step &Step = R.Steps[S];
    const Worker::Bound &X = Body[Begin + S];
    const Instruction &I = *X.From;
    Kernel Run = I.First;
    bool ReadsOut = readsOut(Run);
    if (I.How == Instruction::Form::Accumulate) {
      if (X.S == 0) // Left out.
        return 0;
      ReadsOut = !I.StartsSum;
      Run = ReadsOut ? I.Next : I.First;
    } else if (I.How != Instruction::Form::Call) {
      return 0;
    }
    auto IsWhole = [](const NumberRef &N) {
      return N.By == NumberRef::Axis::None || N.By == NumberRef::Axis::Whole;
    };
    if (Run != Step.Run || ReadsOut != (Step.Old != Recipe::None) ||
        !IsWhole(I.S) || !IsWhole(I.T))
      return 0;

    auto IsMeant = [&](const TileOperand &O, Recipe::Operand Meant) {
      if (Meant == Recipe::None)
        return O.Where == Place::None;
      unsigned From = S; // Behind the step that made it, or 0.
      while (From && !InRegister(O, Body[Begin + From - 1].From->Out))
        --From;
      if (Meant < Recipe::Input)
        return From == Meant + 1u;
      unsigned J = Meant - Recipe::Input;
      if (From || (Bound[J] && F.Ins[J] != O))
        return false;
      Bound[J] = true;
      F.Ins[J] = O;
      return true;
    };
    if ((ReadsOut && !IsMeant(I.Out, Step.Old)) || !IsMeant(I.A, Step.A) ||
        !IsMeant(I.B, Step.B) || !IsMeant(I.C, Step.C))
      return 0;
    if (R.weighsAgreeing(S) && X.S != Body[Begin + S - 1].S)
      return 0;
    if (S == R.Stored)
      F.Result = I.Out;
    F.Call.S[S] = X.S;
    F.Call.T[S] = X.T;
    F.Call.Key[S] = X.Key;
    F.Call.State[S] = X.State;
  }
  for (unsigned J = 0; J != R.Inputs; ++J)
    if (!Bound[J])
      return 0;
  F.Inputs = R.Inputs;

  // Careful steps need the inputs again.
  for (unsigned J = 0; J != R.Inputs; ++J)
    if (InRegister(F.Ins[J], F.Result))
      return 0;
  for (unsigned S = 0; S != Count; ++S) {
    const TileOperand &O = Body[Begin + S].From->Out;
    if (O.Where == Place::None || O == F.Result)
      continue;
    if (O.Where != Place::Register ||
        (!InRegister(O, F.Result) && isReadLater(O, Begin + Count)))
      return 0;
  }
  return Count;
}

/// False if the steps have to be taken one by one.
bool Worker::runFusion(const Bound &X, const Tile &T) {
  if (T.N % ReductionLanes || T.InSegment % ReductionLanes ||
      T.Column % ReductionLanes)
    return false;
  Fusion &F = Fusions[X.Fusion];
  for (unsigned I = 0; I != F.Inputs; ++I)
    F.Call.In[I] = F.At[I].Base + T.ChunkOffset * F.At[I].Step;
  KernelCall Call = {};
  Call.Out = F.Out.Base + T.ChunkOffset * F.Out.Step;
  Call.State = &F.Call;
  Call.Index = T.Index;
  Call.N = T.N;
  F.Run(Call);
  return !F.Call.Careful;
}

/// The terms of a sum, all of one 16-bit type, and its rounding to that type,
/// if nobody else reads the sum.
size_t Worker::findSum(size_t Begin) {
  const Instruction &First = *Body[Begin].From;
  const FusedSum *Sum = llvm::find_if(
      Sums, [&](const FusedSum &S) { return S.Term == First.First; });
  if (Sum == std::end(Sums) || !First.StartsSum)
    return 0;
  size_t End = Begin;
  for (bool Ended = false; !Ended; ++End) {
    if (End == Body.size() || End - Begin == SumTerms::Most)
      return 0;
    const Instruction &I = *Body[End].From;
    if (I.How != Instruction::Form::Accumulate || I.First != Sum->Term ||
        I.Out != First.Out)
      return 0;
    Ended = I.EndsSum;
  }
  if (End == Body.size() || First.Out.Where != Place::Register)
    return 0;
  const Instruction &Round = *Body[End].From;
  if (Round.How != Instruction::Form::Call || Round.First != Sum->Round ||
      Round.A != First.Out)
    return 0;
  for (size_t I = End + 1; I != Body.size(); ++I) {
    const Instruction &Later = *Body[I].From;
    bool StartsAnew = Later.Out.Where == Place::Register &&
                      Later.Out.Index == First.Out.Index && Later.StartsSum;
    if (StartsAnew)
      break;
    for (const TileOperand &O : {Later.Out, Later.A, Later.B, Later.C})
      if (O.Where == Place::Register && O.Index == First.Out.Index)
        return 0;
  }
  Body[Begin].Together = kernelFunction(Sum->Together, Run.Set);
  return End + 1 - Begin;
}

/// As many inner products as are formed of few vectors.
size_t Worker::findGram(size_t Begin) {
  const Instruction &First = *Body[Begin].From;
  const FusedGram *Gram = llvm::find_if(
      Grams, [&](const FusedGram &G) { return G.Dot == First.First; });
  if (Gram == std::end(Grams))
    return 0;
  llvm::SmallVector<TileOperand, GramTerms::Most> Vectors;
  bool Taken[GramTerms::Most][GramTerms::Most] = {};
  size_t End = Begin;
  for (; End != Body.size() && End - Begin != MostFused; ++End) {
    const Instruction &I = *Body[End].From;
    if (I.How != Instruction::Form::Call || I.First != Gram->Dot ||
        I.Base != First.Base)
      break;
    size_t Known = Vectors.size();
    auto Number = [&](const TileOperand &O) -> size_t {
      auto It = llvm::find(Vectors, O);
      if (It == Vectors.end()) {
        Vectors.push_back(O);
        return Vectors.size() - 1;
      }
      return It - Vectors.begin();
    };
    size_t A = Number(I.A), B = Number(I.B);
    // The same product again has lanes of its own.
    if (Vectors.size() > GramTerms::Most ||
        std::exchange(Taken[std::min(A, B)][std::max(A, B)], true)) {
      Vectors.resize(Known);
      break;
    }
    Body[End].VectorA = A;
    Body[End].VectorB = B;
  }
  // Products that nobody asked for should not cost more than is saved.
  size_t Count = End - Begin, All = Vectors.size() * (Vectors.size() + 1) / 2;
  if (Vectors.size() < 2 || 2 * Count < All)
    return 0;
  Body[Begin].Vectors = Vectors.size();
  Body[Begin].Together = kernelFunction(Gram->Together, Run.Set);
  return Count;
}

void Worker::runFused(llvm::ArrayRef<Bound> Calls,
                      llvm::ArrayRef<KernelCall> Each) {
  KernelCall Call = Each.back();
  if (Calls[0].Vectors) {
    GramTerms Terms = {};
    Terms.Count = Calls[0].Vectors;
    for (size_t I = 0; I != Each.size(); ++I) {
      const uint16_t A = Calls[I].VectorA, B = Calls[I].VectorB;
      Terms.X[A] = Each[I].A;
      Terms.X[B] = Each[I].B;
      Terms.Lanes[std::min(A, B)][std::max(A, B)] =
          static_cast<double *>(Each[I].State);
    }
    Call.A = &Terms;
    Calls[0].Together(Call);
    return;
  }
  SumTerms Terms;
  Terms.Count = 0;
  for (const KernelCall &Term : Each.drop_back())
    if (Term.S != 0) {
      Terms.X[Terms.Count] = Term.A;
      Terms.S[Terms.Count++] = Term.S;
    }
  Call.A = &Terms;
  if (Terms.Count)
    Calls[0].Together(Call);
  else // A sum of nothing. Zero is all bits 0 in any type.
    std::memset(Call.Out, 0, Call.N * byteWidth(Calls.back().From->Out.Type));
}
