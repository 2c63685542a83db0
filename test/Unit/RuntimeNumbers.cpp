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

#include "CheckpointDirectory.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace mergec;

namespace {
using Values = std::vector<double>;

/// Two tensors `x` and `y` of small whole numbers, so that sums are exact in
/// any order; what graphs make of them.
class RuntimeNumbers : public testing::Test {
protected:
  void make(std::vector<int64_t> Extents) {
    Shape = std::move(Extents);
    size_t N = Type::tensor(Shape, DType::F64).elements();
    for (size_t I = 0; I != N; ++I) {
      X.push_back(double(I * 7 % 11) - 5);
      Y.push_back(double(I * 5 % 13) - 6);
    }
    std::string Text = "[" + llvm::join(extents(), ",") + "]";
    std::string Json = "{\"x\":{\"dtype\":\"F64\",\"shape\":" + Text +
                       ",\"data_offsets\":[0," + std::to_string(8 * N) +
                       "]},\"y\":{\"dtype\":\"F64\",\"shape\":" + Text +
                       ",\"data_offsets\":[" + std::to_string(8 * N) + "," +
                       std::to_string(16 * N) + "]}}";
    std::string Bytes(8, '\0');
    llvm::support::endian::write64le(Bytes.data(), Json.size());
    Bytes += Json;
    for (const Values *V : {&X, &Y})
      Bytes.append(reinterpret_cast<const char *>(V->data()), 8 * N);
    Directory.write("model.safetensors", Bytes);
  }

  /// `Body` computes %r of %x and %y.
  Values run(std::string Body, unsigned Threads) {
    std::string T = "tensor<" + llvm::join(extents(), "x") + "xf64>";
    Body = "graph {\n  %x = load {model = \"m\", name = \"x\"} : T\n"
           "  %y = load {model = \"m\", name = \"y\"} : T\n" +
           Body + "\n  %s = round %r : T\n  store %s {name = \"r\"}\n}\n";
    for (size_t At; (At = Body.find(": T\n")) != std::string::npos;)
      Body.replace(At, 4, ": " + T + "\n");
    Directory.write("graph.mir", Body);

    Diagnostics Diags;
    std::optional<Graph> G = parseGraph(Directory.path("graph.mir"), Diags);
    std::unique_ptr<Checkpoint> Model =
        openCheckpoint(Directory.root(), "m", llvm::SMRange(), Diags);
    if (!G || !Model) {
      Diags.flush(llvm::errs());
      ADD_FAILURE();
      return {};
    }
    std::optional<SweepPlan> Plan = fuseSweeps(*G, Diags);
    OutputTensor Result{"r", Shape, DType::F64, "", 8 * X.size()};
    Program P = generate(*G, *Plan, {Model.get()}, {Result});
    EXPECT_TRUE(boundMemory(P, {64 << 20, Threads}, Diags));
    std::string Out = Directory.path("out");
    Directory.write("out", std::string(8 * X.size(), '\0'));
    RunProgress Progress;
    EXPECT_TRUE(
        runProgram(P, {Out}, InstructionSet::Portable, Progress, Diags));
    EXPECT_EQ(Diags.exitCode(), 0);
    Values R(X.size());
    std::ifstream(Out, std::ios::binary)
        .read(reinterpret_cast<char *>(R.data()), 8 * X.size());
    return R;
  }

  std::vector<std::string> extents() const {
    std::vector<std::string> Text;
    for (int64_t E : Shape)
      Text.push_back(std::to_string(E));
    return Text;
  }

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

  CheckpointDirectory Directory;
  std::vector<int64_t> Shape;
  Values X, Y;
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
