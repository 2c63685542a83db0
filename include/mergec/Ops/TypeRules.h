//===- TypeRules.h - Shared pieces of the ops' type rules ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_OPS_TYPERULES_H
#define MERGEC_OPS_TYPERULES_H

#include "mergec/IR/Graph.h"

namespace mergec {

/// A tensor in a type that arithmetic is done in: f32 or f64.
bool isComputed(const Type &T);

/// A tensor of one of the four float types.
bool isFloatTensor(const Type &T);

/// All values are computed tensors of one type; else sets `Error`.
bool sameComputed(const Graph &G, llvm::ArrayRef<ValueId> Values,
                  std::string &Error);

/// `OpInfo::Infer` of ops whose operands and result are of one computed type.
TypeId inferSame(Graph &G, llvm::ArrayRef<ValueId> Operands,
                 llvm::ArrayRef<uint64_t> Attributes, TypeId Stated,
                 std::string &Error);

/// `W` is one number per tensor or row of a tensor of type `T`; or, where the
/// op can take that, per column.
bool weighs(const Graph &G, ValueId W, const Type &T, std::string &Error,
            bool Columns = false);

/// The type of a reduction of `T` over the whole tensor or each row, by the
/// `over` attribute (`tensor`, `row`), with `Width` numbers.
TypeId reducedType(Graph &G, const Type &T, uint64_t Over, uint32_t Width,
                   std::string &Error);

/// `OpInfo::Infer` of reductions of computed tensors to one number, whose first
/// attribute is `over`.
TypeId inferReduced(Graph &G, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId Stated,
                    std::string &Error);

/// What such ops are declared with if they have no other attribute.
inline constexpr AttributeSpec OverAttribute[] = {
    {"over", AttributeKind::Name},
};

} // namespace mergec

#endif // MERGEC_OPS_TYPERULES_H
