//===- KernelReference.h - What each kernel must compute --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels again, element by element and without regard to speed, for the
// tests to compare with.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_KERNELREFERENCE_H
#define MERGEC_TEST_UNIT_KERNELREFERENCE_H

#include "mergec/Kernels/Kernel.h"
#include "mergec/Types/DType.h"
#include "llvm/ADT/ArrayRef.h"

namespace mergec::reference {

/// What `State` points to.
enum class StateKind : uint8_t {
  None,
  Count,
  Lanes,
  Histogram,
  Keep,
  Around,
  Zoom,
  Largest
};

/// What B holds.
enum class OperandKind : uint8_t {
  None,
  Values,
  Signs,
  Counts,
  Marks,
  Optional
};

struct KernelReference {
  Kernel Id;
  DType Out, A, B;
  OperandKind BKind;
  StateKind State;
  bool ReadsOut;  ///< Accumulates: the old elements of Out matter.
  bool WritesOut; ///< The result is not in the state alone.
  KernelFunction Compute;
};

/// One for each kernel, in the order of Kernels.def.
llvm::ArrayRef<KernelReference> kernelReferences();

/// The nearest value of a format of `Precision` significant bits, ties to even,
/// with `MinExponent` the exponent of the least normal number.
double roundTo(double X, int Precision, int MinExponent, double Max);

/// Conversions of single elements. Rounding is to nearest even, once.
double fromBF16(uint16_t X);
double fromF16(uint16_t X);
uint16_t toBF16(double X);
uint16_t toF16(double X);

/// The bits of |x| as f32, for every NaN 0x7fc00000.
uint32_t magnitude(double X);

} // namespace mergec::reference

#endif // MERGEC_TEST_UNIT_KERNELREFERENCE_H
