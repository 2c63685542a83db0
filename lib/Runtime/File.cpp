//===- File.cpp - Positional reads and writes ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "File.h"
#include "llvm/ADT/STLExtras.h"
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace mergec;

File::~File() {
  if (Descriptor >= 0)
    ::close(Descriptor);
}

int File::openForReading(const std::string &Path, bool Direct) {
  Descriptor =
      ::open(Path.c_str(), O_RDONLY | O_CLOEXEC | (Direct ? O_DIRECT : 0));
  return Descriptor < 0 ? errno : 0;
}

int File::openForWriting(const std::string &Path, bool Direct) {
  Descriptor =
      ::open(Path.c_str(), O_WRONLY | O_CLOEXEC | (Direct ? O_DIRECT : 0));
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

int File::shareAt(const File &From, uint64_t FromOffset, uint64_t Size,
                  uint64_t Offset) const {
  file_clone_range Range{From.Descriptor, FromOffset, Size, Offset};
  return ::ioctl(Descriptor, FICLONERANGE, &Range) == 0 ? 0 : errno;
}

bool File::isOnLocalDisk() const {
  // ext2 to ext4, XFS, Btrfs, F2FS, ZFS and bcachefs. Not overlays of these: of
  // their files the kernel doesn't say what is cached.
  constexpr uint64_t Known[] = {0xef53,     0x58465342, 0x9123683e,
                                0xf2f52010, 0x2fc12fc1, 0xca451a4e};
  struct statfs Status;
  return ::fstatfs(Descriptor, &Status) == 0 &&
         llvm::is_contained(Known, uint32_t(Status.f_type));
}

uint64_t File::size() const {
  struct stat Status;
  return ::fstat(Descriptor, &Status) == 0 ? Status.st_size : 0;
}

namespace {
/// Pages of a part of a file, and those of them that are in the page cache.
struct Residency {
  uint64_t Pages = 0, Cached = 0;
  bool IsKnown = false;
};
} // namespace

static Residency residency(int Descriptor, uint64_t Size, uint64_t Offset) {
  // cachestat, which the C library does not know yet; since Linux 6.5.
  constexpr long Number = 451;
  struct {
    uint64_t Offset, Size;
  } Range = {Offset, Size};
  struct {
    uint64_t Cached, Dirty, BeingWritten, Evicted, RecentlyEvicted;
  } Pages;
  if (::syscall(Number, Descriptor, &Range, &Pages, 0) != 0)
    return {};
  const uint64_t Page = ::sysconf(_SC_PAGESIZE);
  return {(Offset + Size + Page - 1) / Page - Offset / Page, Pages.Cached,
          true};
}

bool File::isUncached(uint64_t Size, uint64_t Offset) const {
  const Residency R = residency(Descriptor, Size, Offset);
  return R.IsKnown && R.Cached < R.Pages - R.Pages / 8;
}

bool File::isCached(uint64_t Size, uint64_t Offset) const {
  const Residency R = residency(Descriptor, Size, Offset);
  return R.IsKnown && R.Cached == R.Pages;
}

void File::forget(uint64_t Size, uint64_t Offset) const {
  ::posix_fadvise(Descriptor, Offset, Size, POSIX_FADV_DONTNEED);
}

int File::readAt(void *To, uint64_t Size, uint64_t Offset,
                 uint64_t Least) const {
  auto *P = static_cast<char *>(To);
  for (uint64_t Done = 0; Done < Least;) {
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
    Done += Got;
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
