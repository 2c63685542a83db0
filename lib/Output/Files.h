//===- Files.h - Creating, copying and syncing files ------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Thin wrappers over POSIX that return 0 or an errno value, so that each caller
// words its own diagnostic.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_FILES_H
#define MERGEC_LIB_OUTPUT_FILES_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mergec {

/// Closes its file when it goes out of scope.
class FileHandle {
public:
  explicit FileHandle(int Descriptor) : Descriptor(Descriptor) {}
  FileHandle(const FileHandle &) = delete;
  FileHandle &operator=(const FileHandle &) = delete;
  ~FileHandle();
  int get() const { return Descriptor; }
  bool isOpen() const { return Descriptor >= 0; }

private:
  int Descriptor;
};

/// Creates `Path`, which must not exist yet, with `Bytes` of disk space
/// reserved where the file system can, and `Begin` as its first bytes.
int createReserved(const std::string &Path, uint64_t Bytes,
                   llvm::StringRef Begin);

/// Writes `Begin` again over the first bytes of what `createReserved` has made.
/// False if that is not there at its full size, or can't be written.
bool restoreReserved(const std::string &Path, uint64_t Bytes,
                     llvm::StringRef Begin);

/// Adds to the end of a file that is there.
int appendToFile(const std::string &Path, llvm::StringRef Text);

/// Creates `Path`, which must not exist yet.
int writeNewFile(const std::string &Path, llvm::StringRef Text);

/// Copies the file that `From` is or links to; `To` must not exist yet. Of the
/// two, `Culprit` is the one that failed.
int copyToNewFile(const std::string &From, const std::string &To,
                  const std::string *&Culprit);

/// Writes a file's or directory's data and names to the disk.
int syncToDisk(const std::string &Path);

/// `no space left on device`
std::string errorText(int Errno);

/// Reports a failure to write `Path`: `disk-full` when that is the cause.
void reportCannotWrite(Diagnostics &Diags, llvm::StringRef Path, int Errno);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_FILES_H
