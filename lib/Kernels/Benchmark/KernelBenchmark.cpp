//===- KernelBenchmark.cpp - How fast each kernel is ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One benchmark per kernel and instruction set that runs here, on a tile in the
// first-level cache as in a sweep; the counter `ns` is nanoseconds per element.
//
//   kernel-benchmark --benchmark_filter='Dot.*/avx512'
//   kernel-benchmark --benchmark_filter='Recipe.*Sign.*/avx512'
//
// Recipes get a strip, whose models differ from their base by little.
//
// The kernels of the radix selection get 64 tiles in turn, so that no branch
// predictor learns them by heart, of two kinds: values spread out, and those of
// a difference of bf16 tensors, where many are zero and a fifth of the elements
// share another magnitude (`/ties`). The other kernels get two tiles.
//
//===----------------------------------------------------------------------===//

#include "benchmark/benchmark.h"
#include "mergec/Kernels/Kernel.h"
#include "mergec/Kernels/Recipe.h"
#include "mergec/Kernels/State.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace mergec;

namespace {

/// A tile as the runtime allocates it.
template <class T> struct alignas(64) Tile { T Elements[TileElements]; };

/// The inputs in every storage format: they fit the second-level cache.
struct Inputs {
  static constexpr size_t NumTiles = 64;
  std::vector<Tile<float>> F32{NumTiles}, Signs{NumTiles};
  std::vector<Tile<double>> F64{NumTiles};
  std::vector<Tile<uint16_t>> Half{NumTiles}; ///< Ordinary as bf16 and as f16.

  Inputs(bool Ties, uint64_t Seed) {
    std::mt19937_64 Random(Seed);
    std::normal_distribution<float> Normal(0, 0.02f);
    for (size_t I = 0; I != NumTiles * TileElements; ++I) {
      float X = Normal(Random);
      if (Ties) {
        const unsigned Kind = Random() % 10;
        X = Kind < 3   ? 0
            : Kind < 5 ? std::copysign(0.0078125f, X)
                       : std::round(X * 400) / 512;
      }
      const size_t T = I / TileElements, E = I % TileElements;
      F32[T].Elements[E] = X;
      F64[T].Elements[E] = X;
      Half[T].Elements[E] = 0x3800 + Random() % 0x400;
      Signs[T].Elements[E] = X < 0 ? -1 : 1;
    }
  }

