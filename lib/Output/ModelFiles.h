//===- ModelFiles.h - The files of a model directory, by name ---*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_MODELFILES_H
#define MERGEC_LIB_OUTPUT_MODELFILES_H

#include "llvm/ADT/StringRef.h"

namespace mergec {

constexpr llvm::StringLiteral ConfigName = "config.json";
constexpr llvm::StringLiteral GenerationName = "generation_config.json";
constexpr llvm::StringLiteral IndexName = "model.safetensors.index.json";
constexpr llvm::StringLiteral CardName = "README.md";
constexpr llvm::StringLiteral PlanName = "mergekit_config.yml";

/// A file of a tokenizer, or of the chat template that goes with it.
bool isTokenizerFile(llvm::StringRef FileName);

/// What the result takes from the donor unchanged: generation settings, the
/// tokenizer and preprocessors.
bool isCopiedFromDonor(llvm::StringRef FileName);

/// True if a directory that holds such a file is one of a model, so that
/// `--force` may replace it.
bool marksModelDirectory(llvm::StringRef FileName);

/// True for a file that `--force` removes if the new result has none of that
/// name, because loaders would read it: weights, indexes, configuration and
/// tokenizer.
bool isStaleBesideResult(llvm::StringRef FileName);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_MODELFILES_H
