//===- ByteSize.h - Sizes as people write them ------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The sizes of the command line (`--out-shard-size 5GB`, `--memory 2GiB`) and
// of messages.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TYPES_BYTESIZE_H
#define MERGEC_TYPES_BYTESIZE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace mergec {

/// A number of bytes: plain digits, or a number, decimals allowed, and a unit:
/// `K`, `M`, `G`, `T` and `KB`, `MB`, `GB`, `TB` are powers of 1000, `KiB`,
/// `MiB`, `GiB`, `TiB` powers of 1024, in either case, with or without a space.
/// `B` is 10⁹: merge plans count a shard in billions, as in `5B`. What is less
/// than a byte is dropped. Nothing for any other text, and for more than 2⁶⁴-1.
std::optional<uint64_t> parseByteSize(llvm::StringRef Text);

/// `17 bytes`, `64.00 KiB`, `2.05 GiB`.
std::string formatBytes(uint64_t Bytes);

} // namespace mergec

#endif // MERGEC_TYPES_BYTESIZE_H
