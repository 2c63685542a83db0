//===- Tables.h - The kernels of each instruction set -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The symbols that each of PortableKernels.cpp, AVX2Kernels.cpp and
// AVX512Kernels.cpp exports: its functions in the order of Kernels.def, and
// those of the recipes.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_KERNELS_TABLES_H
#define MERGEC_LIB_KERNELS_TABLES_H

#include "mergec/Kernels/Recipe.h"

namespace mergec {

constexpr size_t NumKernels = 0
#define MERGEC_KERNEL(Id) +1
#include "mergec/Kernels/Kernels.def"
    ;

struct FusedFunctions {
  KernelFunction List[recipes::All::Most] = {};
};

namespace portable {
extern const KernelFunction Table[NumKernels];
extern const FusedFunctions FusedTable;
} // namespace portable
namespace avx2 {
extern const KernelFunction Table[NumKernels];
extern const FusedFunctions FusedTable;
} // namespace avx2
namespace avx512 {
extern const KernelFunction Table[NumKernels];
extern const FusedFunctions FusedTable;
} // namespace avx512

} // namespace mergec

#endif // MERGEC_LIB_KERNELS_TABLES_H
