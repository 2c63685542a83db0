//===- RuntimeGather.cpp - Reading rows of several tensors ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include "mergec/IR/RowMap.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Schedule/Schedule.h"
#include <cstring>

using namespace mergec;

namespace {
using Values = std::vector<double>;

/// Two tensors with rows of one length, `x` in bf16 and `y` in f32, of small
/// whole numbers, so that sums and their halves and quarters are exact.
class RuntimeGather : public testing::Test {
protected:
  void make(int64_t RowsOfX, int64_t RowsOfY, int64_t Columns) {
    Length = Columns;
    std::string Data;
    auto Fill = [&](Values &V, int64_t Rows, int64_t Step, bool Narrow) {
      for (int64_t I = 0; I != Rows * Columns; ++I) {
        V.push_back(double(I * Step % 61) - 30);
        auto Float = static_cast<float>(V.back());
        char Bytes[4];
        std::memcpy(Bytes, &Float, 4); // The upper half of an f32 is a bf16.
        Data.append(Bytes + (Narrow ? 2 : 0), Narrow ? 2 : 4);
      }
      return Data.size();
    };
    size_t Split = Fill(X, RowsOfX, 7, true), End = Fill(Y, RowsOfY, 11, false);
    auto Entry = [&](const char *Name, const char *Type, int64_t Rows,
                     size_t From, size_t To) {
      return "\"" + std::string(Name) + "\":{\"dtype\":\"" + Type +
             "\",\"shape\":[" + std::to_string(Rows) + "," +
             std::to_string(Columns) + "],\"data_offsets\":[" +
             std::to_string(From) + "," + std::to_string(To) + "]}";
    };
    std::string Json = "{" + Entry("x", "BF16", RowsOfX, 0, Split) + "," +
                       Entry("y", "F32", RowsOfY, Split, End) + "}";
    std::string Bytes(8, '\0');
    llvm::support::endian::write64le(Bytes.data(), Json.size());
    Directory.write("model.safetensors", Bytes + Json + Data);
    TypeOfX = "tensor<" + std::to_string(RowsOfX) + "x" +
              std::to_string(Columns) + "xbf16>";
    TypeOfY = "tensor<" + std::to_string(RowsOfY) + "x" +
              std::to_string(Columns) + "xf32>";
  }

  /// What the map says, by its words.
  Values expected(const RowMap &Map) const {
    Values R;
    auto Row = [&](RowMap::Term T) {
      const Values &From = T.Source ? Y : X;
      return Values(From.begin() + T.Row * Length,
                    From.begin() + (T.Row + 1) * Length);
    };
    auto Mean = [&](llvm::ArrayRef<RowMap::Term> Terms) {
      Values Sum(Length);
      for (const RowMap::Term &T : Terms) {
        Values One = Row(T);
        for (int64_t I = 0; I != Length; ++I)
          Sum[I] += One[I];
      }
      for (double &S : Sum)
        S = float(S / double(Terms.size()));
      return Sum;
    };
    for (const RowMap::Run &Run : Map.runs())
      for (int64_t I = 0; I != Run.Count; ++I) {
        Values One(Length);
        std::vector<RowMap::Term> All;
        for (int64_t J = 0; J != int64_t((Run.Source ? Y : X).size()) / Length;
             ++J)
          All.push_back({Run.Source, J});
        if (Run.Kind == RowMap::RunKind::Rows)
          One = Row({Run.Source, Run.Row + I});
        else if (Run.Kind == RowMap::RunKind::Mean)
          One = Mean(Map.terms(Run));
        else if (Run.Kind == RowMap::RunKind::MeanOfAll)
          One = Mean(All);
        R.insert(R.end(), One.begin(), One.end());
      }
    return R;
  }

