//===- RuntimeNumbers.cpp - Sums over tensors, rows and columns ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs graphs that use numbers of every axis at once, which no plan does: their
// sweeps are cut in different ways.
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/Flight.h"
#include "RuntimeFixture.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

using namespace mergec;

namespace {
class RuntimeNumbers : public RuntimeFixture {
protected:
  /// The sum of a·b over the elements that share an element's class.
  static Values sums(const Values &A, const Values &B,
                     llvm::function_ref<size_t(size_t)> ClassOf) {
    Values Sum(A.size());
    for (size_t I = 0; I != A.size(); ++I)
      Sum[ClassOf(I)] += A[I] * B[I];
    return Sum;
  }

  void checkAllAxes() {
    size_t Row = Shape.back(), Column = X.size() / Shape[0];
    std::string Rows = std::to_string(X.size() / Row),
                Columns = std::to_string(Column);
    Values Whole = sums(X, Y, [](size_t) { return 0; });
    Values ByRow = sums(X, X, [&](size_t I) { return I / Row; });
    Values ByColumn = sums(X, Y, [&](size_t I) { return I % Column; });
    for (unsigned Threads : {1, 3}) {
      Values R = run("  %w = dot %x, %y {over = \"tensor\"} : f64\n"
                     "  %v = dot %x, %x {over = \"row\"} : rows<" +
                         Rows +
                         "xf64>\n"
                         "  %c = dot %x, %y {over = \"column\"} : cols<" +
                         Columns +
                         "xf64>\n"
                         "  %r = combine %x, %y, %x, %w, %v, %c : T",
                     Threads);
      for (size_t I = 0; I != R.size(); ++I)
        ASSERT_EQ(R[I], X[I] * Whole[0] + Y[I] * ByRow[I / Row] +
                            X[I] * ByColumn[I % Column])
            << I << " with " << Threads << " threads";
    }
  }
};
} // namespace

TEST_F(RuntimeNumbers, Matrix) {
  make({37, 51});
  checkAllAxes();
}

TEST_F(RuntimeNumbers, SeveralBandsAndSegments) {
  make({130, 5003});
  checkAllAxes();
}

TEST_F(RuntimeNumbers, RowsLongerThanSegments) {
  make({2, 400001});
  checkAllAxes();
}

TEST_F(RuntimeNumbers, ThreeAxes) {
  make({5, 7, 901});
  checkAllAxes();
}

TEST_F(RuntimeNumbers, OneColumn) {
  make({1000});
  checkAllAxes();
}

TEST_F(RuntimeNumbers, GramOfRows) {
  make({19, 300});
  Values XX = sums(X, X, [](size_t I) { return I / 300; });
  Values XY = sums(X, Y, [](size_t I) { return I / 300; });
  Values YY = sums(Y, Y, [](size_t I) { return I / 300; });
  Values R = run("  %g = gram %x, %y {over = \"row\"} : rows<19x3xf64>\n"
                 "  %a = extract %g {index = 0} : rows<19xf64>\n"
                 "  %b = extract %g {index = 1} : rows<19xf64>\n"
                 "  %c = extract %g {index = 2} : rows<19xf64>\n"
                 "  %r = combine %x, %y, %x, %a, %b, %c : T",
                 2);
  for (size_t I = 0; I != R.size(); ++I)
    ASSERT_EQ(R[I],
              X[I] * XX[I / 300] + Y[I] * XY[I / 300] + X[I] * YY[I / 300])
        << I;
}

TEST_F(RuntimeNumbers, Counts) {
  make({9, 33});
  Values Kept;
  double Count = 0;
  for (double V : X) {
    Kept.push_back(std::abs(V) > 2 ? V : 0);
    Count += Kept.back() != 0;
  }
  Values R = run("  %k = keep_above %x {threshold = 2} : T\n"
                 "  %n = count %k : f64\n"
                 "  %t = tally %k, %y : T\n"
                 "  %one = constant {value = 1} : f64\n"
                 "  %r = combine %k, %t, %n, %one : T",
                 1);
  for (size_t I = 0; I != R.size(); ++I)
    ASSERT_EQ(R[I], Kept[I] * Count + (Kept[I] != 0) + (Y[I] != 0)) << I;
}

// Of a tensor that will be reported when all is done nothing is said before: a
// run that goes on where this one was interrupted has to report it.
TEST_F(RuntimeNumbers, CompleteWithoutRemarks) {
  make({40, 7});
  run("  %k = constant {value = 2} : f64\n"
      "  %r = combine %x, %y, %k, %k : T",
      2);
  EXPECT_EQ(Finished, std::vector<uint32_t>{0});
  Finished.clear();
  run("  %k = constant {value = 1e308} : f64\n"
      "  %r = combine %x, %y, %k, %k : T",
      2);
  EXPECT_TRUE(Finished.empty());
}

// A call has its price, and the kernel takes a page cache's memory in pieces.
TEST_F(RuntimeNumbers, LittleIsNotWrittenAlone) {
  make({4200, 1000}); // No chunk begins with a piece.
  Values R = run("  %k = constant {value = 2} : f64\n"
                 "  %r = combine %x, %y, %k, %k : T",
                 1);
  for (size_t I = 0; I != R.size(); ++I)
    ASSERT_EQ(R[I], 2 * X[I] + 2 * Y[I]) << I;
  // Pieces of 256 KiB, and another for each MiB that doesn't begin with one.
  const uint64_t Bytes = 8 * X.size();
  EXPECT_GE(Did.Writes, Bytes >> 18);
  EXPECT_LE(Did.Writes, (Bytes >> 18) + (Bytes >> 20) + 1);
}

// What nobody acts on must not count as tried.
TEST_F(RuntimeNumbers, HowToReadIsChosenOnce) {
  make({4, 4});
  run("  %k = constant {value = 2} : f64\n"
      "  %r = combine %x, %y, %k, %k : T",
      1);
  Flight F(Compiled, Compiled.Groups[0], 0);
  RunProgress Progress;
  std::atomic<unsigned> Choices = 0;
  std::vector<std::thread> Threads;
  for (unsigned I = 0; I != 8; ++I)
    Threads.emplace_back([&] {
      EXPECT_EQ(F.wayToRead(1, Progress,
                            [&] {
                              std::this_thread::sleep_for(
                                  std::chrono::milliseconds(20));
                              return Choices++ ? ReadingWays::Way::Passing
                                               : ReadingWays::Way::Directly;
                            }),
                ReadingWays::Way::Directly);
    });
  for (std::thread &T : Threads)
    T.join();
  EXPECT_EQ(Choices, 1u);
}
