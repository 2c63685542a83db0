//===- KernelTest.cpp - The kernels of every instruction set --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every kernel of every set that runs here against the plain loops of
// KernelReference.cpp, byte for byte: on random values with all the special
// ones among them, on tiles of all small sizes, from any index, in place, and
// without a write past the end. As all sets equal the reference, they equal
// each other.
//
//===----------------------------------------------------------------------===//

#include "KernelBuffers.h"
#include "mergec/Kernels/RandomWord.h"
#include "mergec/Kernels/State.h"
#include <tuple>
#include <vector>

using namespace mergec;
using namespace mergec::reference;

namespace {

/// State as bytes, with room for the largest of a kind.
std::vector<uint64_t> initialState(const KernelReference &Row, Buffer &A,
                                   std::mt19937_64 &Random) {
  switch (Row.State) {
  case StateKind::None:
    return {};
  case StateKind::Count:
    return {Random() % 100};
  case StateKind::Lanes: {
    std::vector<uint64_t> Lanes(ReductionLanes);
    for (uint64_t &Lane : Lanes)
      Lane = std::bit_cast<uint64_t>(static_cast<double>(Random() % 7) / 8);
    return Lanes;
  }
  case StateKind::Histogram:
    return std::vector<uint64_t>(65536 / 2);
  case StateKind::Largest:
    return {std::bit_cast<uint64_t>(Random() % 2 ? -INFINITY : 0.25)};
  case StateKind::Around: {
    AroundState State = {};
    for (uint32_t &M : State.Magnitude)
      M = magnitude(A.value(Random() % A.size()));
    if (Random() % 2)
      State.Magnitude[1] = State.Magnitude[0];
    State.Greater[0] = State.Greater[1] = Random() % 100;
    State.Equal[0] = State.Equal[1] = Random() % 100;
    std::vector<uint64_t> Words(sizeof(State) / 8);
    std::memcpy(Words.data(), &State, sizeof(State));
    return Words;
  }
  case StateKind::Zoom: {
    constexpr uint32_t Bins = 1 << 12;
    ZoomState State = {};
    State.Shift = Random() % (ZoomState::MostShift + 1);
    const uint32_t M = magnitude(A.value(Random() % A.size()));
    State.Low = M - std::min(M, uint32_t(Random() % 1000));
    State.High = std::min(
        State.Low + uint32_t(Random() % (Bins << State.Shift)), 0x7fffffffu);
    State.Frequent = Random() % 2 ? std::min(M, State.High) : State.Low;
    State.Greater = Random() % 100;
    std::vector<uint64_t> Words((sizeof(State) + Bins * sizeof(ZoomBin)) / 8);
    std::memcpy(Words.data(), &State, sizeof(State));
    return Words;
  }
  case StateKind::Keep: {
    KeepState State;
    State.Threshold = magnitude(A.value(Random() % A.size()));
    State.ClassSize = 1 + Random() % 1000;
    State.Survivors = Random() % (State.ClassSize + 1);
    if (Random() % 8 == 0)
      State.Survivors = Random() % 2 ? State.ClassSize : 0;
    State.Fraction = Random() % State.ClassSize;
    std::vector<uint64_t> Words(sizeof(State) / 8);
    std::memcpy(Words.data(), &State, sizeof(State));
    return Words;
  }
  }
  return {};
}

/// Runs one kernel of each set on the same operands as the reference.
void check(const KernelReference &Row, Fill How, size_t N, uint64_t Index,
           std::mt19937_64 &Random) {
  Buffer A(Row.A, N), B(Row.B, N), C(Row.A, N), Old(Row.Out, N);
  fillBuffer(A, How, Random);
  fillBuffer(B, How, Random);
  fillBuffer(C, How, Random);
  fillBuffer(Old, How, Random);
  for (size_t I = 0; I != N; ++I) {
    const uint64_t Draw = Random();
    if (Row.BKind == OperandKind::Signs)
      B.setBits(I, encode(Row.B, Draw % 2 ? 1 : -1));
    else if (Row.BKind == OperandKind::Counts)
      B.setBits(I, encode(Row.B, Draw % 4));
    else if (Row.BKind == OperandKind::Marks)
      B.setBits(I, Draw % 2);
  }

  static const double Scalars[] = {0.3,   -1.7,  0.0,      1.0,          1e-3,
                                   1e-50, -1e30, INFINITY, std::nan(""), -0.5};
  KernelCall Call = {};
  Call.N = N;
  Call.Index = Index;
  Call.A = A.data();
  Call.C = C.data();
  const bool HasB = Row.BKind != OperandKind::None &&
                    (Row.BKind != OperandKind::Optional || Random() % 2);
  if (HasB)
    Call.B =
        Random() % 8 == 0 && Row.A == Row.B && Row.BKind == OperandKind::Values
            ? A.data()
            : B.data();
  Call.S = Scalars[Random() % std::size(Scalars)];
  Call.T = Scalars[Random() % std::size(Scalars)];
  if (Row.State == StateKind::None)
    Call.Key = Random();
  else
    Call.Key = magnitude(A.value(Random() % N));
  if (Row.Id == Kernel::HistogramLowF32 || Row.Id == Kernel::HistogramLowF64)
    Call.Key >>= 15;
  if ((Row.Id == Kernel::FillF32 || Row.Id == Kernel::FillF64) && Random() % 2)
    Call.A = nullptr;

  const std::vector<uint64_t> State = initialState(Row, A, Random);
  auto Run = [&](KernelFunction Function, Buffer &Out, bool InPlace) {
    std::vector<uint64_t> After = State;
    KernelCall Mine = Call;
    if (InPlace) {
      std::memcpy(Out.data(), A.data(), N * byteWidth(Row.A));
      Mine.A = Out.data();
      if (Call.B == A.data())
        Mine.B = Out.data();
    }
    Mine.Out = Out.data();
    Mine.State = After.data();
    Function(Mine);
    return After;
  };

  Buffer Expected = Old;
  const std::vector<uint64_t> ExpectedState = Run(Row.Compute, Expected, false);

  const bool Canonical = Row.State == StateKind::Count;
  for (InstructionSet Set : setsHere()) {
    SCOPED_TRACE(kernelName(Row.Id).str() + ", " +
                 instructionSetName(Set).str() + ", N = " + std::to_string(N) +
                 ", index = " + std::to_string(Index) +
                 ", S = " + std::to_string(Call.S));
    const KernelFunction Function = kernelFunction(Row.Id, Set);
    Buffer Out = Old;
    EXPECT_EQ(Run(Function, Out, false), ExpectedState);
    EXPECT_TRUE(Out.guardIntact());
    sameElements(Out, Expected, !Canonical);
    if (Row.WritesOut && !Row.ReadsOut && Row.Out == Row.A && Call.A) {
      Buffer InPlace = Old;
      EXPECT_EQ(Run(Function, InPlace, true), ExpectedState);
      sameElements(InPlace, Expected, !Canonical);
    }
  }
}

class KernelTest : public testing::TestWithParam<KernelReference> {};

TEST_P(KernelTest, EqualsReference) {
  const KernelReference &Row = GetParam();
  std::mt19937_64 Random(static_cast<unsigned>(Row.Id) + 1);
  for (Fill How :
       {Fill::AnyBits, Fill::Ordinary, Fill::FewValues, Fill::Midpoints}) {
    for (size_t N = 1; N <= 40; ++N)
      check(Row, How, N, Random() >> Random() % 64, Random);
    for (size_t N : {1000, 1023, 1024})
      for (int Repeat = 0; Repeat != 8; ++Repeat)
        check(Row, How, N, Random() % 3 ? Random() % 5000 : 0, Random);
    if (testing::Test::HasFailure())
      return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, KernelTest,
                         testing::ValuesIn(kernelReferences().begin(),
                                           kernelReferences().end()),
                         [](const auto &Info) {
                           return kernelName(Info.param.Id).str();
                         });

TEST(Kernels, EveryOneHasAReference) {
  std::vector<bool> Seen;
  for (const KernelReference &Row : kernelReferences()) {
    const size_t Id = static_cast<size_t>(Row.Id);
    Seen.resize(std::max(Seen.size(), Id + 1));
    EXPECT_FALSE(Seen[Id]) << kernelName(Row.Id).str();
    Seen[Id] = true;
  }
  // Which are compared with those they stand for.
  for (Kernel Together :
       {Kernel::SumTermsBF16, Kernel::SumTermsF16, Kernel::GramF32BF16,
        Kernel::GramF32F16, Kernel::GramF32F32, Kernel::VarianceF32F32,
        Kernel::VarianceF32F64}) {
    const size_t Id = static_cast<size_t>(Together);
    Seen.resize(std::max(Seen.size(), Id + 1));
    Seen[Id] = true;
  }
  size_t Count = 0;
#define MERGEC_KERNEL(Id) ++Count;
#include "mergec/Kernels/Kernels.def"
  EXPECT_EQ(Seen, std::vector<bool>(Count, true));
}

TEST(Kernels, SetsHaveNames) {
  EXPECT_EQ(instructionSetName(InstructionSet::AVX512), "avx512");
  EXPECT_EQ(instructionSetFromName("avx2"), InstructionSet::AVX2);
  EXPECT_EQ(instructionSetFromName("portable"), InstructionSet::Portable);
  EXPECT_EQ(instructionSetFromName("sse9"), std::nullopt);
  EXPECT_TRUE(runsHere(InstructionSet::Portable));
  EXPECT_TRUE(runsHere(detectInstructionSet()));
}

struct HalfFormat {
  const char *Name;
  Kernel Widen, Round, WidenF64, RoundF64;
  double (*Value)(uint16_t);
  uint16_t (*Rounded)(double);
};

const HalfFormat HalfFormats[] = {
    {"bf16", Kernel::WidenF32BF16, Kernel::RoundBF16F32, Kernel::WidenF64BF16,
     Kernel::RoundBF16F64, fromBF16, toBF16},
    {"f16", Kernel::WidenF32F16, Kernel::RoundF16F32, Kernel::WidenF64F16,
     Kernel::RoundF16F64, fromF16, toF16},
};

void call(Kernel K, InstructionSet Set, void *Out, const void *A, size_t N,
          uint64_t *State = nullptr) {
  KernelCall Call = {};
  Call.Out = Out;
  Call.A = A;
  Call.N = N;
  Call.State = State;
  kernelFunction(K, Set)(Call);
}

// Each of the 65536 patterns, the middle between it and the next, and the
// neighbours of the middle, by way of f32 and of f64.
TEST(Kernels, AllHalfPatternsAndMidpoints) {
  for (const HalfFormat &Format : HalfFormats)
    for (InstructionSet Set : setsHere()) {
      SCOPED_TRACE(std::string(Format.Name) + " " +
                   instructionSetName(Set).str());
      std::vector<uint16_t> Patterns(65536);
      for (size_t I = 0; I != Patterns.size(); ++I)
        Patterns[I] = static_cast<uint16_t>(I);
      std::vector<float> Values(65536);
      std::vector<double> Wide(65536);
      call(Format.Widen, Set, Values.data(), Patterns.data(), 65536);
      call(Format.WidenF64, Set, Wide.data(), Patterns.data(), 65536);
      size_t Wrong = 0;
      for (size_t I = 0; I != Patterns.size(); ++I) {
        const double Expected = Format.Value(Patterns[I]);
        Wrong += std::isnan(Expected)
                     ? !std::isnan(Values[I]) || !std::isnan(Wide[I])
                     : std::bit_cast<uint64_t>(Expected) !=
                               std::bit_cast<uint64_t>(Wide[I]) ||
                           std::bit_cast<uint64_t>(Expected) !=
                               std::bit_cast<uint64_t>(
                                   static_cast<double>(Values[I]));
      }
      EXPECT_EQ(Wrong, 0u) << "widened";

      std::vector<uint16_t> Back(65536);
      for (int Step = -2; Step != 3; ++Step) {
        // −2: the values; −1, 0, 1: the middles and their neighbours; 2: the
        // nearest f64 neighbours of the middle, which f32 can't tell from it.
        std::vector<double> Inputs = Wide;
        for (size_t I = 0; I != Inputs.size() && Step != -2; ++I) {
          double Middle = Wide[I] / 2 + Format.Value(uint16_t(I + 1)) / 2;
          if (Step == 2)
            Middle = std::nextafter(Middle, I % 2 ? 0.0 : 2 * Middle);
          else if (Step != 0)
            Middle =
                std::nextafter(static_cast<float>(Middle), Step * INFINITY);
          Inputs[I] = Middle;
        }
        uint64_t NotFinite = 0, Expected = 0;
        call(Format.RoundF64, Set, Back.data(), Inputs.data(), 65536,
             &NotFinite);
        Wrong = 0;
        for (size_t I = 0; I != Inputs.size(); ++I) {
          const uint16_t Bits = Format.Rounded(Inputs[I]);
          Wrong += Back[I] != Bits;
          Expected += !std::isfinite(Format.Value(Bits));
        }
        EXPECT_EQ(Wrong, 0u) << "rounded from f64, step " << Step;
        EXPECT_EQ(NotFinite, Expected);

        for (size_t I = 0; I != Inputs.size(); ++I)
          Values[I] = static_cast<float>(Inputs[I]);
        NotFinite = Expected = 0;
        call(Format.Round, Set, Back.data(), Values.data(), 65536, &NotFinite);
        Wrong = 0;
        for (size_t I = 0; I != Inputs.size(); ++I) {
          const uint16_t Bits = Format.Rounded(Values[I]);
          Wrong += Back[I] != Bits;
          Expected += !std::isfinite(Format.Value(Bits));
        }
        EXPECT_EQ(Wrong, 0u) << "rounded from f32, step " << Step;
        EXPECT_EQ(NotFinite, Expected);
      }
    }
}

// Over several tiles, the members of the class that stay are those for which
// floor((j+1)·r/m) > floor(j·r/m).
TEST(Kernels, KeepThinsTheClassEvenly) {
  std::mt19937_64 Random(7);
  for (InstructionSet Set : setsHere())
    for (int Round = 0; Round != 50; ++Round) {
      SCOPED_TRACE(instructionSetName(Set).str());
      std::vector<float> X(5000), Out(5000);
      const int Rarity = 1 + Random() % 20;
      uint64_t M = 0;
      for (float &E : X) {
        E = Random() % Rarity == 0 ? 0.5f : Random() % 2 ? 0.25f : 2.0f;
        E = Random() % 2 ? -E : E;
        M += std::fabs(E) == 0.5f;
      }
      const uint64_t R = Random() % (M + 1);
      KeepState State = {std::bit_cast<uint32_t>(0.5f), M, R, 0};
      for (size_t I = 0; I < X.size(); I += 999) {
        KernelCall Call = {};
        Call.A = X.data() + I;
        Call.Out = Out.data() + I;
        Call.N = std::min<size_t>(999, X.size() - I);
        Call.State = &State;
        kernelFunction(Kernel::KeepF32, Set)(Call);
      }
      uint64_t J = 0, Kept = 0;
      for (size_t I = 0; I != X.size(); ++I) {
        bool Stays = std::fabs(X[I]) > 0.5f;
        if (std::fabs(X[I]) == 0.5f) {
          Stays = (J + 1) * R / M > J * R / M;
          ++J;
          Kept += Stays;
        }
        ASSERT_EQ(Out[I], Stays ? X[I] : 0.0f) << I;
      }
      EXPECT_EQ(Kept, R);
    }
}

// A segment read in tiles of any size gives the same sums.
TEST(Kernels, LanesDoNotDependOnTheTiles) {
  std::mt19937_64 Random(11);
  std::vector<float> X(3000), Y(3000);
  for (size_t I = 0; I != X.size(); ++I) {
    X[I] = static_cast<float>(Random() % 1000003) * 1e-7f;
    Y[I] = static_cast<float>(Random() % 1000003) * 1e-5f;
  }
  std::vector<double> First;
  for (InstructionSet Set : setsHere())
    for (size_t Tile : {1024, 1000, 16, 7, 1, 333}) {
      std::vector<double> Lanes(ReductionLanes);
      for (size_t I = 0; I < X.size(); I += Tile) {
        KernelCall Call = {};
        Call.A = X.data() + I;
        Call.B = Y.data() + I;
        Call.State = Lanes.data();
        Call.Index = I;
        Call.N = std::min(Tile, X.size() - I);
        kernelFunction(Kernel::DotF32F32, Set)(Call);
      }
      if (First.empty())
        First = Lanes;
      EXPECT_EQ(Lanes, First) << Tile;
    }
}

// The published answers of the generator, and the kernels on the one whose
// counter and key they can be given.
TEST(Kernels, RandomWordsHaveTheKnownAnswers) {
  using Block = std::array<uint32_t, 4>;
  const Block Pi = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
  const uint32_t Ones = 0xffffffff;
  const Block Zeros7 = {0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48};
  EXPECT_EQ(philox4x32({}, {}, 7), Zeros7);
  EXPECT_EQ(philox4x32({Ones, Ones, Ones, Ones}, {Ones, Ones}, 7),
            (Block{0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662}));
  EXPECT_EQ(philox4x32(Pi, {0xa4093822, 0x299f31d0}, 7),
            (Block{0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}));
  EXPECT_EQ(philox4x32({}, {}, 10),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32(Pi, {0xa4093822, 0x299f31d0}, 10),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));

  // A distance is a word's share of the others.
  for (uint64_t I : {0, 1, 2, 3})
    EXPECT_EQ(RankDraw(0, 1, (uint64_t(1) << 32) + 1).distance(0, 16 * I + 5),
              1 + uint64_t(Zeros7[I]));

  // A word bit by bit, from a block each.
  auto WordOf = [](uint32_t Index) {
    uint32_t Word = 0;
    for (uint32_t Place = 0; Place != 32; ++Place) {
      const Block Bits = philox4x32({Index / 128, 0, Place, 1}, {}, 7);
      Word = Word << 1 | (Bits[Index % 128 / 32] >> Index % 32 & 1);
    }
    return Word;
  };
  for (InstructionSet Set : setsHere())
    for (uint32_t I :
         {0u, 1u, 31u, 32u, 77u, 127u, 128u, 1023u, 1024u, 123456u})
      for (int Above : {0, 1}) {
        const float One = 1;
        float Out;
        KernelCall Call = {};
        Call.Out = &Out;
        Call.A = &One;
        Call.S = (static_cast<double>(WordOf(I)) + Above) * 0x1p-32;
        Call.Index = I;
        Call.N = 1;
        kernelFunction(Kernel::KeepRandomF32, Set)(Call);
        EXPECT_EQ(Out, Above ? 1.0f : 0.0f);
      }
}

// Long rows, of few magnitudes and of many, with probabilities near and far.
TEST(Kernels, DrawsByRankEqualTheDefinition) {
  const KernelReference *Plain =
      llvm::find_if(kernelReferences(), [](const KernelReference &R) {
        return R.Id == Kernel::DrawByRankF32;
      });
  std::mt19937_64 Random(5);
  for (size_t N : {2048, 4096, 5632})
    for (uint64_t Magnitudes : {3, 300, 1 << 30})
      for (double Epsilon : {0.15, 1e-3, 1e-9}) {
        std::vector<float> Row(N);
        std::vector<uint8_t> Want(N), Out(N);
        for (float &X : Row)
          X = static_cast<float>(
              std::ldexp(double(Random() % Magnitudes) - double(Magnitudes / 2),
                         -int(Random() % 4 * 3)));
        KernelCall Call = {};
        Call.A = Row.data();
        Call.S = 0.4 - Epsilon;
        Call.T = 0.4 + Epsilon;
        Call.Key = Random();
        Call.Index = Random() % 100000;
        Call.N = N;
        Call.Out = Want.data();
        Plain->Compute(Call);
        Call.Out = Out.data();
        for (InstructionSet Set : setsHere()) {
          kernelFunction(Kernel::DrawByRankF32, Set)(Call);
          EXPECT_EQ(Out, Want) << instructionSetName(Set).str() << ' ' << N
                               << ' ' << Magnitudes << ' ' << Epsilon;
        }
      }
}

// Lengths of a row and of what is kept of it, in lanes, behind others.
TEST(Kernels, DrawsByRankMeasureLengths) {
  using Sums = std::array<double, ReductionLanes>;
  std::mt19937_64 Random(7);
  for (size_t N : {16, 48, 1040, 2048, 5632}) {
    std::vector<float> Row(N);
    for (float &X : Row)
      X = static_cast<float>(double(Random() % 2000) / 777 - 1.3);
    if (N == 48)
      Row[20] = NAN;
    std::vector<uint8_t> Want(N), Out(N);
    KernelCall Call = {};
    Call.A = Row.data();
    Call.S = 0.3;
    Call.T = 0.8;
    Call.Key = Random();
    Call.Index = Random() % 1000 * ReductionLanes;
    Call.N = N;
    Call.Out = Want.data();
    kernelFunction(Kernel::DrawByRankF32, InstructionSet::Portable)(Call);
    Sums All, Kept;
    All.fill(0.1);
    Kept.fill(0.7);
    for (size_t I = 0; I != N; ++I) {
      const double Length = std::abs(double(Row[I]));
      All[I % ReductionLanes] += Length;
      Kept[I % ReductionLanes] += Want[I] ? Length : 0;
    }
    for (InstructionSet Set : setsHere()) {
      Sums FoundAll, FoundKept;
      FoundAll.fill(0.1);
      FoundKept.fill(0.7);
      DrawnLengths Lengths = {FoundAll.data(), FoundKept.data()};
      Call.Out = Out.data();
      Call.State = &Lengths;
      kernelFunction(Kernel::DrawByRankF32, Set)(Call);
      Call.State = nullptr;
      EXPECT_EQ(Out, Want);
      for (size_t L = 0; L != ReductionLanes; ++L) {
        EXPECT_TRUE(FoundAll[L] == All[L] ||
                    (std::isnan(All[L]) && std::isnan(FoundAll[L])))
            << N << ' ' << L;
        EXPECT_TRUE(FoundKept[L] == Kept[L] ||
                    (std::isnan(Kept[L]) && std::isnan(FoundKept[L])))
            << N << ' ' << L;
      }
    }
  }
}

// With ties, few elements and many: the rate of each magnitude's survivors is
// within five standard deviations of what the mean of its ranks asks for.
TEST(Kernels, DrawsByRankFollowTheMeanRanks) {
  constexpr size_t Draws = 20000;
  constexpr double Low = 0.3, High = 0.8;
  const std::vector<std::vector<float>> Rows = {
      {1},
      {2, -1},
      {-3, 3},
      {0, 5, -0.0f, 5, 1},
      {1, 1, 1, -1, 2, 0, 0, 0, 0, 0, 0, 7, 0.5f, 2, 2, 2, 2}};
  for (const std::vector<float> &Row : Rows) {
    const size_t N = Row.size();
    std::map<float, double> Kept;
    std::vector<uint8_t> Out(N);
    for (size_t Draw = 0; Draw != Draws; ++Draw) {
      KernelCall Call = {};
      Call.A = Row.data();
      Call.Out = Out.data();
      Call.S = Low;
      Call.T = High;
      Call.Key = 77;
      Call.Index = Draw * N;
      Call.N = N;
      kernelFunction(Kernel::DrawByRankF32, detectInstructionSet())(Call);
      for (size_t I = 0; I != N; ++I)
        Kept[std::abs(Row[I])] += Out[I];
    }
    for (const auto &[Magnitude, Count] : Kept) {
      double Smaller = 0, Equal = 0;
      for (float X : Row) {
        Smaller += std::abs(X) < Magnitude;
        Equal += std::abs(X) == Magnitude;
      }
      const double Rank = Smaller + (Equal - 1) / 2;
      const double P =
          N == 1 ? (Low + High) / 2 : Low + (High - Low) * Rank / double(N - 1);
      const double Trials = Draws * Equal;
      EXPECT_NEAR(Count / Trials, P, 5 * std::sqrt(P * (1 - P) / Trials))
          << N << ' ' << Magnitude;
    }
  }
}

// The rate of survivors is within four standard deviations, and the masks of
// two keys are independent.
TEST(Kernels, RandomMasksAreFair) {
  constexpr size_t N = 1 << 20;
  const std::vector<float> Ones(N, 1.0f);
  std::vector<float> Masks[2] = {std::vector<float>(N), std::vector<float>(N)};
  for (double Density : {0.05, 0.5, 0.9}) {
    size_t Kept[2] = {}, Both = 0;
    for (uint64_t Key : {0, 1}) {
      KernelCall Call = {};
      Call.Out = Masks[Key].data();
      Call.A = Ones.data();
      Call.S = Density;
      Call.Key = Key;
      Call.N = N;
      kernelFunction(Kernel::KeepRandomF32, detectInstructionSet())(Call);
    }
    for (size_t I = 0; I != N; ++I) {
      Kept[0] += Masks[0][I] == 1;
      Kept[1] += Masks[1][I] == 1;
      Both += Masks[0][I] == 1 && Masks[1][I] == 1;
    }
    auto Near = [&](size_t Count, double P) {
      EXPECT_NEAR(Count, N * P, 4 * std::sqrt(N * P * (1 - P)));
    };
    Near(Kept[0], Density);
    Near(Kept[1], Density);
    Near(Both, Density * Density);
  }
}

/// Σ over one element, from lane 0.
double sumOfOne(Kernel K, KernelCall Call, InstructionSet Set) {
  double Lanes[ReductionLanes] = {};
  Call.N = 1;
  Call.State = Lanes;
  kernelFunction(K, Set)(Call);
  return Lanes[0];
}

// By how many units in the last place exp and log are off, at worst.
TEST(Kernels, ExpAndLogAreAccurate) {
  std::mt19937_64 Random(11);
  std::uniform_real_distribution<double> Uniform(0, 1);
  const InstructionSet Set = detectInstructionSet();
  long double WorstExp = 0, WorstLog = 0;
  for (int I = 0; I != 100000; ++I) {
    double X = -std::pow(10, 5 * Uniform(Random) - 2.2), Y = 1;
    KernelCall Call = {};
    Call.A = &X;
    const long double Exp = std::exp(static_cast<long double>(X));
    const double Got = sumOfOne(Kernel::SumExpF64, Call, Set);
    if (X > -708)
      WorstExp = std::max(WorstExp, std::fabs(Got - Exp) / Exp);
    else
      EXPECT_EQ(Got, 0);

    // Nearly equal shares: the logarithm of a number close to 1.
    X = 1 + (Uniform(Random) - 0.5) * std::pow(10, -6 * Uniform(Random));
    Call.B = &Y;
    const long double Log = X * std::log(static_cast<long double>(X));
    if (Log != 0)
      WorstLog = std::max(
          WorstLog,
          std::fabs((sumOfOne(Kernel::DivergenceF64F64, Call, Set) - Log) /
                    Log));
  }
  EXPECT_LT(WorstExp, 2 * 0x1p-52L);
  EXPECT_LT(WorstLog, 3 * 0x1p-52L);
}

} // namespace
