//===- IRVerify.cpp - Malformed graphs are seen ---------------------------===//
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

/// load, cast, constant, combine, round, store.
class IRVerify : public testing::Test {
protected:
  IRVerify() {
    TypeId Stored = G.intern(Type::tensor({4, 2}, DType::BF16));
    TypeId Computed = G.intern(Type::tensor({4, 2}, DType::F32));
    Load = G.create(Op::Load, {}, {name("m"), name("t"), 0}, Stored);
    Cast = G.create(Op::Cast, {Load}, {}, Computed);
    One = G.constant(1);
    Sum = G.create(Op::Combine, {Cast, Cast, One, One});
    Round = G.create(Op::Round, {Sum}, {}, Stored);
    Store = G.store(Round, "t");
  }

  uint64_t name(llvm::StringRef Text) { return G.intern(Text).Index; }

  /// The messages of the verifier, one a line; empty if all is well.
  std::string faults() {
    Diagnostics Diags;
    bool Good = verifyGraph(G, Diags);
    EXPECT_EQ(Good, Diags.size() == 0);
    std::string Text;
    for (const Diagnostic &D : Diags.all()) {
      EXPECT_EQ(D.Id, Kind::IRInvalid);
      EXPECT_EQ(D.Notes.size(), 1u);
      EXPECT_NE(D.Hint, "");
      Text += D.Message + "\n";
    }
    return Text;
  }

  Graph G;
  ValueId Load, Cast, One, Sum, Round, Store;
};

TEST_F(IRVerify, GoodGraph) { EXPECT_EQ(faults(), ""); }

TEST_F(IRVerify, EmptyGraph) {
  G = Graph();
  EXPECT_EQ(faults(), "");
}

TEST_F(IRVerify, OperandBelowItsUser) {
  G.setOperand(Cast, 0, Round);
  EXPECT_EQ(faults(), "operand 0 of `cast` does not stand above it\n");
}

TEST_F(IRVerify, OperandOfItself) {
  G.setOperand(Sum, 1, Sum);
  EXPECT_EQ(faults(), "operand 1 of `combine` does not stand above it\n");
}

TEST_F(IRVerify, OperandThatIsNoNode) {
  G.setOperand(Sum, 2, {1000});
  G.setOperand(Sum, 3, {});
  EXPECT_EQ(faults(), "operand 2 of `combine` is no node\n"
                      "operand 3 of `combine` is no node\n");
}

TEST_F(IRVerify, OperandWithoutValue) {
  ValueId Again = G.create(Op::Cast, {Load}, {}, G.typeId(Cast));
  G.setOperand(Again, 0, Store);
  EXPECT_EQ(faults(), "operand 0 of `cast` has no value\n");
}

TEST_F(IRVerify, TooFewOperands) {
  G.shrinkOperands(Cast, {});
  EXPECT_EQ(faults(), "`cast` takes 1 operand, not 0\n");
}

TEST_F(IRVerify, BrokenTypeRule) {
  G.setOperand(Store, 0, One);
  EXPECT_EQ(faults(), "`store` takes a tensor, not f64\n");
}

TEST_F(IRVerify, TypeThatDoesNotFollow) {
  ValueId Leading = G.create(Op::Slice, {Cast}, {3});
  ValueId Narrow = G.create(Op::Load, {}, {name("m"), name("u"), 0},
                            G.intern(Type::tensor({4, 5}, DType::F32)));
  ValueId Again = G.create(Op::Slice, {Leading}, {2});
  G.setOperand(Again, 0, Narrow);
  EXPECT_EQ(faults(), "`slice` gives tensor<2x5xf32>, not tensor<2x2xf32>\n");
}

TEST_F(IRVerify, NameStoredTwice) {
  G.store(Load, "t");
  G.store(Load, "u");
  EXPECT_EQ(faults(), "`t` is stored twice\n");
}

TEST_F(IRVerify, ReportsEverything) {
  G.setOperand(Cast, 0, Round);
  G.setOperand(Round, 0, One);
  G.setOperand(Store, 0, One);
  Diagnostics Diags;
  EXPECT_FALSE(verifyGraph(G, Diags));
  EXPECT_EQ(Diags.size(), 3u);
}

TEST_F(IRVerify, ShowsTheNode) {
  G.setOperand(Sum, 2, {1000});
  Diagnostics Diags;
  EXPECT_FALSE(verifyGraph(G, Diags));
  EXPECT_EQ(Diags.all().front().Notes.front().Text,
            "in node 3, `%3 = combine %1, %1, %?, %2 : tensor<4x2xf32>`");
}

} // namespace
