//===- TaskVectors.h - What the task-vector methods share ------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Task-vector methods differ in how they thin out the differences between a
// model and the base, and in whether these are put to a vote. A method makes a
// `SparseVector` of each difference and hands them to `mergeTaskVectors`; its
// parameters are those below and whatever its way of thinning needs.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LOWERING_TASKVECTORS_H
#define MERGEC_LOWERING_TASKVECTORS_H

#include "mergec/Methods/MethodContext.h"

namespace mergec {

/// A model's difference to the base, and what is left of it.
struct SparseVector {
  ValueId Full, Thinned;
  /// What to scale by, in place of what `rescale` would.
  std::optional<double> Factor;
};

using SparseVectors = llvm::SmallVector<SparseVector, 8>;

/// x_i - b for each input, nothing thinned yet.
SparseVectors taskVectors(MethodContext &C);

/// int(density·n), at least 1 unless density is 0.
uint64_t survivors(double Density, uint64_t Elements);

/// Keeps all.
inline void keepAll(MethodContext &, size_t, SparseVector &) {}

/// Keeps the largest of input `I`, as its density says; of `dare: {drop_rate}`,
/// if given, those that a random drop has left, scaled by 1/(1-p).
void trimToLargest(MethodContext &C, size_t I, SparseVector &V);

/// Keeps each element of input `I` with a probability of its density; or does
/// what `trimToLargest` does, if `dare: {drop_rate}` is given.
void thinAtRandom(MethodContext &C, size_t I, SparseVector &V);

/// Drops the `gamma` largest of input `I` and then the smallest, so that its
/// density remains; fewer of the largest where `gamma` leaves too few.
void dropOutliers(MethodContext &C, size_t I, SparseVector &V);

/// Keeps each element of input `I` with a probability from density - epsilon to
/// density + epsilon by the rank of its magnitude in its row.
void thinByRank(MethodContext &C, size_t I, SparseVector &V);

/// If the method's `rescale` is set, each vector is scaled by Σ|full| /
/// Σ|thinned|. Then e_i = weight_i · thinned_i; with `Consensus` only those
/// that share the sign of their sum (or, by `consensus_method: count`, of most
/// of them) are added up; `normalize` divides by the weights that were added,
/// `lambda` scales; the base is added.
ValueId mergeTaskVectors(MethodContext &C, llvm::ArrayRef<SparseVector> Vectors,
                         bool Consensus);

/// `Method::Lower` of the family: each input's vector is thinned by `Thin`,
/// then they are merged.
template <void (*Thin)(MethodContext &C, size_t I, SparseVector &V),
          bool Consensus>
ValueId lowerTaskVectors(MethodContext &C) {
  SparseVectors Vectors = taskVectors(C);
  for (size_t I = 0; I != Vectors.size(); ++I)
    Thin(C, I, Vectors[I]);
  return mergeTaskVectors(C, Vectors, Consensus);
}

/// `rescale_factor` and `product`.
extern const HostFunction TaskVectorFunctions[2];

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

inline constexpr ParameterSpec WeightParameter = {
    .Name = "weight",
    .Scope = ParameterScope::Model,
    .Kind = ParameterKind::Number,
    .Help = "factor for the model's difference to the base"};

constexpr ParameterSpec densityParameter(llvm::StringLiteral Help) {
  return {.Name = "density",
          .Scope = ParameterScope::Model,
          .Kind = ParameterKind::Number,
          .Default = 1,
          .Min = 0,
          .Max = 1,
          .Help = Help};
}

inline constexpr ParameterSpec GammaParameter = {
    .Name = "gamma",
    .Scope = ParameterScope::Model,
    .Kind = ParameterKind::Number,
    .Default = 0.01,
    .Min = 0,
    .Max = 1,
    .Help = "share of the differences that is dropped first: the largest"};

inline constexpr ParameterSpec EpsilonParameter = {
    .Name = "epsilon",
    .Scope = ParameterScope::Model,
    .Kind = ParameterKind::Number,
    .Default = 0.15,
    .Min = 0,
    .Max = 1,
    .MaxExclusive = true,
    .Help = "how much more likely than `density` the largest of a row is kept, "
            "and how much less the smallest; `density` ± `epsilon` lies "
            "between 0 and 1"};

inline constexpr ParameterSpec DropRateParameter = {
    .Name = "dare.drop_rate",
    .Scope = ParameterScope::Model,
    .Kind = ParameterKind::Number,
    .Optional = true,
    .Min = 0,
    .Max = 1,
    .MaxExclusive = true,
    .Help = "drop this share at random, scale the rest up, and only then keep "
            "the `density` largest"};

constexpr ParameterSpec normalizeParameter(bool Default,
                                           llvm::StringLiteral Help) {
  return {.Name = "normalize",
          .Scope = ParameterScope::Global,
          .Kind = ParameterKind::Flag,
          .Default = Default,
          .Help = Help};
}

inline constexpr llvm::StringLiteral DivideByAdded =
    "divide by the weights of the models that were added";
inline constexpr llvm::StringLiteral DivideByAll =
    "divide by the sum of the weights";

inline constexpr ParameterSpec LambdaParameter = {
    .Name = "lambda",
    .Scope = ParameterScope::Global,
    .Kind = ParameterKind::Number,
    .Default = 1,
    .Help = "factor for the whole change"};

constexpr ParameterSpec
rescaleParameter(bool Default,
                 llvm::StringLiteral Help =
                     "scale what was kept up to the length of the whole") {
  return {.Name = "rescale",
          .Scope = ParameterScope::Global,
          .Kind = ParameterKind::Flag,
          .Default = Default,
          .Help = Help};
}

inline constexpr llvm::StringLiteral ChangesNothing =
    "accepted for compatibility; changes nothing";

inline constexpr ParameterSpec Int8MaskParameter = {.Name = "int8_mask",
                                                    .Scope =
                                                        ParameterScope::Global,
                                                    .Kind = ParameterKind::Flag,
                                                    .Default = 0,
                                                    .Help = ChangesNothing};

inline constexpr llvm::StringLiteral ConsensusChoices[] = {"sum", "count"};

inline constexpr ParameterSpec ConsensusParameter = {
    .Name = "consensus_method",
    .Scope = ParameterScope::Global,
    .Kind = ParameterKind::Choice,
    .Default = 0,
    .Choices = ConsensusChoices,
    .Help = "elect signs by the `sum` of the differences or by their `count`"};

} // namespace mergec

#endif // MERGEC_LOWERING_TASKVECTORS_H
