//===- Dispatch.cpp - The choice of the instruction set -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tables.h"
#include "mergec/Kernels/Kernel.h"
#include <cassert>

using namespace mergec;

namespace {
struct SetRow {
  llvm::StringLiteral Name;
  const KernelFunction *Table; ///< Null if not built for this architecture.
  const FusedFunctions *Fused;
};

// Indexed by InstructionSet.
constexpr SetRow Sets[] = {
    {"portable", portable::Table, &portable::FusedTable},
#ifdef __x86_64__
    {"avx2", avx2::Table, &avx2::FusedTable},
    {"avx512", avx512::Table, &avx512::FusedTable},
#else
    {"avx2", nullptr, nullptr},
    {"avx512", nullptr, nullptr},
#endif
};

constexpr llvm::StringLiteral Names[] = {
#define MERGEC_KERNEL(Id) #Id,
#include "mergec/Kernels/Kernels.def"
};

const SetRow &row(InstructionSet Set) {
  return Sets[static_cast<unsigned>(Set)];
}
} // namespace

llvm::StringRef mergec::instructionSetName(InstructionSet Set) {
  return row(Set).Name;
}

std::optional<InstructionSet>
mergec::instructionSetFromName(llvm::StringRef Name) {
  for (unsigned I = 0; I != std::size(Sets); ++I)
    if (Sets[I].Name == Name)
      return static_cast<InstructionSet>(I);
  return std::nullopt;
}

// The features are those that lib/CMakeLists.txt compiles each set for. The
// builtin also asks whether the operating system saves the wider registers.
bool mergec::runsHere(InstructionSet Set) {
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool HasAVX2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  switch (Set) {
  case InstructionSet::Portable:
    return true;
  case InstructionSet::AVX2:
    return HasAVX2;
  case InstructionSet::AVX512:
    return HasAVX2 && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
  }
  return false;
#else
  return Set == InstructionSet::Portable;
#endif
}

InstructionSet mergec::detectInstructionSet() {
  for (InstructionSet Set : {InstructionSet::AVX512, InstructionSet::AVX2})
    if (runsHere(Set))
      return Set;
  return InstructionSet::Portable;
}

KernelFunction mergec::kernelFunction(Kernel K, InstructionSet Set) {
  assert(row(Set).Table && "instruction set of another architecture");
  return row(Set).Table[static_cast<unsigned>(K)];
}

KernelFunction mergec::fusedFunction(unsigned Recipe, InstructionSet Set) {
  assert(row(Set).Fused && "instruction set of another architecture");
  return row(Set).Fused->List[Recipe];
}

llvm::StringRef mergec::kernelName(Kernel K) {
  return Names[static_cast<unsigned>(K)];
}

bool mergec::readsOut(Kernel K) {
  // Kernels.def calls all of these, and no others, so.
  return kernelName(K).starts_with("Add");
}
