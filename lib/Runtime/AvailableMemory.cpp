//===- AvailableMemory.cpp - How much memory there is --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Runtime/Runtime.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <fstream>

using namespace mergec;

static std::optional<uint64_t> readNumber(const std::string &Path) {
  std::ifstream In(Path);
  uint64_t Number;
  if (In >> Number)
    return Number;
  return std::nullopt; // Absent, or `max`.
}

static uint64_t machineAvailable() {
  std::ifstream In("/proc/meminfo");
  std::string Key, Unit;
  uint64_t KiB;
  while (In >> Key >> KiB) {
    std::getline(In, Unit);
    if (Key == "MemAvailable:")
      return KiB * 1024;
  }
  return uint64_t(1) << 30;
}

/// What is left in the cgroup and those above it. Page cache counts as used
/// there, but gives way: only what cannot be dropped is in the way.
static uint64_t cgroupAvailable() {
  std::ifstream In("/proc/self/cgroup");
  std::string Line;
  uint64_t Least = ~uint64_t(0);
  while (std::getline(In, Line)) {
    llvm::StringRef Path = Line;
    if (!Path.consume_front("0::"))
      continue;
    while (true) {
      std::string Directory = ("/sys/fs/cgroup" + Path).str();
      if (std::optional<uint64_t> Limit =
              readNumber(Directory + "/memory.max")) {
        uint64_t Used = readNumber(Directory + "/memory.current").value_or(0);
        std::ifstream Stat(Directory + "/memory.stat");
        std::string Key;
        uint64_t Bytes;
        while (Stat >> Key >> Bytes)
          if (Key == "file")
            Used -= std::min(Used, Bytes);
        Least = std::min(Least, *Limit - std::min(*Limit, Used));
      }
      if (Path.empty() || Path == "/")
        break;
      Path = Path.rsplit('/').first;
    }
  }
  return Least;
}

uint64_t mergec::availableMemory() {
  return std::min(machineAvailable(), cgroupAvailable());
}
