//===- InputFile.cpp - Small reads from a file ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputFile.h"
#include "llvm/ADT/StringExtras.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mergec;

static std::error_code lastError() {
  return std::error_code(errno, std::generic_category());
}

InputFile::~InputFile() {
  if (Descriptor >= 0)
    ::close(Descriptor);
}

std::error_code InputFile::open(llvm::StringRef Path) {
  // Without O_NONBLOCK a named pipe would wait for its other end.
  Descriptor = ::open(Path.str().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (Descriptor < 0)
    return lastError();
  struct stat Status;
  if (::fstat(Descriptor, &Status))
    return lastError();
  if (S_ISDIR(Status.st_mode))
    return std::make_error_code(std::errc::is_a_directory);
  if (!S_ISREG(Status.st_mode))
    return std::make_error_code(std::errc::invalid_argument);
  Size = Status.st_size;
  ModifiedNs =
      int64_t(Status.st_mtim.tv_sec) * 1'000'000'000 + Status.st_mtim.tv_nsec;
  Inode = Status.st_ino;
  return {};
}

std::error_code InputFile::read(uint64_t Offset,
                                llvm::MutableArrayRef<char> &Out) const {
  size_t Done = 0;
  while (Done != Out.size()) {
    ssize_t Got = ::pread(Descriptor, Out.data() + Done, Out.size() - Done,
                          Offset + Done);
    if (Got < 0 && errno == EINTR)
      continue;
    if (Got < 0)
      return lastError();
    if (Got == 0)
      break;
    Done += Got;
  }
  Out = Out.take_front(Done);
  return {};
}

std::error_code mergec::readSmallFile(llvm::StringRef Path, uint64_t MaxBytes,
                                      std::string &Out) {
  InputFile File;
  if (std::error_code Error = File.open(Path))
    return Error;
  if (File.size() > MaxBytes)
    return std::make_error_code(std::errc::file_too_large);
  Out.resize(File.size());
  llvm::MutableArrayRef<char> Into(Out.data(), Out.size());
  std::error_code Error = File.read(0, Into);
  Out.resize(Into.size());
  return Error;
}

std::string mergec::reason(std::error_code Error) {
  std::string Text = Error.message();
  if (!Text.empty())
    Text[0] = llvm::toLower(Text[0]);
  return Text;
}
