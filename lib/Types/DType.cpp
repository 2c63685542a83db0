//===- DType.cpp - Element types of tensors -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Types/DType.h"
#include "llvm/ADT/StringSwitch.h"
#include <cassert>

using namespace mergec;

namespace {
struct Row {
  unsigned Bits;
  llvm::StringLiteral Safetensors, Mnemonic, Torch;
};
constexpr Row Rows[] = {
#define MERGEC_DTYPE(Id, Bits, Safetensors, Mnemonic, TorchName)               \
  {Bits, llvm::StringLiteral(Safetensors), llvm::StringLiteral(Mnemonic),      \
   llvm::StringLiteral(TorchName)},
#include "mergec/Types/DTypes.def"
};

const Row &row(DType T) { return Rows[static_cast<unsigned>(T)]; }

std::optional<DType> find(llvm::StringLiteral Row::*Field,
                          llvm::StringRef Name) {
  for (unsigned I = 0; I != std::size(Rows); ++I)
    if (!Name.empty() && Rows[I].*Field == Name)
      return static_cast<DType>(I);
  return std::nullopt;
}
} // namespace

unsigned mergec::bitWidth(DType T) { return row(T).Bits; }

unsigned mergec::byteWidth(DType T) {
  assert(row(T).Bits && row(T).Bits % 8 == 0 && "not a whole number of bytes");
  return row(T).Bits / 8;
}

bool mergec::isFloat(DType T) { return T <= DType::BF16; }

llvm::StringRef mergec::safetensorsName(DType T) { return row(T).Safetensors; }
llvm::StringRef mergec::mnemonic(DType T) { return row(T).Mnemonic; }
llvm::StringRef mergec::torchName(DType T) { return row(T).Torch; }

std::optional<DType> mergec::dtypeFromSafetensors(llvm::StringRef Name) {
  return find(&Row::Safetensors, Name);
}

std::optional<DType> mergec::dtypeFromMnemonic(llvm::StringRef Name) {
  return find(&Row::Mnemonic, Name);
}

std::optional<DType> mergec::floatFromPlan(llvm::StringRef Name) {
  Name.consume_front("torch.");
  return llvm::StringSwitch<std::optional<DType>>(Name)
      .Cases("bfloat16", "bf16", DType::BF16)
      .Cases("float16", "fp16", "f16", "half", DType::F16)
      .Cases("float32", "fp32", "f32", "float", DType::F32)
      .Cases("float64", "fp64", "f64", "double", DType::F64)
      .Default(std::nullopt);
}
