//===- Ops.cpp - The table of ops -----------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Ops/Op.h"

using namespace mergec;

// Each file of lib/Ops defines `extern const OpInfo op<Stem>`.
namespace mergec::ops {
#define MERGEC_ENTRY(Stem) extern const OpInfo op##Stem;
#include "mergec/Ops/Registry.inc"
#undef MERGEC_ENTRY
} // namespace mergec::ops

static const OpInfo *const Table[] = {
#define MERGEC_ENTRY(Stem) &ops::op##Stem,
#include "mergec/Ops/Registry.inc"
#undef MERGEC_ENTRY
};

const OpInfo &mergec::opInfo(Op Kind) {
  return *Table[static_cast<unsigned>(Kind)];
}

llvm::ArrayRef<const OpInfo *> mergec::allOps() { return Table; }
