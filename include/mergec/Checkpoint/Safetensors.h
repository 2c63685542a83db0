//===- Safetensors.h - The header of a safetensors file ---------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A safetensors file is a length N (8 bytes, little endian), N bytes of JSON,
// and the tensors' data. The JSON is an object:
//
//   {"__metadata__": {"format": "pt"},
//    "lm_head.weight": {"dtype": "BF16", "shape": [32000, 2048],
//                       "data_offsets": [0, 131072000]}, …}
//
// Offsets count from the end of the JSON. Neither gaps between tensors nor
// bytes behind the last are an error here, nor are keys that we do not know;
// two tensors that share bytes are.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_CHECKPOINT_SAFETENSORS_H
#define MERGEC_CHECKPOINT_SAFETENSORS_H

#include "mergec/Checkpoint/Checkpoint.h"
#include "mergec/Checkpoint/Faults.h"

namespace mergec {

constexpr uint64_t LengthBytes = 8; ///< Before the JSON.
/// The format's own limit.
constexpr uint64_t MaxSafetensorsHeader = 100'000'000;

/// Parses the JSON of the header of file number `File`, which has `FileBytes`
/// bytes, of which the first `DataStart` are length and JSON. Appends the
/// tensors that are sound to `Into.Tensors`, sorted by name, and what is wrong
/// with the others to `Found`. Linear in the header's size but for the sorting.
void parseSafetensorsHeader(llvm::StringRef Json, uint64_t DataStart,
                            uint64_t FileBytes, uint32_t File, Checkpoint &Into,
                            Faults &Found);

/// How reading the header of a file went.
enum class HeaderStatus : uint8_t {
  Sound,
  Faulty,     ///< What is wrong is among the faults.
  Missing,    ///< There is no such file.
  LfsPointer, ///< The text that Git keeps in place of a large file.
  Unreadable, ///< The machine failed; `Error` says how.
};

/// Reads the header of the file at `Path` and adds the file, with its tensors,
/// to `Into`. The file is added also when it is faulty.
HeaderStatus readSafetensors(llvm::StringRef Path, Checkpoint &Into,
                             Faults &Found, std::error_code &Error);

} // namespace mergec

#endif // MERGEC_CHECKPOINT_SAFETENSORS_H
