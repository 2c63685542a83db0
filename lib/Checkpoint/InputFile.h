//===- InputFile.h - Small reads from a file --------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Headers and configurations are read with `pread` into buffers of our own. A
// weight file is never mapped: that would charge its pages to this process.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_INPUTFILE_H
#define MERGEC_LIB_CHECKPOINT_INPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <system_error>

namespace mergec {

/// A regular file, open for reading. What is not regular (a directory, a pipe)
/// does not open.
class InputFile {
public:
  InputFile() = default;
  InputFile(const InputFile &) = delete;
  InputFile &operator=(const InputFile &) = delete;
  ~InputFile();

  /// `errc::is_a_directory` and `errc::invalid_argument` for a directory and
  /// for anything else that is not a regular file.
  std::error_code open(llvm::StringRef Path);

  uint64_t size() const { return Size; }
  int64_t modifiedNs() const { return ModifiedNs; }
  uint64_t inode() const { return Inode; }

  /// Fills `Out` from `Offset`, or up to the file's end: then `Out` is
  /// shortened.
  std::error_code read(uint64_t Offset, llvm::MutableArrayRef<char> &Out) const;

private:
  int Descriptor = -1;
  uint64_t Size = 0;
  int64_t ModifiedNs = 0;
  uint64_t Inode = 0;
};

/// The whole of a small file; `errc::file_too_large` beyond `MaxBytes`.
std::error_code readSmallFile(llvm::StringRef Path, uint64_t MaxBytes,
                              std::string &Out);

/// The machine's words for `Error`, in the form of our messages.
std::string reason(std::error_code Error);

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_INPUTFILE_H
