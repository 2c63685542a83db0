//===- Config.h - Editing config.json ---------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_CONFIG_H
#define MERGEC_LIB_OUTPUT_CONFIG_H

#include "llvm/ADT/StringRef.h"

namespace mergec {

/// True if `Text`, a model's or a tokenizer's configuration, has an `auto_map`:
/// the names of Python files beside it that the loader runs.
bool namesCustomCode(llvm::StringRef Text);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_CONFIG_H
