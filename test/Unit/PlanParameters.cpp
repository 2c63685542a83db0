//===- PlanParameters.cpp - Gradients, filters and the order of places ----===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanFixture.h"

using namespace mergec;
using namespace mergec::test;

namespace {

TEST(PlanGradient, InterpolatesBetweenEquallySpacedPoints) {
  Gradient G{{0, 0.5, 0.3, 0.7, 1}, {}};
  EXPECT_EQ(G.at(0), 0);
  EXPECT_EQ(G.at(0.25), 0.5);
  EXPECT_EQ(G.at(1), 1);
  EXPECT_DOUBLE_EQ(G.at(0.125), 0.25);
  EXPECT_DOUBLE_EQ(G.at(0.625), 0.5);
  EXPECT_EQ(G.at(-1), 0);
  EXPECT_EQ(G.at(2), 1);
}

TEST(PlanGradient, OnePointIsConstant) {
  Gradient G{{0.7}, {}};
  EXPECT_EQ(G.at(0), 0.7);
  EXPECT_EQ(G.at(0.3), 0.7);
  EXPECT_EQ(G.at(1), 0.7);
}

class PlanParameters : public PlanTest {
protected:
  /// The value of `Name` for a tensor; of the given source, or global.
  std::optional<double> value(const Plan &P, llvm::StringRef Name,
                              llvm::StringRef Tensor, double Position = 0,
                              size_t Slice = 0,
                              std::optional<size_t> Source = std::nullopt) {
    const Module &M = P.Modules[0];
    const OutputSlice &S = M.Slices[Slice];
    const ParameterSpec &Spec = *P.MergeMethod->parameter(Name);
    ParameterPlace Place{P, M, S, Position};
    auto Found = Source
                     ? resolvePerModel(Place, S.Sources[*Source], Spec, Tensor)
                     : resolveGlobal(Place, Spec, Tensor);
    return Found ? std::optional(Found->Value) : std::nullopt;
  }
};

TEST_F(PlanParameters, TheNearestPlaceWins) {
  Plan P = good("merge_method: ties\n"
                "base_model: base\n"
                "modules:\n"
                "  m:\n"
                "    slices:\n"
                "      - sources:\n"
                "          - {model: a, parameters: {weight: 1}}\n"
                "          - {model: b}\n"
                "        parameters: {weight: 2, lambda: 2}\n"
                "      - sources:\n"
                "          - {model: a}\n"
                "    parameters: {weight: 3}\n"
                "parameters: {weight: 4, lambda: 4, density: 0.5}\n");
  EXPECT_EQ(value(P, "weight", "x", 0, 0, 0), 1);
  EXPECT_EQ(value(P, "weight", "x", 0, 0, 1), 2);
  EXPECT_EQ(value(P, "weight", "x", 0, 1, 0), 3);
  EXPECT_EQ(value(P, "density", "x", 0, 1, 0), 0.5);
  EXPECT_EQ(value(P, "lambda", "x", 0, 0), 2);
  EXPECT_EQ(value(P, "lambda", "x", 0, 1), 4);
  EXPECT_EQ(value(P, "normalize", "x"), 1); // The default.
}

TEST_F(PlanParameters, FiltersAreTriedInOrderAndFallThrough) {
  Plan P = good("merge_method: slerp\n"
                "base_model: a\n"
                "slices:\n"
                "  - sources: [{model: a}, {model: b}]\n"
                "    parameters:\n"
                "      t:\n"
                "        - {filter: self_attn.q, value: 0.1}\n"
                "        - {filter: self_attn, value: [0, 1]}\n"
                "parameters:\n"
                "  t:\n"
                "    - {filter: mlp, value: 0.3}\n"
                "    - {filter: \"*\", value: 0.4}\n"
                "    - {filter: norm, value: 0.5}\n");
  EXPECT_EQ(value(P, "t", "model.layers.0.self_attn.q_proj.weight", 0.25), 0.1);
  EXPECT_EQ(value(P, "t", "model.layers.0.self_attn.k_proj.weight", 0.25),
            0.25);
  EXPECT_EQ(value(P, "t", "model.layers.0.mlp.up_proj.weight", 0.25), 0.3);
  EXPECT_EQ(value(P, "t", "model.norm.weight", 1), 0.4);
}

TEST_F(PlanParameters, FiltersThatAllMissYieldTheDefaultOrNothing) {
  Plan P = good("merge_method: ties\n"
                "base_model: base\n"
                "models:\n"
                "  - model: a\n"
                "    parameters:\n"
                "      weight: {filter: mlp, value: 1}\n"
                "      density: {filter: mlp, value: 0.5}\n");
  EXPECT_EQ(value(P, "weight", "mlp", 0, 0, 0), 1);
  EXPECT_EQ(value(P, "weight", "norm", 0, 0, 0), std::nullopt);
  EXPECT_EQ(value(P, "density", "norm", 0, 0, 0), 1);
}

TEST_F(PlanParameters, AnOptionalOneMayBeAbsent) {
  Plan P = good("merge_method: passthrough\nmodels: [{model: a}]\n");
  EXPECT_EQ(value(P, "scale", "x", 0, 0, 0), std::nullopt);
}

TEST_F(PlanParameters, ValuesRememberTheirPlace) {
  Plan P = good("merge_method: passthrough\n"
                "models: [{model: a, parameters: {scale: 0.25}}]\n");
  const OutputSlice &S = P.Modules[0].Slices[0];
  auto Found = resolvePerModel({P, P.Modules[0], S, 0}, S.Sources[0],
                               *P.MergeMethod->parameter("scale"), "x");
  ASSERT_TRUE(Found);
  EXPECT_EQ(llvm::StringRef(Found->Where.Start.getPointer(), 4), "0.25");
}

} // namespace
