//===- ModelFiles.cpp - The files of a model directory, by name -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelFiles.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

static constexpr llvm::StringLiteral TokenizerFiles[] = {
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
    "chat_template.jinja",
    "chat_template.json",
};

static constexpr llvm::StringLiteral OtherFiles[] = {
    GenerationName,
    // Images, sound and film.
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "processor_config.json",
};

bool mergec::isTokenizerFile(llvm::StringRef FileName) {
  return llvm::is_contained(TokenizerFiles, FileName) ||
         FileName.ends_with(".tiktoken");
}

bool mergec::isCopiedFromDonor(llvm::StringRef FileName) {
  return llvm::is_contained(OtherFiles, FileName) || isTokenizerFile(FileName);
}

static bool isWeightFile(llvm::StringRef FileName) {
  return FileName.ends_with(".safetensors") ||
         (FileName.starts_with("pytorch_model") && FileName.ends_with(".bin"));
}

static bool isIndex(llvm::StringRef FileName) {
  return FileName.ends_with(".safetensors.index.json") ||
         FileName == "pytorch_model.bin.index.json";
}

bool mergec::marksModelDirectory(llvm::StringRef FileName) {
  return FileName == ConfigName || FileName == PlanName ||
         isWeightFile(FileName);
}

bool mergec::isStaleBesideResult(llvm::StringRef FileName) {
  return isWeightFile(FileName) || isIndex(FileName) ||
         FileName == ConfigName || FileName == CardName ||
         FileName == PlanName || isCopiedFromDonor(FileName);
}
