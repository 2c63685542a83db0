//===- RuntimeSelections.cpp - Selections by rank ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeFixture.h"
#include "mergec/Schedule/Sample.h"
#include <algorithm>
#include <cmath>

using namespace mergec;

namespace {
class RuntimeSelections : public RuntimeFixture {
protected:
  /// The bytes that a selection and what it keeps read, in all elements.
  double elementsRead(size_t K, unsigned Threads) {
    Values R = run("  %k = constant {value = " + std::to_string(K) +
                       "} : f64\n"
                       "  %a = select_largest %x, %k : selection\n"
                       "  %r = keep %x, %a : T",
                   Threads);
    EXPECT_EQ(R, largest(K));
    return double(Did.BytesRead) / 8 / X.size();
  }

  /// Of a tensor of `N` elements.
  static std::vector<bool> sampled(size_t N) {
    std::vector<bool> Sampled(N);
    for (uint64_t P = 0; P != Sample::Pieces; ++P)
      for (uint64_t I = 0; I != Sample::PieceElements; ++I)
        Sampled[Sample::begin(P, N) + I] = true;
    return Sampled;
  }

  /// The `K` largest of X, of equals on the edge an even share.
  Values largest(size_t K) const {
    Values Sorted;
    for (double V : X)
      Sorted.push_back(std::abs(V));
    std::sort(Sorted.begin(), Sorted.end(), std::greater<>());
    double Edge = Sorted[K - 1];
    size_t Above = std::count_if(X.begin(), X.end(),
                                 [=](double V) { return std::abs(V) > Edge; });
    size_t Class = std::count_if(X.begin(), X.end(),
                                 [=](double V) { return std::abs(V) == Edge; });
    size_t R = K - Above, J = 0;
    Values Kept(X.size());
    for (size_t I = 0; I != X.size(); ++I) {
      double V = std::abs(X[I]);
      bool Stays = V > Edge;
      if (V == Edge) {
        Stays = (J + 1) * R / Class > J * R / Class;
        ++J;
      }
      Kept[I] = Stays ? X[I] : 0;
    }
    return Kept;
  }
};
} // namespace

TEST_F(RuntimeSelections, FromOneTensorShareTheFirstHistogram) {
  make({130, 5003});
  Values A = largest(1000), B = largest(400001), Want(X.size());
  Values R = run("  %k = constant {value = 1000} : f64\n"
                 "  %l = constant {value = 400001} : f64\n"
                 "  %z = constant {value = 0} : f64\n"
                 "  %1 = constant {value = 1} : f64\n"
                 "  %2 = constant {value = 2} : f64\n"
                 "  %a = select_largest %x, %k : selection\n"
                 "  %b = select_largest %x, %l : selection\n"
                 "  %n = select_largest %x, %z : selection\n"
                 "  %p = keep %x, %a : T\n"
                 "  %q = keep %x, %b : T\n"
                 "  %o = keep %x, %n : T\n"
                 "  %r = combine %p, %q, %o, %2, %1, %2 : T",
                 3);
  for (size_t I = 0; I != X.size(); ++I)
    Want[I] = 2 * A[I] + B[I];
  EXPECT_EQ(R, Want);

  const Sweep &First = Compiled.Codes[0].Sweeps[0];
  EXPECT_EQ(llvm::count_if(First.Body,
                           [](const Instruction &I) {
                             return I.First == Kernel::HistogramSeenF64;
                           }),
            1);
  EXPECT_EQ(First.Reductions.size(), 3u);
}

// One sweep that verifies the guess, one that keeps, and the sample.
TEST_F(RuntimeSelections, AreGuessedWhereThereAreFewMagnitudes) {
  make({300, 5003});
  for (size_t K : {1u, 1000u, 400001u, 1200000u, 1500900u})
    EXPECT_LT(elementsRead(K, 2), 2.2) << K;
  EXPECT_GT(elementsRead(700000, 1), 2.0);
}

