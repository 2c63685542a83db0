//===- MethodContext.h - What a method lowers one tensor with ------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_METHODS_METHODCONTEXT_H
#define MERGEC_METHODS_METHODCONTEXT_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Graph.h"
#include "mergec/Methods/Method.h"

namespace mergec {

/// One output tensor, as its method sees it: the inputs, the values of the
/// parameters for this tensor, and the ops to build with.
class MethodContext {
public:
  /// The models besides the base that have the tensor, in plan order. Indices
  /// of inputs are positions in this list.
  size_t inputCount() const { return Inputs.size(); }
  bool hasBase() const { return Base.valid(); }

  /// Input `I` and the base, exactly, in the type that is computed in: f32, or
  /// f64 if any input or the result is f64.
  ValueId input(size_t I) { return widen(Inputs[I], Compute); }
  ValueId base() { return widen(Base, Compute); }
  /// As stored. Of any dtype.
  ValueId storedInput(size_t I) const { return Inputs[I]; }
  ValueId storedBase() const { return Base; }

  /// The tensor's shape, common to all inputs.
  const Type &shape() const { return G.type(hasBase() ? Base : Inputs[0]); }
  uint64_t elements() const { return shape().elements(); }

  /// The value of a per-model parameter for input `I`, of a global one.
  /// A required one that is missing is reported, and 0 given.
  virtual double parameter(size_t I, llvm::StringRef Name) = 0;
  virtual double global(llvm::StringRef Name) = 0;
  /// The same for an optional parameter.
  virtual std::optional<double> optionalParameter(size_t I,
                                                  llvm::StringRef Name) = 0;
  bool flag(llvm::StringRef Name) { return global(Name) != 0; }

  /// What input `I` draws at random with in this tensor. It follows from the
  /// seed, the tensor's name in the result and the place of the input among the
  /// models besides the base: not from names of models, which differ between a
  /// chain and its stages run one by one.
  virtual uint64_t randomKey(size_t I) = 0;

  /// Reports a mistake in the parameters of this tensor: once per place,
  /// however many tensors have it.
  virtual void report(Kind K, const llvm::Twine &Message,
                      const llvm::Twine &Hint) = 0;
  /// The same for a value of input `I`'s parameter `Name` that is out of the
  /// range that other parameters leave it, at its place in the plan.
  virtual void reportParameter(size_t I, llvm::StringRef Name,
                               const llvm::Twine &Message,
                               const llvm::Twine &Hint) = 0;

  /// `V` in f64: for a formula that would lose too much in f32.
  ValueId inDouble(ValueId V) { return widen(V, DType::F64); }

  //===--------------------------------------------------------------------===//
  // Ops
  //===--------------------------------------------------------------------===//

  ValueId constant(double Number) { return G.constant(Number); }

  /// Σ weights_i · tensors_i.
  ValueId combine(llvm::ArrayRef<ValueId> Tensors,
                  llvm::ArrayRef<ValueId> Weights);
  ValueId combine(llvm::ArrayRef<ValueId> Tensors,
                  llvm::ArrayRef<double> Weights);
  ValueId subtract(ValueId X, ValueId Y) {
    return G.create(Op::Subtract, {X, Y});
  }
  /// Input `I` less the base: what the model has learnt.
  ValueId difference(size_t I) { return subtract(input(I), base()); }
  ValueId multiply(ValueId X, ValueId Y) {
    return G.create(Op::Multiply, {X, Y});
  }
  /// X / Y; a divisor of 0 counts as 1.
  ValueId divide(ValueId X, ValueId Y) { return G.create(Op::Divide, {X, Y}); }
  ValueId absolute(ValueId X) { return G.create(Op::Absolute, {X}); }
  ValueId clamp(ValueId X, double Low, double High) {
    return G.create(Op::Clamp, {X}, {word(Low), word(High)});
  }
  /// Weight·X + (1 - Weight)·Y.
  ValueId blend(ValueId X, ValueId Y, ValueId Weight) {
    return G.create(Op::Blend, {X, Y, Weight});
  }
  /// X where |X| > Threshold, else 0.
  ValueId keepAbove(ValueId X, double Threshold) {
    return G.create(Op::KeepAbove, {X}, {word(Threshold)});
  }
  /// 1 where X > Threshold, else 0.
  ValueId isAbove(ValueId X, double Threshold) {
    return G.create(Op::IsAbove, {X}, {word(Threshold)});
  }
  /// How many of the tensors are not 0, for each element.
  ValueId tally(llvm::ArrayRef<ValueId> Tensors) {
    return G.create(Op::Tally, Tensors);
  }
  /// How many elements of the tensor are not 0.
  ValueId count(ValueId X) { return G.create(Op::Count, {X}); }
  /// Inner product over the whole tensor.
  ValueId dot(ValueId X, ValueId Y) {
    return G.create(Op::Dot, {X, Y}, {Over});
  }
  /// Over the `tensor`, each `row` or each `column`.
  ValueId dot(ValueId X, ValueId Y, llvm::StringRef Axis) {
    return G.create(Op::Dot, {X, Y}, {G.intern(Axis).Index});
  }
  /// All inner products, over the tensor or each row; see GramMatrix.h.
  ValueId gram(llvm::ArrayRef<ValueId> Tensors, bool PerRow = false);
  ValueId sumAbs(ValueId X) { return G.create(Op::SumAbs, {X}, {Over}); }
  /// The `Count` largest magnitudes of `X`, 0 elsewhere.
  ValueId keepLargest(ValueId X, uint64_t Count);
  /// Each element of input `I`'s vector `X` with probability `P` (a number, or
  /// a tensor of one for each), else 0.
  ValueId thin(size_t I, ValueId X, ValueId P) {
    return G.create(Op::Thin, {X, P}, {randomKey(I)});
  }
  /// A function of numbers with `Width` results.
  ValueId map(llvm::StringRef Function, llvm::ArrayRef<ValueId> Numbers,
              unsigned Width = 1);
  ValueId extract(ValueId Numbers, unsigned I) {
    return G.create(Op::Extract, {Numbers}, {I});
  }

  Graph &graph() { return G; }

protected:
  MethodContext(Graph &G)
      : G(G), Over(G.intern(llvm::StringRef("tensor")).Index) {}
  virtual ~MethodContext() = default;

  ValueId widen(ValueId V, DType To);

  Graph &G;
  uint64_t Over; ///< The name `tensor`.
  DType Compute = DType::F32;
  llvm::SmallVector<ValueId, 8> Inputs; ///< As stored.
  ValueId Base;
};

} // namespace mergec

#endif // MERGEC_METHODS_METHODCONTEXT_H
