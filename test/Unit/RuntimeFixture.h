//===- RuntimeFixture.h - Graphs run on two small tensors -------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_RUNTIMEFIXTURE_H
#define MERGEC_TEST_UNIT_RUNTIMEFIXTURE_H

#include "CheckpointDirectory.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/StringExtras.h"

namespace mergec {

using Values = std::vector<double>;

/// Two tensors `x` and `y` of small whole numbers, so that sums are exact in
/// any order; what graphs make of them.
class RuntimeFixture : public testing::Test {
protected:
  /// `Element` of an index: those of `x`, if it is given.
  void make(std::vector<int64_t> Extents,
            llvm::function_ref<double(size_t)> Element = {}) {
    Shape = std::move(Extents);
    X.clear();
    Y.clear();
    size_t N = Type::tensor(Shape, DType::F64).elements();
    for (size_t I = 0; I != N; ++I) {
      X.push_back(Element ? Element(I) : double(I * 7 % 11) - 5);
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

  /// `Body` computes %r of %x and %y; `: T` stands for their type.
  Values run(std::string Body, unsigned Threads,
             std::optional<Holding> Hold = std::nullopt,
             uint64_t Budget = 64 << 20) {
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
    if (!Plan) {
      Diags.flush(llvm::errs());
      ADD_FAILURE();
      return {};
    }
    HoldOptions Options;
    Options.Force = Hold;
    holdValues(*G, Options, *Plan);
    orderGroups(*Plan);
    OutputTensor Result{"r", Shape, DType::F64, "", 8 * X.size()};
    Program P = generate(*G, *Plan, {Model.get()}, {Result});
    EXPECT_TRUE(boundMemory(P, {Budget, Threads}, Diags));
    Compiled = P;
    std::string Out = Directory.path("out");
    Directory.write("out", std::string(8 * X.size(), '\0'));
    RunProgress Progress;
    EXPECT_TRUE(
        runProgram(P, {Out}, Directory.root(), IOMode::Auto,
                   InstructionSet::Portable, Progress, Diags,
                   [this](uint32_t Tensor) { Finished.push_back(Tensor); }));
    Did.BytesRead = Progress.BytesRead.load();
    Did.Writes = Progress.Writes.load();
    EXPECT_EQ(int64_t(Did.BytesRead - P.bytesRead()), Progress.BytesUnexpected);
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

  CheckpointDirectory Directory;
  std::vector<int64_t> Shape;
  Values X, Y;
  std::vector<uint32_t> Finished; ///< Said to be complete, over all runs.
  Program Compiled;               ///< What was run last.
  RunProgress Did;                ///< By it; bytes read and writes only.
};

} // namespace mergec

#endif // MERGEC_TEST_UNIT_RUNTIMEFIXTURE_H
