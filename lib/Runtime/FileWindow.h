//===- FileWindow.h - A file read where it is cached -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is in the page cache needn't be copied from it: a file can be part of
// the process's memory. Each page that is used costs something then, less than
// half of what copying it does, and counts as memory of the process. So windows
// are opened for what is needed next, and closed behind it.
//
// To map a file and to unmap it keeps all other threads from doing the same, so
// each thread maps a file once, all of it.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_FILEWINDOW_H
#define MERGEC_LIB_RUNTIME_FILEWINDOW_H

#include <cstdint>
#include <utility>

namespace mergec {

/// All of a file, at some address; its pages take memory once they are used.
class FileMapping {
public:
  FileMapping() = default;
  FileMapping(FileMapping &&Other) noexcept
      : Begin(std::exchange(Other.Begin, nullptr)),
        Size(std::exchange(Other.Size, 0)) {}
  FileMapping &operator=(FileMapping &&) = delete;
  ~FileMapping();

  /// 0, or errno.
  int open(int Descriptor, uint64_t Bytes);

  char *begin() const { return Begin; }
  char *end() const { return Begin + Size; }

private:
  char *Begin = nullptr;
  uint64_t Size = 0;
};

/// The pages that are used of a mapping, for one thread. Closed on destruction.
class FileWindow {
public:
  FileWindow() = default;
  FileWindow(FileWindow &&Other) noexcept
      : From(Other.From), Begin(std::exchange(Other.Begin, nullptr)),
        End(std::exchange(Other.End, nullptr)) {}
  FileWindow &operator=(FileWindow &&) = delete;
  ~FileWindow() { close(); }

  /// Brings bytes of the file in, instead of those that were there. 0, or
  /// errno: EFAULT if it has become shorter.
  int open(const FileMapping &File, uint64_t Offset, uint64_t Bytes);
  void close();

  bool isOpenAt(const char *First, uint64_t Bytes) const {
    return First >= Begin && First + Bytes <= End;
  }

  /// More of the file may become the process's memory than was asked for: with
  /// a page the kernel may bring in what lies with it in one of the page
  /// cache's larger pages, whose addresses begin at multiples of their size.
  static constexpr uint64_t LargestPageBytes = 2 << 20;
  static constexpr uint64_t MostUnasked = 2 * LargestPageBytes;

private:
  const FileMapping *From = nullptr;
  char *Begin = nullptr, *End = nullptr;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_FILEWINDOW_H
