//===- ArceeFusion.cpp - Changes that matter, and no others ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"

using namespace mergec;

/// Of the upper quartile, the median and the lower one: what an importance has
/// to reach, as f32.
static void threshold(llvm::ArrayRef<double> In,
                      llvm::MutableArrayRef<double> Out) {
  Out[0] = double(float(In[1] + 1.5 * (In[0] - In[2])));
}

/// A sum of numbers that nearly cancel can end below 0, where it has no place.
static void atLeastZero(llvm::ArrayRef<double> In,
                        llvm::MutableArrayRef<double> Out) {
  Out[0] = In[0] < 0 ? 0.0 : In[0];
}

/// The softmax of each row, in f64.
static ValueId softmax(MethodContext &C, ValueId X) {
  Graph &G = C.graph();
  uint64_t Row = G.intern(llvm::StringRef("row")).Index;
  ValueId Largest = G.create(Op::Max, {X}, {Row});
  ValueId Sum = G.create(Op::SumExp, {X, Largest}, {Row});
  return G.create(Op::Softmax, {X, Largest, Sum});
}

static ValueId lower(MethodContext &C) {
  Graph &G = C.graph();
  ValueId X = C.input(0), B = C.base(), Change = C.difference(0);
  if (!C.elements())
    return B;
  uint64_t Row = G.intern(llvm::StringRef("row")).Index;
  ValueId Divergence =
      C.map("arcee_fusion_divergence",
            {G.create(Op::Divergence, {softmax(C, X), softmax(C, B)},
                      {Row, word(1e-8)})});

  // |change| · divergence, formed in f64 and rounded; the sign doesn't matter.
  ValueId Importance = C.combine({C.inDouble(Change)}, {Divergence});
  Type Narrow = G.type(Change);
  Narrow.Element = DType::F32;
  Importance = G.create(Op::Round, {Importance}, {}, G.intern(Narrow));

  // The element at floor(q·(n-1)) from below is the k-th from above.
  auto FromAbove = [&](double Q) {
    uint64_t N = C.elements();
    return C.constant(double(N - uint64_t(Q * double(N - 1))));
  };
  ValueId Quartiles =
      G.create(Op::OrderStatistics,
               {Importance, FromAbove(0.75), FromAbove(0.5), FromAbove(0.25)});
  ValueId Threshold = C.map("arcee_fusion_threshold", {Quartiles});
  ValueId Kept = G.create(Op::KeepWhere, {Change, Importance, Threshold});
  return C.combine({B, Kept}, llvm::ArrayRef<double>{1.0, 1.0});
}

static constexpr HostFunction Functions[] = {
    {"arcee_fusion_threshold", threshold, nullptr},
    {"arcee_fusion_divergence", atLeastZero, nullptr},
};

namespace mergec::methods {
extern const Method methodArceeFusion;
const Method methodArceeFusion = {
    .Name = "arcee_fusion",
    .Summary = "the base with the changes whose importance stands out",
    .Purpose = "Moves one finetune's most telling changes into another model, "
               "and leaves the rest of it alone.",
    .Base = BaseUse::Required,
    .MaxModels = 1,
    .Lower = lower,
    .Functions = Functions,
};
} // namespace mergec::methods
