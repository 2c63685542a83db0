//===- Kernel.h - Loops over one tile ---------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The innermost loops. A sweep is interpreted tile by tile: each instruction is
// one of these kernels applied to at most `TileElements` elements that lie in
// the first-level cache, so the dispatch costs little and every load is a hit.
//
// Each kernel exists for plain x86-64, AVX2 and AVX-512, chosen when the
// program starts, and all give the same bytes: the code uses only operations
// that IEEE 754 rounds exactly, in an order fixed here, without fused
// multiply-add, and all NaNs written to a result are the one canonical NaN.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_KERNELS_KERNEL_H
#define MERGEC_KERNELS_KERNEL_H

#include "mergec/Kernels/KernelCall.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace mergec {

enum class InstructionSet : uint8_t { Portable, AVX2, AVX512 };

/// `portable`, `avx2`, `avx512`.
llvm::StringRef instructionSetName(InstructionSet Set);
std::optional<InstructionSet> instructionSetFromName(llvm::StringRef Name);

/// The best this machine runs.
InstructionSet detectInstructionSet();
bool runsHere(InstructionSet Set);

/// The function for a kernel; never null.
KernelFunction kernelFunction(Kernel K, InstructionSet Set);
/// For a recipe of `Recipes`, by its number.
KernelFunction fusedFunction(unsigned Recipe, InstructionSet Set);
llvm::StringRef kernelName(Kernel K);
/// Whether the kernel reads what lies where it writes.
bool readsOut(Kernel K);

} // namespace mergec

#endif // MERGEC_KERNELS_KERNEL_H
