//===- DType.h - Element types of tensors ----------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The element types that a safetensors file can hold. Four of them are
// computed with (`isFloat`); every other one is only ever copied. A dtype whose
// name is unknown is `Opaque`: its tensor is a run of bytes.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TYPES_DTYPE_H
#define MERGEC_TYPES_DTYPE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mergec {

enum class DType : uint8_t {
#define MERGEC_DTYPE(Id, Bits, Safetensors, Mnemonic, TorchName) Id,
#include "mergec/Types/DTypes.def"
};

/// Size of one element in bits; 0 for `Opaque`. A multiple of 8 except for
/// sub-byte formats.
unsigned bitWidth(DType T);

/// Size of one element in bytes; only for types whose width is a multiple of 8.
unsigned byteWidth(DType T);

/// True for the types that arithmetic is defined on: f64, f32, f16, bf16.
bool isFloat(DType T);

/// `BF16`, as written in a safetensors header.
llvm::StringRef safetensorsName(DType T);

/// `bf16`, as written in the IR.
llvm::StringRef mnemonic(DType T);

/// `bfloat16`, as written in a plan and in `config.json`.
llvm::StringRef torchName(DType T);

/// Nothing for an unknown name.
std::optional<DType> dtypeFromSafetensors(llvm::StringRef Name);
std::optional<DType> dtypeFromMnemonic(llvm::StringRef Name);

/// A float dtype from a plan: `bfloat16`, `float16`, `float32`, `float64`, and
/// their short forms `bf16`, `fp16`, `half`, `float`, `double`, …, with or
/// without `torch.` before them.
std::optional<DType> floatFromPlan(llvm::StringRef Name);

} // namespace mergec

#endif // MERGEC_TYPES_DTYPE_H
