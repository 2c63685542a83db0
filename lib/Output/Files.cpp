//===- Files.cpp - Creating, copying and syncing files --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Files.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Errno.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mergec;
using llvm::sys::RetryAfterSignal;

FileHandle::~FileHandle() {
  if (isOpen())
    ::close(Descriptor);
}

static int openNew(const std::string &Path) {
  return RetryAfterSignal(-1, ::open, Path.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static int writeAll(int File, llvm::StringRef Text) {
  while (!Text.empty()) {
    ssize_t Written =
        RetryAfterSignal(-1, ::write, File, Text.data(), Text.size());
    if (Written < 0)
      return errno;
    Text = Text.substr(Written);
  }
  return 0;
}

int mergec::createReserved(const std::string &Path, uint64_t Bytes,
                           llvm::StringRef Begin) {
  FileHandle File(openNew(Path));
  if (!File.isOpen())
    return errno;
  // Not posix_fallocate: where the file system can't reserve it writes zeros to
  // every block.
  if (RetryAfterSignal(-1, ::fallocate, File.get(), 0, 0,
                       static_cast<off_t>(Bytes)) != 0) {
    if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)
      return errno;
    if (RetryAfterSignal(-1, ::ftruncate, File.get(),
                         static_cast<off_t>(Bytes)) != 0)
      return errno;
  }
  return writeAll(File.get(), Begin);
}

bool mergec::restoreReserved(const std::string &Path, uint64_t Bytes,
                             llvm::StringRef Begin) {
  FileHandle File(RetryAfterSignal(-1, ::open, Path.c_str(),
                                   O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat Status;
  return File.isOpen() && ::fstat(File.get(), &Status) == 0 &&
         S_ISREG(Status.st_mode) && uint64_t(Status.st_size) == Bytes &&
         writeAll(File.get(), Begin) == 0;
}

int mergec::appendToFile(const std::string &Path, llvm::StringRef Text) {
  FileHandle File(RetryAfterSignal(-1, ::open, Path.c_str(),
                                   O_WRONLY | O_APPEND | O_CLOEXEC));
  return File.isOpen() ? writeAll(File.get(), Text) : errno;
}

int mergec::writeNewFile(const std::string &Path, llvm::StringRef Text) {
  FileHandle File(openNew(Path));
  return File.isOpen() ? writeAll(File.get(), Text) : errno;
}

int mergec::copyToNewFile(const std::string &From, const std::string &To,
                          const std::string *&Culprit) {
  Culprit = &From;
  FileHandle In(
      RetryAfterSignal(-1, ::open, From.c_str(), O_RDONLY | O_CLOEXEC));
  if (!In.isOpen())
    return errno;
  Culprit = &To;
  FileHandle Out(openNew(To));
  if (!Out.isOpen())
    return errno;

  // The kernel may share the blocks or copy them without us; where it can't
  // (between file systems, special ones), read and write.
  constexpr size_t Most = 1 << 30;
  ssize_t Copied;
  while ((Copied = ::copy_file_range(In.get(), nullptr, Out.get(), nullptr,
                                     Most, 0)) > 0)
    ;
  // Some file systems answer 0 for files that are not empty: read on in any
  // case, from where both files stand.
  std::string Buffer(1 << 18, '\0');
  for (;;) {
    Culprit = &From;
    ssize_t Read =
        RetryAfterSignal(-1, ::read, In.get(), Buffer.data(), Buffer.size());
    if (Read < 0)
      return errno;
    if (Read == 0)
      return 0;
    Culprit = &To;
    if (int Error =
            writeAll(Out.get(), llvm::StringRef(Buffer.data(), size_t(Read))))
      return Error;
  }
}

int mergec::syncToDisk(const std::string &Path) {
  FileHandle File(
      RetryAfterSignal(-1, ::open, Path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!File.isOpen())
    return errno;
  if (RetryAfterSignal(-1, ::fsync, File.get()) == 0)
    return 0;
  // Some file systems have nothing to sync for a directory.
  return errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

std::string mergec::errorText(int Errno) {
  std::string Text = llvm::sys::StrError(Errno);
  if (!Text.empty())
    Text[0] = llvm::toLower(Text[0]);
  return Text;
}

void mergec::reportCannotWrite(Diagnostics &Diags, llvm::StringRef Path,
                               int Errno) {
  bool Full = Errno == ENOSPC || Errno == EDQUOT;
  Diagnostic &D =
      Diags.report(Full ? Kind::DiskFull : Kind::CannotWrite,
                   "cannot write `" + Path + "`: " + errorText(Errno));
  if (Full)
    D.hint("make room, or choose a directory on another file system");
  else if (Errno == EACCES || Errno == EPERM || Errno == EROFS)
    D.hint("choose a directory that you may write to");
}