  void check(const std::string &MapText) {
    std::string Error;
    std::optional<RowMap> Map = RowMap::parse(MapText, Error);
    ASSERT_TRUE(Map) << Error;
    EXPECT_EQ(Map->text(), MapText);
    std::string T = "tensor<" + std::to_string(Map->rows()) + "x" +
                    std::to_string(Length) + "xf32>";
    Directory.write(
        "graph.mir",
        "graph {\n  %m = row_map {rows = \"" + MapText + "\"} : rowmap\n" +
            "  %x = load {model = \"m\", name = \"x\"} : " + TypeOfX +
            "\n  %y = load {model = \"m\", name = \"y\"} : " + TypeOfY +
            "\n  %g = gather_rows %m, %x, %y : " + T +
            "\n  %n = dot %g, %g {over = \"column\"} : cols<" +
            std::to_string(Length) + "xf64>\n  %r = combine %g, %n : " + T +
            "\n  %s = round %r : " + T + "\n  %t = round %g : " + T +
            "\n  store %s {name = \"weighted\"}\n  store %t {name = "
            "\"r\"}\n}\n");
    Diagnostics Diags;
    std::optional<Graph> G = parseGraph(Directory.path("graph.mir"), Diags);
    std::unique_ptr<Checkpoint> Model =
        openCheckpoint(Directory.root(), "m", llvm::SMRange(), Diags);
    if (!G || !Model || !verifyGraph(*G, Diags)) {
      Diags.flush(llvm::errs());
      FAIL();
    }
    Values Want = expected(*Map), Squares(Length);
    for (size_t I = 0; I != Want.size(); ++I)
      Squares[I % Length] += Want[I] * Want[I];
    int64_t Shape[] = {Map->rows(), Length};
    std::optional<SweepPlan> Plan = fuseSweeps(*G, Diags);
    OutputTensor Weighted{"weighted", Shape, DType::F32, "", 4 * Want.size()};
    OutputTensor Plain{"r", Shape, DType::F32, "", 4 * Want.size()};
    Plain.Offset = Weighted.Bytes;
    for (unsigned Threads : {1, 3}) {
      Program P = generate(*G, *Plan, {Model.get()}, {Weighted, Plain});
      EXPECT_TRUE(boundMemory(P, {16 << 20, Threads}, Diags));
      Directory.write("out", std::string(8 * Want.size(), '\1'));
      RunProgress Progress;
      EXPECT_TRUE(runProgram(P, {Directory.path("out")}, Directory.root(),
                             IOMode::Auto, InstructionSet::Portable, Progress,
                             Diags));
      std::vector<float> Got(2 * Want.size());
      std::ifstream(Directory.path("out"), std::ios::binary)
          .read(reinterpret_cast<char *>(Got.data()), 8 * Want.size());
      for (size_t I = 0; I != Want.size(); ++I) {
        ASSERT_EQ(Got[Want.size() + I], Want[I]) << I << " of " << MapText;
        float W = float(Want[I]) * float(Squares[I % Length]);
        ASSERT_EQ(Got[I], W) << I << " of " << MapText;
      }
    }
  }

  CheckpointDirectory Directory;
  int64_t Length = 0;
  std::string TypeOfX, TypeOfY;
  Values X, Y;
};
} // namespace

TEST_F(RuntimeGather, EveryKindOfRow) {
  make(8, 4, 5);
  check("0:0-5, 1:3, zero, mean(0:1 1:2), 0:7, zero x 2, mean(0:*) x 3, "
        "mean(1:*), mean(1:0 1:1 0:3 0:3)");
}

TEST_F(RuntimeGather, SeveralSegmentsAndBands) {
  make(64, 256, 2500);
  check("0:0-50, 1:1, 1:0, 1:2-200, mean(0:3 1:250), zero x 5, 0:51-63, "
        "mean(0:*) x 20, 1:201-255");
}

TEST_F(RuntimeGather, NumbersForRows) {
  make(16, 8, 1);
  check("0:8-15, 1:7, 1:6, 1:5, mean(1:*) x 4, 0:0-7, mean(0:0 0:1)");
}
