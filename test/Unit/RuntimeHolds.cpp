//===- RuntimeHolds.cpp - Values between sweeps ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever is done with an intermediate value, the result has the same bytes.
//
//===----------------------------------------------------------------------===//

#include "RuntimeFixture.h"
#include <cmath>

using namespace mergec;

namespace {
class RuntimeHolds : public RuntimeFixture {
protected:
  /// The result, the same for every choice and number of threads.
  Values runAll(const std::string &Body) {
    Values First = run(Body, 1, Holding::Recomputed);
    for (std::optional<Holding> Hold :
         {std::optional<Holding>(), std::optional(Holding::Recomputed),
          std::optional(Holding::InMemory), std::optional(Holding::InScratch)})
      for (unsigned Threads : {1, 3})
        EXPECT_EQ(run(Body, Threads, Hold), First)
            << (Hold ? int(*Hold) : -1) << " with " << Threads << " threads";
    return First;
  }
};
} // namespace

TEST_F(RuntimeHolds, SumsOfResultsOfSums) {
  make({130, 5003});
  Values R = runAll("  %d = dot %x, %y {over = \"tensor\"} : f64\n"
                    "  %p = combine %x, %y, %d, %d : T\n"
                    "  %stage = round %p : T\n"
                    "  %e = dot %stage, %y {over = \"row\"} : rows<130xf64>\n"
                    "  %q = combine %stage, %y, %e, %d : T\n"
                    "  %second = round %q : T\n"
                    "  %f = sum_abs %second {over = \"tensor\"} : f64\n"
                    "  %r = combine %second, %stage, %f, %e : T");
  double D = 0, F = 0;
  Values E(130), Stage(X.size()), Second(X.size());
  for (size_t I = 0; I != X.size(); ++I)
    D += X[I] * Y[I];
  for (size_t I = 0; I != X.size(); ++I) {
    Stage[I] = X[I] * D + Y[I] * D;
    E[I / 5003] += Stage[I] * Y[I];
  }
  for (size_t I = 0; I != X.size(); ++I) {
    Second[I] = Stage[I] * E[I / 5003] + Y[I] * D;
    F += std::abs(Second[I]);
  }
  for (size_t I = 0; I != X.size(); ++I) {
    double Want = Second[I] * F + Stage[I] * E[I / 5003];
    ASSERT_LE(std::abs(R[I] - Want), 1e-12 * std::abs(Second[I] * F)) << I;
  }
}

// Bands of columns cross the segments through which a selection steps.
TEST_F(RuntimeHolds, ColumnsOfASelection) {
  make({700, 2500});
  Values R =
      runAll("  %k = constant {value = 400000} : f64\n"
             "  %top = select_largest %x, %k : selection\n"
             "  %kept = keep %x, %top : T\n"
             "  %stage = round %kept : T\n"
             "  %c = dot %stage, %y {over = \"column\"} : cols<2500xf64>\n"
             "  %r = combine %stage, %y, %c, %c : T");
  size_t Changed = 0;
  for (size_t I = 0; I != X.size(); ++I)
    Changed += R[I] != 0;
  EXPECT_GT(Changed, X.size() / 2);
}

TEST_F(RuntimeHolds, SmallBudget) {
  make({130, 5003});
  std::string Body = "  %d = dot %x, %y {over = \"tensor\"} : f64\n"
                     "  %p = combine %x, %y, %d, %d : T\n"
                     "  %stage = round %p : T\n"
                     "  %e = dot %stage, %y {over = \"tensor\"} : f64\n"
                     "  %r = combine %stage, %y, %e, %d : T";
  EXPECT_EQ(run(Body, 2, Holding::InScratch, 3 << 20), runAll(Body));
}
