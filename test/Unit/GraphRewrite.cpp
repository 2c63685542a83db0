//===- GraphRewrite.cpp - What passes do to graphs ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Graph.h"
#include "gtest/gtest.h"

using namespace mergec;

namespace {

class GraphRewrite : public testing::Test {
protected:
  ValueId load(llvm::StringRef Name,
               Type T = Type::tensor({2, 3}, DType::F32)) {
    return G.create(
        Op::Load, {},
        {G.intern(llvm::StringRef("m")).Index, G.intern(Name).Index, 0},
        G.intern(T));
  }
  ValueId store(ValueId V, llvm::StringRef Name) { return G.store(V, Name); }

  std::string text() {
    std::string Text;
    llvm::raw_string_ostream OS(Text);
    printGraph(G, OS);
    Diagnostics Diags;
    EXPECT_TRUE(verifyGraph(G, Diags)) << Text;
    return Text;
  }

  Graph G;
};

TEST_F(GraphRewrite, InternsTypesAndNames) {
  TypeId A = G.intern(Type::tensor({2}, DType::F32));
  EXPECT_EQ(G.intern(Type::tensor({2}, DType::F32)), A);
  EXPECT_NE(G.intern(Type::tensor({2}, DType::F16)), A);
  EXPECT_EQ(G.intern(Type()).Index, 0u);
  EXPECT_EQ(G.intern(llvm::StringRef("x")), G.intern(llvm::StringRef("x")));
  EXPECT_EQ(G.get(G.intern(llvm::StringRef("y"))), "y");
}

TEST_F(GraphRewrite, ConstantsAreShared) {
  ValueId Half = G.constant(0.5);
  EXPECT_EQ(G.constant(0.5), Half);
  EXPECT_NE(G.constant(0.25), Half);
  EXPECT_NE(G.constant(0.0), G.constant(-0.0));
  EXPECT_EQ(G.constantValue(Half), 0.5);
  EXPECT_EQ(G.constantValue(load("t")), std::nullopt);
}

TEST_F(GraphRewrite, BrokenRuleLeavesTheGraphAsItWas) {
  ValueId A = load("t"), B = load("u", Type::tensor({3}, DType::F32));
  std::string Before = text(), Error;
  EXPECT_FALSE(G.tryCreate(Op::Subtract, {A, B}, {}, {}, Error).valid());
  EXPECT_NE(Error, "");
  Error.clear();
  EXPECT_FALSE(G.tryCreate(Op::Subtract, {A}, {}, {}, Error).valid());
  EXPECT_NE(Error, "");
  Error.clear();
  EXPECT_FALSE(
      G.tryCreate(Op::Subtract, {A, A}, {}, G.typeId(B), Error).valid());
  EXPECT_NE(Error, "");
  EXPECT_EQ(text(), Before);
}

TEST_F(GraphRewrite, CompactRenumbers) {
  ValueId A = load("a");
  load("dead");
  ValueId One = G.constant(1);
  G.constant(2);
  ValueId Sum = G.create(Op::Combine, {A, One});
  store(Sum, "a");
  G.compact({true, false, true, false, true, true});
  EXPECT_EQ(text(), R"(graph {
  %0 = load {model = "m", name = "a"} : tensor<2x3xf32>
  %1 = constant {value = 1} : f64
  %2 = combine %0, %1 : tensor<2x3xf32>
  store %2 {name = "a"}
}
)");
  EXPECT_EQ(G.constant(1), ValueId{1});
  EXPECT_EQ(G.constant(2), ValueId{4}); // Dropped, so made anew.
}

TEST_F(GraphRewrite, CompactToNothing) {
  store(load("a"), "a");
  G.compact({false, false});
  EXPECT_EQ(G.size(), 0u);
  EXPECT_EQ(text(), "graph {\n}\n");
}

TEST_F(GraphRewrite, FewerOperandsThenCompact) {
  ValueId A = load("a"), B = load("b"), W = G.constant(0.5);
  ValueId Sum = G.create(Op::Combine, {A, B, W, W});
  store(Sum, "a");
  G.shrinkOperands(Sum, {B, W});
  G.compact({false, true, true, true, true});
  EXPECT_EQ(text(), R"(graph {
  %0 = load {model = "m", name = "b"} : tensor<2x3xf32>
  %1 = constant {value = 0.5} : f64
  %2 = combine %0, %1 : tensor<2x3xf32>
  store %2 {name = "a"}
}
)");
}

TEST_F(GraphRewrite, BecomesConstant) {
  ValueId A = load("a");
  ValueId Dot =
      G.create(Op::Dot, {A, A}, {G.intern(llvm::StringRef("tensor")).Index});
  ValueId Sum = G.create(Op::Combine, {A, Dot});
  store(Sum, "a");
  G.becomeConstant(Dot, 0.25);
  EXPECT_EQ(G.constantValue(Dot), 0.25);
  EXPECT_NE(text().find("%1 = constant {value = 0.25} : f64"),
            std::string::npos);
}

TEST_F(GraphRewrite, MovesWithItsNames) {
  store(load("a"), "a");
  std::string Before = text();
  Graph Other = std::move(G);
  G = std::move(Other);
  EXPECT_EQ(text(), Before);
}

TEST(GraphType, CountsElementsAndRows) {
  EXPECT_EQ(Type::tensor({}, DType::F32).elements(), 1u);
  EXPECT_EQ(Type::tensor({}, DType::F32).rowCount(), 1u);
  EXPECT_EQ(Type::tensor({4, 5, 6}, DType::F32).elements(), 120u);
  EXPECT_EQ(Type::tensor({4, 5, 6}, DType::F32).rowCount(), 20u);
  EXPECT_EQ(Type::tensor({4, 5, 6}, DType::F32).rowLength(), 6u);
  EXPECT_EQ(Type::tensor({4, 0}, DType::F32).rowCount(), 0u);
  EXPECT_EQ(Type::tensor({0, 4}, DType::F32).elements(), 0u);
}

} // namespace
