//===- FileWindow.cpp - A file read where it is cached --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileWindow.h"
#include "mergec/Runtime/Runtime.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

using namespace mergec;

static void onLostPage(int, siginfo_t *Info, void *) {
  // As an instruction that is wrong in another way would have ended it.
  if (Info->si_code != BUS_ADRERR && Info->si_code != BUS_MCEERR_AR) {
    ::signal(SIGBUS, SIG_DFL);
    return;
  }
  static constexpr char Message[] =
      "error: an input became shorter while it was merged, or its disk can't "
      "be read any more [cannot-read]\n";
  [[maybe_unused]] ssize_t Written =
      ::write(STDERR_FILENO, Message, sizeof(Message) - 1);
  ::_exit(2);
}

void mergec::explainLostInputs() {
  struct sigaction Action = {};
  Action.sa_sigaction = onLostPage;
  Action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &Action, nullptr);
}

static uintptr_t addressOf(const char *P) {
  return reinterpret_cast<uintptr_t>(P);
}

FileMapping::~FileMapping() {
  if (Begin)
    ::munmap(Begin, Size);
}

int FileMapping::open(int Descriptor, uint64_t Bytes) {
  void *At = ::mmap(nullptr, Bytes, PROT_READ, MAP_SHARED, Descriptor, 0);
  if (At == MAP_FAILED)
    return errno;
  Begin = static_cast<char *>(At);
  Size = Bytes;
  return 0;
}

int FileWindow::open(const FileMapping &File, uint64_t Offset, uint64_t Bytes) {
  close();
  static const uint64_t Page = ::sysconf(_SC_PAGESIZE);
  From = &File;
  Begin = File.begin() + Offset / Page * Page;
  End = File.begin() + Offset + Bytes;
  // One by one, when they are used, each page would be an exception.
  if (::madvise(Begin, End - Begin, MADV_POPULATE_READ) == 0)
    return 0;
  const int Error = errno;
  close();
  return Error;
}

void FileWindow::close() {
  if (!Begin)
    return;
  const uint64_t Before = addressOf(Begin) % LargestPageBytes;
  const uint64_t Behind =
      llvm::alignTo(addressOf(End), LargestPageBytes) - addressOf(End);
  char *First = Begin - std::min<uint64_t>(Before, Begin - From->begin());
  char *Last = End + std::min<uint64_t>(Behind, From->end() - End);
  ::madvise(First, Last - First, MADV_DONTNEED);
  Begin = End = nullptr;
}
