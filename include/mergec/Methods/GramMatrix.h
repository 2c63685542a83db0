//===- GramMatrix.h - The inner products of several tensors --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a host function makes of the numbers of a `gram` op. Lengths, angles and
// projections of all that is a combination of N tensors are functions of it, so
// that methods can work on N coefficients instead of tensors.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_METHODS_GRAMMATRIX_H
#define MERGEC_METHODS_GRAMMATRIX_H

#include "llvm/ADT/ArrayRef.h"
#include <utility>

namespace mergec {

class GramMatrix {
public:
  /// `Upper` holds <x0,x0>, <x0,x1>, …, <x1,x1>, …: N(N+1)/2 numbers.
  GramMatrix(size_t N, llvm::ArrayRef<double> Upper) : N(N), Upper(Upper) {}

  size_t size() const { return N; }

  /// <x_I, x_J>.
  double operator()(size_t I, size_t J) const {
    if (I > J)
      std::swap(I, J);
    return Upper[I * N - I * (I + 1) / 2 + J];
  }

private:
  size_t N;
  llvm::ArrayRef<double> Upper;
};

} // namespace mergec

#endif // MERGEC_METHODS_GRAMMATRIX_H