// The sample says between which magnitudes to look. A class that stays whole
// needs no more than that, and one that is thinned another sweep.
TEST_F(RuntimeSelections, AreLookedForWhereTheSampleSays) {
  make({300, 5003}, [](size_t I) { return double(I * 7919 % 1500907); });
  EXPECT_LT(elementsRead(15000, 2), 2.2);
  EXPECT_LT(elementsRead(700000, 2), 3.2); // Two in each bin.
  // Eight in each class.
  make({300, 5003}, [](size_t I) { return double(I * 7919 % 1500907 / 8); });
  for (size_t K : {700000u, 700003u, 700005u}) {
    const double Read = elementsRead(K, 2);
    EXPECT_LT(Read, 3.2) << K;
    EXPECT_GT(Read, 2.0) << K;
  }
}

// Magnitudes of few bits are each alone in their bins however far apart they
// are, and those near the rank are counted in each segment at once.
TEST_F(RuntimeSelections, AreFoundInOneSweepAmongMagnitudesOfFewBits) {
  make({300, 5003}, [](size_t I) {
    const size_t Class = I * 7919 % 1500907 % 320;
    return std::ldexp(8 + Class % 8, -int(Class / 8));
  });
  for (size_t K : {300000u, 700000u, 700001u, 1400000u})
    EXPECT_LT(elementsRead(K, 2), 2.2) << K;
}

// Between the two that it says there are too many for the bins: three sweeps,
// and the one that keeps.
TEST_F(RuntimeSelections, AreSearchedForWhereTheSampleSaysLittle) {
  make({300, 5003}, [](size_t I) {
    return std::ldexp(1, int(I * 7919 % 1500907 / 25000)) *
           (1 + double(I % 4099) / 4099);
  });
  EXPECT_GT(elementsRead(700000, 2), 2.9);
}

// The sample has many magnitudes, and the wanted one is not between them.
TEST_F(RuntimeSelections, AreFoundWhereTheSampleMisleads) {
  const std::vector<bool> Sampled = sampled(300 * 5003);
  make({300, 5003}, [&](size_t I) {
    return double(I * 7919 % 1500907) + (Sampled[I] ? 2e6 : 0);
  });
  EXPECT_GT(elementsRead(700000, 2), 3.9);
}

// What the sample shows is nowhere else.
TEST_F(RuntimeSelections, AreFoundWhereTheGuessIsWrong) {
  const std::vector<bool> Sampled = sampled(300 * 5003);
  make({300, 5003},
       [&](size_t I) { return Sampled[I] ? 4.0 : double(I % 3) - 1; });
  EXPECT_GT(elementsRead(700000, 2), 3.9);
}

// Then the others needn't be verified.
TEST_F(RuntimeSelections, AreSearchedForTogether) {
  make({300, 5003},
       [](size_t I) { return I % 2 ? double(I * 7919 % 1500907) + 10 : 0.25; });
  Values R = run("  %k = constant {value = 1000} : f64\n"
                 "  %l = constant {value = 1200000} : f64\n"
                 "  %1 = constant {value = 1} : f64\n"
                 "  %a = select_largest %x, %k : selection\n"
                 "  %b = select_largest %x, %l : selection\n"
                 "  %p = keep %x, %a : T\n"
                 "  %q = keep %x, %b : T\n"
                 "  %r = combine %p, %q, %1, %1 : T",
                 2);
  Values A = largest(1000), B = largest(1200000);
  for (size_t I = 0; I != X.size(); ++I)
    ASSERT_EQ(R[I], A[I] + B[I]) << I;
  EXPECT_LT(double(Did.BytesRead) / 8 / X.size(), 4.3);
}

TEST_F(RuntimeSelections, SampleIsInsideTheTensor) {
  for (uint64_t N :
       {8 * Sample::Elements, uint64_t(1) << 21, uint64_t(1) << 40}) {
    ASSERT_TRUE(Sample::pays(N));
    uint64_t End = 0;
    for (uint64_t P = 0; P != Sample::Pieces; ++P) {
      EXPECT_GE(Sample::begin(P, N), End);
      End = Sample::begin(P, N) + Sample::PieceElements;
    }
    EXPECT_LE(End, N);
  }
}
