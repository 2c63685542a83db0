//===- File.cpp - Positional reads and writes ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "File.h"
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace mergec;

File::~File() {
  if (Descriptor >= 0)
    ::close(Descriptor);
}

int File::openForReading(const std::string &Path) {
  Descriptor = ::open(Path.c_str(), O_RDONLY | O_CLOEXEC);
  return Descriptor < 0 ? errno : 0;
}

int File::openForWriting(const std::string &Path) {
  Descriptor = ::open(Path.c_str(), O_WRONLY | O_CLOEXEC);
  return Descriptor < 0 ? errno : 0;
}

int File::openScratch(const std::string &Directory) {
  Descriptor =
      ::open(Directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  if (Descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
    // A file system that makes no files without names.
    std::string Path = Directory + "/.mergec-scratch-XXXXXX";
    Descriptor = ::mkostemp(Path.data(), O_CLOEXEC);
    if (Descriptor >= 0)
      ::unlink(Path.c_str());
  }
  return Descriptor < 0 ? errno : 0;
}

int File::readAt(void *To, uint64_t Size, uint64_t Offset) const {
  auto *P = static_cast<char *>(To);
  while (Size) {
    ssize_t Got = ::pread(Descriptor, P, Size, Offset);
    if (Got < 0) {
      if (errno == EINTR)
        continue;
      return errno;
    }
    if (Got == 0)
      return EndOfFile;
    P += Got;
    Offset += Got;
    Size -= Got;
  }
  return 0;
}

int File::writeAt(const void *From, uint64_t Size, uint64_t Offset) const {
  auto *P = static_cast<const char *>(From);
  while (Size) {
    ssize_t Put = ::pwrite(Descriptor, P, Size, Offset);
    if (Put < 0) {
      if (errno == EINTR)
        continue;
      return errno;
    }
    P += Put;
    Offset += Put;
    Size -= Put;
  }
  return 0;
}
