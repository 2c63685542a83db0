//===- KernelFusion.cpp - Kernels that do what several do -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weighted sums, inner products, variances and recipes, byte for byte against
// the steps that they are made of, done one by one by plain loops.
//
//===----------------------------------------------------------------------===//

#include "KernelBuffers.h"
#include "mergec/Kernels/Recipe.h"
#include "mergec/Kernels/State.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <array>
#include <tuple>

using namespace mergec;
using namespace mergec::reference;

namespace {

TEST(Kernels, SumsOfTermsEqualTheirSteps) {
  struct {
    DType Type;
    Kernel Scale, AddScaled, Round, Together;
  } const Kinds[] = {
      {DType::BF16, Kernel::ScaleF32BF16, Kernel::AddScaledF32BF16,
       Kernel::RoundBF16F32, Kernel::SumTermsBF16},
      {DType::F16, Kernel::ScaleF32F16, Kernel::AddScaledF32F16,
       Kernel::RoundF16F32, Kernel::SumTermsF16},
  };
  std::mt19937_64 Random(17);
  for (const auto &K : Kinds)
    for (Fill How : {Fill::AnyBits, Fill::Ordinary, Fill::Midpoints})
      for (size_t N : {1, 15, 16, 40, 1000, 1024})
        for (unsigned Count = 1; Count <= SumTerms::Most; ++Count) {
          std::vector<Buffer> X(Count, Buffer(K.Type, N));
          Buffer Sum(DType::F32, N), Want(K.Type, N), Out(K.Type, N);
          SumTerms Terms;
          Terms.Count = Count;
          KernelCall Call = {};
          Call.N = N;
          Call.Out = Sum.data();
          for (unsigned T = 0; T != Count; ++T) {
            fillBuffer(X[T], How, Random);
            Terms.X[T] = Call.A = X[T].data();
            Terms.S[T] = Call.S = double(Random() % 1000) / 700 - 0.5;
            plain(T ? K.AddScaled : K.Scale)(Call);
          }
          uint64_t WantCount = 3;
          Call.A = Sum.data();
          Call.Out = Want.data();
          Call.State = &WantCount;
          plain(K.Round)(Call);
          for (InstructionSet Set : setsHere()) {
            uint64_t Found = 3;
            KernelCall Together = {};
            Together.A = &Terms;
            Together.Out = Out.data();
            Together.State = &Found;
            Together.N = N;
            kernelFunction(K.Together, Set)(Together);
            EXPECT_EQ(Found, WantCount);
            EXPECT_TRUE(Out.guardIntact());
            EXPECT_TRUE(sameElements(Out, Want, false))
                << instructionSetName(Set).str() << ' ' << N << ' ' << Count;
          }
        }
}

TEST(Kernels, GramsEqualTheirProducts) {
  const std::tuple<DType, Kernel, Kernel> Kinds[] = {
      {DType::BF16, Kernel::DotF32BF16, Kernel::GramF32BF16},
      {DType::F16, Kernel::DotF32F16, Kernel::GramF32F16},
      {DType::F32, Kernel::DotF32F32, Kernel::GramF32F32}};
  std::mt19937_64 Random(18);
  for (auto [Type, Dot, Gram] : Kinds)
    for (Fill How : {Fill::AnyBits, Fill::Ordinary})
      for (size_t N : {1, 15, 16, 17, 40, 1000, 1024})
        for (uint64_t Index : {0, 3, 15, 1024})
          for (unsigned Count = 2; Count <= GramTerms::Most; ++Count) {
            using Sums = std::array<double, ReductionLanes>;
            std::vector<Buffer> X(Count, Buffer(Type, N));
            for (Buffer &B : X)
              fillBuffer(B, How, Random);
            KernelCall Call = {};
            Call.N = N;
            Call.Index = Index;
            std::vector<Sums> Want, Start;
            for (unsigned I = 0; I != Count; ++I)
              for (unsigned J = I; J != Count; ++J) {
                Sums &Lanes = Start.emplace_back();
                for (double &L : Lanes)
                  L = double(Random() % 100);
                Want.push_back(Lanes);
                Call.A = X[I].data();
                Call.B = X[J].data();
                Call.State = Want.back().data();
                if ((I + J + N) % 3) // The others are not asked for.
                  plain(Dot)(Call);
              }
            for (InstructionSet Set : setsHere()) {
              std::vector<Sums> Found = Start;
              GramTerms Terms = {};
              Terms.Count = Count;
              for (unsigned I = 0, P = 0; I != Count; ++I) {
                Terms.X[I] = X[I].data();
                for (unsigned J = I; J != Count; ++J, ++P)
                  if ((I + J + N) % 3)
                    Terms.Lanes[I][J] = Found[P].data();
              }
              Call.A = &Terms;
              Call.State = nullptr;
              kernelFunction(Gram, Set)(Call);
              EXPECT_EQ(std::memcmp(Found.data(), Want.data(),
                                    Found.size() * sizeof(Sums)),
                        0)
                  << instructionSetName(Set).str() << ' ' << N << ' ' << Index
                  << ' ' << Count;
            }
          }
}

DType formatOf(llvm::StringRef Name) {
  for (auto [End, Type] : {std::pair{"BF16", DType::BF16}, {"F16", DType::F16}})
    if (Name.ends_with(End))
      return Type;
  return Name.ends_with("F64") ? DType::F64 : DType::F32;
}

using StepTiles = std::vector<std::vector<double>>;

/// The call of step `S`, whose result becomes its tile; `Find` says where an
/// operand is.
template <class Function>
KernelCall callOf(const Recipe &R, unsigned S, StepTiles &Tiles,
                  Function Find) {
  const Recipe::Step &Step = R.Steps[S];
  auto Where = [&](Recipe::Operand O) -> const void * {
    return O == Recipe::None   ? nullptr
           : O < Recipe::Input ? Tiles[O].data()
                               : Find(O - Recipe::Input);
  };
  KernelCall Call = {};
  Call.A = Where(Step.A);
  Call.B = Where(Step.B);
  Call.C = Where(Step.C);
  if (Step.Old != Recipe::None)
    Tiles[S] = Tiles[Step.Old];
  Call.Out = Tiles[S].data();
  Call.N = Tiles[S].size();
  return Call;
}

using State = std::array<double, ReductionLanes>; // Or a count, in the first.

/// All steps one by one by the plain loops, then the kernel of the recipe: what
/// is stored and all states are the same, if it doesn't decline. `FillInput`
/// fills a buffer, `Scalars` says what step `S` has, S and T.
void compareWithSteps(unsigned Number, size_t N, std::mt19937_64 &Random,
                      llvm::function_ref<void(Buffer &)> FillInput,
                      llvm::function_ref<std::pair<double, double>(
                          const FusedCall &Before, unsigned S)>
                          Scalars,
                      bool MayDecline) {
  const Recipe &R = Recipes.List[Number];
  // Of the tensor: rows, and so tiles, begin anywhere.
  const uint64_t Index = 4096 + Random() % 200;
  std::vector<Buffer> In(R.Inputs, Buffer(DType::F32, N));
  std::vector<bool> Filled(R.Inputs);
  StepTiles Tiles(R.Count, std::vector<double>(N));
  std::vector<State> Start(R.Count, State{}), Want = Start, Found;
  FusedCall Fused = {};
  DType Type = DType::F32;
  for (unsigned S = 0; S != R.Count; ++S) {
    const Recipe::Step &Step = R.Steps[S];
    llvm::StringRef Name = kernelName(Step.Run);
    KernelCall Call = callOf(R, S, Tiles, [&](unsigned J) {
      if (Filled[J])
        return Fused.In[J];
      if (Name == "KeepMarkedF32" && J + Recipe::Input == Step.B) {
        In[J] = Buffer(DType::Bool, N);
        for (size_t I = 0; I != N; ++I)
          In[J].setBits(I, Random() % 2);
      } else {
        In[J] = Buffer(formatOf(Name), N);
        FillInput(In[J]);
      }
      Filled[J] = true;
      return Fused.In[J] = In[J].data();
    });
    Call.Index = Name.starts_with("KeepRandom") ? Index : 0;
    std::tie(Call.S, Call.T) = Scalars(Fused, S);
    Fused.S[S] = Call.S;
    Fused.T[S] = Call.T;
    Call.Key = Fused.Key[S] = Random();
    if (Name.starts_with("KeepF") || Name.starts_with("KeepBelow")) {
      // Of a class that is there, all, some or nothing.
      const uint32_t *Tile = static_cast<const uint32_t *>(Call.A);
      const uint64_t Survivors = std::array{0, 13, 40}[Random() % 3];
      const KeepState Keep = {Tile[Random() % N] & 0x7fffffff, 40, Survivors,
                              Random() % 40};
      std::memcpy(Start[S].data(), &Keep, sizeof(Keep));
      Want[S] = Start[S];
    }
    Call.State = Want[S].data();
    plain(Step.Run)(Call);
    if (S == R.Stored)
      Type =
          Name.starts_with("Round") ? formatOf(Name.drop_back(3)) : DType::F32;
  }
  for (InstructionSet Set : setsHere()) {
    Found = Start;
    for (unsigned S = 0; S != R.Count; ++S)
      Fused.State[S] = Found[S].data();
    Buffer Out(Type, N);
    KernelCall Call = {};
    Call.Out = Out.data();
    Call.State = &Fused;
    Call.Index = Index;
    Call.N = N;
    fusedFunction(Number, Set)(Call);
    EXPECT_TRUE(Out.guardIntact());
    EXPECT_FALSE(Fused.Careful && !MayDecline) << Number;
    const std::vector<State> &Left = Fused.Careful ? Start : Want;
    EXPECT_EQ(
        std::memcmp(Found.data(), Left.data(), Left.size() * sizeof(State)), 0)
        << instructionSetName(Set).str() << ' ' << Number << ' ' << N;
    if (R.Stored != Recipe::None && !Fused.Careful) {
      // A NaN that is not rounded may have any payload.
      Buffer Wanted(Type, N);
      std::memcpy(Wanted.data(), Tiles[R.Stored].data(), N * byteWidth(Type));
      EXPECT_TRUE(sameElements(Out, Wanted, true))
          << instructionSetName(Set).str() << ' ' << Number << ' ' << N;
    }
  }
}

constexpr size_t TileSizes[] = {16, 48, 1024, StripElements};

// A recipe may decline where something is not finite, but not where everything
// is ordinary.
TEST(Kernels, RecipesEqualTheirSteps) {
  std::mt19937_64 Random(19);
  for (unsigned Number = 0; Number != Recipes.Count; ++Number)
    for (Fill How : {Fill::Ordinary, Fill::AnyBits})
      for (size_t N : TileSizes)
        compareWithSteps(
            Number, N, Random, [&](Buffer &B) { fillBuffer(B, How, Random); },
            [&](const FusedCall &Before, unsigned S) {
              const double X = Recipes.List[Number].weighsAgreeing(S)
                                   ? Before.S[S - 1]
                                   : double(Random() % 1000) / 1000;
              return std::pair(X, X + 0.25);
            },
            How == Fill::AnyBits);
}

// Elections are decided in f32 where that is certain. So: weights as merges
// have them, equal ones and almost equal ones among them, and such as f32
// doesn't hold; values that cancel, or all but cancel, or are lost when they
// are weighed.
TEST(Kernels, ElectionsEqualTheirSteps) {
  std::mt19937_64 Random(29);
  auto OneOf = [&](auto... Values) {
    const double All[] = {double(Values)...};
    return All[Random() % std::size(All)];
  };
  for (unsigned Number = 0; Number != Recipes.Count; ++Number) {
    const Recipe &R = Recipes.List[Number];
    if (!R.Election.Models)
      continue;
    for (unsigned Round = 0; Round != 40; ++Round) {
      const double Weight =
          OneOf(0.4, 1. / 3, 1, 0.5, 1e-4, 0x1p-99, 0x1p-120, 1e-300, 1e30);
      const double Spread = OneOf(0, 0, 0x1p-40, 0x1p-22, 1e-4, 1, -2.5);
      double Weights[recipes::MostTiles];
      for (double &W : Weights)
        W = Weight * (1 + Spread * double(Random() % 4) / 3);
      if (Random() % 8 == 0)
        Weights[1] = 0;
      const double Quantum = OneOf(0x1p-12, 0x1p-12, 0x1p-3, 0x1p-60, 0x1p-128);
      auto FillInput = [&](Buffer &B) {
        for (size_t I = 0; I != B.size(); ++I) {
          double X = Quantum * (double(Random() % 9) - 4);
          if (Random() % 16 == 0)
            X *= 1 + 0x1p-23 * double(Random() % 3);
          if (R.Steps[0].Run == Kernel::ScaleF64F32 && Random() % 64 == 0)
            X = OneOf(INFINITY, -INFINITY, NAN, -0.0, 0x1p-149, 3e38);
          B.setBits(I, encode(B.type(), X));
        }
      };
      auto Scalars = [&](const FusedCall &, unsigned S) {
        const Recipe::Vote &V = R.Election;
        const unsigned Elects = S - V.Begin;
        if (Elects < V.Models)
          return std::pair(Weights[Elects], 0.);
        if (S >= V.agreeing(0) && S < V.end()) {
          const double W = Weights[(S - V.agreeing(0)) / V.sums()];
          return std::pair(W, R.weighsAgreeing(S) ? 0.75 : W);
        }
        const bool Fills = R.Steps[S].Run == Kernel::FillF32;
        return std::pair(Fills ? 0. : 1., 1.);
      };
      compareWithSteps(Number, TileSizes[Round % 4], Random, FillInput, Scalars,
                       Weight > 1);
    }
  }
}

// The bounded move of BF16 is computed in another way than its steps: bounds at
// which sums are ties, elements at the bound and next to it, both zeros,
// differences that f32 does not hold.
TEST(Kernels, BoundedMovesEqualTheirSteps) {
  constexpr size_t N = 1024;
  constexpr Recipe Move = recipes::boundedMove(recipes::Formats[0]);
  unsigned Number = 0;
  while (Recipes.List[Number].Count != Move.Count ||
         Recipes.List[Number].Steps[0].Run != Move.Steps[0].Run)
    ++Number;
  const double Bounds[] = {
      1e-3,  0x1p-10,  0x1.01p-9, 0x1.02p-9,           0.3, 0x1.010000002p-7,
      1e-30, 0x1p-133, 0x1p70,    0x1.0100000000001p-7};
  std::mt19937_64 Random(23);
  unsigned Declined = 0, Calls = 0;
  for (double Bound : Bounds)
    for (unsigned Round = 0; Round != 40; ++Round) {
      Buffer X(DType::BF16, N), B(DType::BF16, N), Want(DType::BF16, N);
      // Narrow rounds stay near the bound, wide ones have all exponents.
      const int Spread = Round % 4 == 0 ? 140 : Round % 4 * 6;
      auto Any = [&] {
        double V =
            std::ldexp(1 + double(Random() % 128) / 128,
                       std::ilogb(Bound) + int(Random() % Spread) - Spread / 2);
        auto F = static_cast<float>(Random() % 2 ? V : -V);
        uint16_t Bits = std::bit_cast<uint32_t>(F) >> 16;
        return Random() % 50 == 0 ? uint16_t(Bits & 0x8000) : Bits;
      };
      for (size_t I = 0; I != N; ++I) {
        B.setBits(I, Any());
        X.setBits(I, Random() % 3 ? Any() : B.bits(I) + Random() % 3);
      }
      if (Round == 39)
        X.setBits(N - 1, 0xff80); // Not finite.
      StepTiles Tiles(Move.Count, std::vector<double>(N));
      uint64_t NotFinite[Recipe::MostSteps] = {};
      FusedCall Fused = {};
      Fused.In[0] = X.data();
      Fused.In[1] = B.data();
      for (unsigned S = 0; S != Move.Count; ++S) {
        const Recipe::Step &Step = Move.Steps[S];
        KernelCall Call =
            callOf(Move, S, Tiles, [&](unsigned J) { return Fused.In[J]; });
        if (S == Move.Stored)
          Call.Out = Want.data();
        Call.S = Step.Run == Kernel::ClampF64       ? -Bound
                 : Step.Run == Kernel::IsGreaterF64 ? Bound
                                                    : 1;
        Call.T = Bound;
        Call.State = Fused.State[S] = &NotFinite[S];
        Fused.S[S] = Call.S;
        Fused.T[S] = Call.T;
        plain(Step.Run)(Call);
      }
      for (InstructionSet Set : setsHere()) {
        Buffer Out(DType::BF16, N);
        KernelCall Call = {};
        Call.Out = Out.data();
        Call.State = &Fused;
        Call.N = N;
        fusedFunction(Number, Set)(Call);
        EXPECT_TRUE(Out.guardIntact());
        ++Calls;
        Declined += Fused.Careful;
        if (Fused.Careful)
          continue;
        EXPECT_TRUE(sameElements(Out, Want, false))
            << instructionSetName(Set).str() << ' ' << Bound << ' ' << Round;
      }
    }
  EXPECT_LT(Declined, Calls / 4);
}

// A variance is what its steps give one by one.
TEST(Kernels, VariancesEqualTheirSteps) {
  std::mt19937_64 Random(6);
  for (DType Type : {DType::F32, DType::F64})
    for (Fill How : {Fill::AnyBits, Fill::Ordinary, Fill::FewValues})
      for (size_t Count : {1, 2, 3, 4, 5})
        for (size_t N : {1, 7, 16, 21, 1000, 1024}) {
          std::vector<Buffer> Tensors(Count, Buffer(Type, N));
          std::vector<const void *> Addresses;
          for (Buffer &X : Tensors) {
            fillBuffer(X, How, Random);
            Addresses.push_back(X.data());
          }
          Buffer Want(DType::F32, N);
          uint64_t WantBad = 0;
          for (size_t I = 0; I != N; ++I) {
            double Mean = 0, Sum = 0;
            for (Buffer &X : Tensors)
              Mean += X.value(I);
            Mean /= double(Count);
            for (Buffer &X : Tensors) {
              const double Offset = X.value(I) - Mean;
              Sum += Offset * Offset;
            }
            const auto V = static_cast<float>(Sum / double(Count));
            Want.setBits(I, std::isnan(V) ? 0x7fc00000
                                          : std::bit_cast<uint32_t>(V));
            WantBad += !std::isfinite(V);
          }
          for (InstructionSet Set : setsHere()) {
            Buffer Out(DType::F32, N);
            uint64_t Bad = 0;
            KernelCall Call = {};
            Call.A = Addresses.data();
            Call.Key = Count;
            Call.Out = Out.data();
            Call.State = &Bad;
            Call.N = N;
            kernelFunction(Type == DType::F64 ? Kernel::VarianceF32F64
                                              : Kernel::VarianceF32F32,
                           Set)(Call);
            SCOPED_TRACE(instructionSetName(Set).str() + ", " +
                         std::to_string(Count) + " of " + std::to_string(N));
            sameElements(Out, Want, /*AnyNaN=*/false);
            EXPECT_TRUE(Out.guardIntact());
            EXPECT_EQ(Bad, WantBad);
          }
        }
}

} // namespace
