//===- Leftovers.cpp - What killed runs have left behind ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Leftovers.h"
#include "Files.h"
#include "llvm/Support/Errno.h"
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>

using namespace mergec;
namespace fs = std::filesystem;

LockState mergec::tryLock(int Directory) {
  if (llvm::sys::RetryAfterSignal(-1, ::flock, Directory, LOCK_EX | LOCK_NB) ==
      0)
    return LockState::Taken;
  return errno == EWOULDBLOCK ? LockState::HeldElsewhere
                              : LockState::Unsupported;
}

static int openDirectory(const std::string &Path) {
  return llvm::sys::RetryAfterSignal(-1, ::open, Path.c_str(),
                                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                                         O_CLOEXEC);
}

std::vector<Leftover> mergec::findLeftovers(const Target &T) {
  std::vector<Leftover> Found;
  std::string Prefix = temporaryPrefix(T.Final);
  auto Search = [&](const fs::path &Directory) {
    std::error_code Error;
    fs::directory_iterator At(Directory, Error);
    for (; !Error && At != fs::directory_iterator(); At.increment(Error)) {
      std::string Name = At->path().filename().string();
      llvm::StringRef Rest = Name;
      pid_t Process;
      if (!Rest.consume_front(Prefix) || Rest.consumeInteger(10, Process) ||
          Process <= 0)
        continue;
      FileHandle Handle(openDirectory(At->path().string()));
      if (!Handle.isOpen())
        continue;
      LockState State = tryLock(Handle.get());
      auto Run = Leftover::Unknown;
      if (State == LockState::Taken)
        Run = Leftover::Dead;
      else if (State == LockState::HeldElsewhere)
        Run = Leftover::Alive;
      else if (::kill(Process, 0) != 0 && errno == ESRCH)
        Run = Leftover::Dead;
      Found.push_back({At->path().string(), Run});
    }
  };
  Search(fs::path(T.Final).parent_path());
  if (T.Exists)
    Search(T.Final);
  return Found;
}

uint64_t mergec::diskUsage(const Leftover &L) {
  uint64_t Bytes = 0;
  std::error_code Error;
  fs::recursive_directory_iterator At(L.Path, Error);
  for (; !Error && At != fs::recursive_directory_iterator();
       At.increment(Error)) {
    struct stat Status;
    if (::lstat(At->path().c_str(), &Status) == 0)
      Bytes += uint64_t(Status.st_blocks) * 512;
  }
  return Bytes;
}

void mergec::removeLeftover(const Leftover &L) {
  FileHandle Handle(openDirectory(L.Path));
  // Held until all is gone, so that nobody takes it for a directory in use.
  if (!Handle.isOpen() || tryLock(Handle.get()) == LockState::HeldElsewhere)
    return;
  std::error_code Ignored; // Another user's, perhaps; it is in nobody's way.
  fs::remove_all(L.Path, Ignored);
}
