//===- KernelCall.h - What a kernel is called with --------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernels' names and operands, apart from Kernel.h because the sources that
// are compiled for AVX2 and AVX-512 include it: a header with inline functions
// must not reach them, since the linker might then keep the AVX copy of such a
// function for the whole program.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_KERNELS_KERNELCALL_H
#define MERGEC_KERNELS_KERNELCALL_H

#include <cstddef>
#include <cstdint>

namespace mergec {

/// The most elements a kernel is given at once. A multiple of 16.
constexpr size_t TileElements = 1024;

/// The most elements that a kernel is given at once which does all that is done
/// with them: a multiple of a tile.
constexpr size_t StripElements = 8 * TileElements;

/// Reductions add into this many partial sums, element i of a segment (or row)
/// into partial sum i mod 16, whatever the width of the machine's vectors.
constexpr size_t ReductionLanes = 16;

enum class Kernel : uint16_t {
#define MERGEC_KERNEL(Id) Id,
#include "mergec/Kernels/Kernels.def"
};

/// The operands of one call. What each kernel uses is said in Kernels.def.
/// Pointers are aligned to the element, not more. `Out` may be one of the
/// inputs if its elements have the same size; otherwise the operands do not
/// overlap.
struct KernelCall {
  void *Out;
  const void *A, *B, *C;
  double S, T;    ///< Scalars.
  void *State;    ///< What the kernel carries from tile to tile.
  uint64_t Index; ///< Of the tile's first element: in the tensor; reductions:
                  ///< in the segment or row, for the choice of the lane.
  uint64_t Key;   ///< Of a random stream; or an op's integer attribute.
  size_t N;       ///< How many elements.
};

using KernelFunction = void (*)(const KernelCall &Call);

} // namespace mergec

#endif // MERGEC_KERNELS_KERNELCALL_H
