//===- JsonText.h - JSON strings, written directly --------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The header of a shard and the index can name a million tensors: they are
// written as text, without a tree in between.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_JSONTEXT_H
#define MERGEC_LIB_OUTPUT_JSONTEXT_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace mergec {

/// Appends `Text` as a JSON string, quotes included.
void appendJsonString(std::string &Out, llvm::StringRef Text);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_JSONTEXT_H
