//===- Methods.cpp - The table of merge methods ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/Method.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <array>

using namespace mergec;

// Each file of lib/Methods defines `extern const Method method<Stem>`.
namespace mergec::methods {
#define MERGEC_ENTRY(Stem) extern const Method method##Stem;
#include "mergec/Methods/Registry.inc"
#undef MERGEC_ENTRY
} // namespace mergec::methods

llvm::ArrayRef<const Method *> mergec::allMethods() {
  static const auto Sorted = [] {
    std::array Table{
#define MERGEC_ENTRY(Stem) &methods::method##Stem,
#include "mergec/Methods/Registry.inc"
#undef MERGEC_ENTRY
    };
    std::sort(Table.begin(), Table.end(), [](auto *A, auto *B) {
      return llvm::StringRef(A->Name) < llvm::StringRef(B->Name);
    });
    return Table;
  }();
  return Sorted;
}

const Method *mergec::findMethod(llvm::StringRef Name) {
  for (const Method *M : allMethods())
    if (M->Name == Name)
      return M;
  return nullptr;
}

const ParameterSpec *Method::parameter(llvm::StringRef Wanted) const {
  for (const ParameterSpec &P : Parameters)
    if (P.Name == Wanted)
      return &P;
  return nullptr;
}

const HostFunction *mergec::findHostFunction(llvm::StringRef Name) {
  for (const Method *M : allMethods())
    for (const HostFunction &F : M->Functions)
      if (F.Name == Name)
        return &F;
  return nullptr;
}