  const void *tile(llvm::StringRef Type, size_t I) const {
    if (Type == "F64")
      return &F64[I];
    return Type == "F32" ? static_cast<const void *>(&F32[I]) : &Half[I];
  }
};

/// The type of A: the last in the kernel's name.
llvm::StringRef inputType(llvm::StringRef Name) {
  for (llvm::StringRef Type : {"BF16", "F16", "F32", "F64"})
    if (Name.ends_with(Type))
      return Type;
  return "F32";
}

/// Kernels of lists of tiles, or of whole rows: merges measure them.
bool isForTiles(llvm::StringRef Name) {
  for (llvm::StringRef Other : {"SumTerms", "Gram", "Variance", "Draw"})
    if (Name.starts_with(Other))
      return false;
  return true;
}

/// Kernels whose speed depends on the values.
bool hasTies(llvm::StringRef Name) {
  return Name.starts_with("Histogram") || Name.starts_with("KeepF");
}

void run(benchmark::State &Run, Kernel K, InstructionSet Set, bool Ties) {
  const llvm::StringRef Name = kernelName(K);
  const llvm::StringRef Type = inputType(Name);
  const Inputs A(Ties, 1), B(Ties, 2);
  const bool Selects = hasTies(Name);
  Tile<double> Out = {};

  std::vector<uint64_t> State(65536 / 2);
  uint64_t Key = std::bit_cast<uint32_t>(0.0078125f);
  if (Name.starts_with("KeepF")) {
    auto *Keep = reinterpret_cast<KeepState *>(State.data());
    *Keep = {static_cast<uint32_t>(Key), 1000, 300, 0};
  } else if (Name.starts_with("HistogramLow")) {
    Key >>= 15;
  }

  const KernelFunction Function = kernelFunction(K, Set);
  KernelCall Call = {};
  Call.Out = &Out;
  Call.S = 0.3;
  Call.T = 0.6;
  Call.State = State.data();
  Call.Key = Key;
  Call.N = TileElements;
  size_t Round = 0;
  for (auto _ : Run) {
    const size_t I = Round++ % (Selects ? Inputs::NumTiles : 2);
    Call.A = Name.starts_with("Fill") ? nullptr : A.tile(Type, I);
    Call.C = &B.F32[I];
    Call.B = Name.starts_with("AddScaledF")    ? nullptr
             : Name.starts_with("AddAgreeing") ? &B.Signs[I]
                                               : B.tile(Type, I);
    Call.C = B.tile(Type, I);
    Call.Index = I * TileElements;
    Function(Call);
    benchmark::ClobberMemory();
  }
  Run.counters["ns"] = benchmark::Counter(
      static_cast<double>(Run.iterations()) * TileElements * 1e-9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Its number and its kernels, each once.
std::string recipeTitle(unsigned Number) {
  std::string Title = "Recipe" + std::to_string(Number);
  const Recipe &R = Recipes.List[Number];
  std::set<Kernel> Seen;
  for (unsigned S = 0; S != R.Count; ++S)
    if (Seen.insert(R.Steps[S].Run).second)
      Title += "+" + kernelName(R.Steps[S].Run).str();
  return Title;
}

/// What the inputs of recipes are made of.
struct Strip {
  std::vector<float> F32;
  std::vector<uint16_t> Half;
  std::vector<uint8_t> Marks;
  /// A model, or the base if `Deviation` is 0; as BF16 or F16.
  Strip(bool IsBF16, float Deviation, uint64_t Seed)
      : F32(StripElements), Half(StripElements), Marks(StripElements) {
    std::mt19937_64 Base(1), Own(Seed);
    std::normal_distribution<float> Weight(0, 0.02f), Delta(0, 1);
    for (size_t I = 0; I != StripElements; ++I) {
      F32[I] = Weight(Base) + Deviation * Delta(Own);
      const uint32_t Bits = std::bit_cast<uint32_t>(F32[I]);
      // Ordinary as F16, too, rounded toward zero.
      const uint32_t Exponent =
          std::clamp<int>((Bits >> 23 & 255) - 112, 1, 15);
      Half[I] = IsBF16 ? (Bits + 0x8000) >> 16
                       : (Bits >> 16 & 0x8000) | Exponent << 10 |
                             (Bits >> 13 & 0x3ff);
      Marks[I] = Own() & 1;
    }
  }
};

void runRecipe(benchmark::State &Run, unsigned Number, InstructionSet Set) {
  const Recipe &R = Recipes.List[Number];
  std::vector<Strip> Strips;
  std::vector<std::vector<double>> States(R.Count, std::vector<double>(64));
  FusedCall Fused = {};
  Strips.reserve(R.Inputs);
  for (unsigned S = 0; S != R.Count; ++S) {
    const Recipe::Step &Step = R.Steps[S];
    const llvm::StringRef Name = kernelName(Step.Run);
    const llvm::StringRef Type = inputType(Name);
    for (Recipe::Operand O : {Step.A, Step.B, Step.C}) {
      if (O < Recipe::Input || O == Recipe::None || Fused.In[O - Recipe::Input])
        continue;
      const bool IsBase = O == Step.B;
      Strips.emplace_back(Type == "BF16", IsBase ? 0 : 0.0008f, O);
      const Strip &In = Strips.back();
      Fused.In[O - Recipe::Input] =
          Name.starts_with("KeepMarked") && O == Step.B
              ? static_cast<const void *>(In.Marks.data())
          : Type == "F32" ? static_cast<const void *>(In.F32.data())
                          : In.Half.data();
    }
    // Weights that differ a little, as rescaling makes them.
    const bool IsWeight = Name.contains("AddScaledF64") ||
                          Name.starts_with("ScaleF64") ||
                          Name.starts_with("AddAgreeing");
    Fused.S[S] = IsWeight ? 0.4 + 1e-3 * Step.A : 0.5;
    if (Name.starts_with("Fill"))
      Fused.S[S] = 0;
    Fused.T[S] = Fused.S[S];
    // A bounded move by as much as models differ.
    if (Name.ends_with("F64F64"))
      Fused.S[S] = 1;
    if (Name == "ClampF64" || Name == "IsGreaterF64") {
      Fused.T[S] = 0.0011;
      Fused.S[S] = Name == "ClampF64" ? -Fused.T[S] : Fused.T[S];
    }
    Fused.Key[S] = S;
    Fused.State[S] = States[S].data();
    if (Name.starts_with("KeepF") || Name.starts_with("KeepBelow")) {
      const float Edge = Name.starts_with("KeepF") ? 0x1p-11f : 0x1p-9f;
      *static_cast<KeepState *>(Fused.State[S]) = {
          std::bit_cast<uint32_t>(Edge), 1000, 300, 0};
    }
  }
  std::vector<float> Out(StripElements);
  KernelCall Call = {};
  Call.Out = Out.data();
  Call.State = &Fused;
  Call.N = StripElements;
  const KernelFunction Function = fusedFunction(Number, Set);
  for (auto _ : Run) {
    Function(Call);
    Call.Index += StripElements;
    benchmark::ClobberMemory();
  }
  if (Fused.Careful)
    Run.SkipWithError("declined");
  Run.counters["ns"] = benchmark::Counter(
      static_cast<double>(Run.iterations()) * StripElements * 1e-9,
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

} // namespace

int main(int Argc, char **Argv) {
  constexpr Kernel Kernels[] = {
#define MERGEC_KERNEL(Id) Kernel::Id,
#include "mergec/Kernels/Kernels.def"
  };
  for (Kernel K : Kernels)
    for (InstructionSet Set : {InstructionSet::Portable, InstructionSet::AVX2,
                               InstructionSet::AVX512}) {
      if (!runsHere(Set) || !isForTiles(kernelName(K)))
        continue;
      const llvm::StringRef Name = kernelName(K);
      const std::string Title =
          Name.str() + "/" + instructionSetName(Set).str();
      benchmark::RegisterBenchmark(Title.c_str(), run, K, Set, false);
      if (hasTies(Name))
        benchmark::RegisterBenchmark((Title + "/ties").c_str(), run, K, Set,
                                     true);
    }
  for (unsigned Number = 0; Number != Recipes.Count; ++Number)
    for (InstructionSet Set : {InstructionSet::Portable, InstructionSet::AVX2,
                               InstructionSet::AVX512})
      if (runsHere(Set))
        benchmark::RegisterBenchmark(
            (recipeTitle(Number) + "/" + instructionSetName(Set).str()).c_str(),
            runRecipe, Number, Set);
  benchmark::Initialize(&Argc, Argv);
  benchmark::RunSpecifiedBenchmarks();
}
