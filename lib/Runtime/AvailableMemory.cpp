//===- AvailableMemory.cpp - How much memory there is --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AvailableMemory.h"
#include "mergec/Runtime/Runtime.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
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

uint64_t mergec::machineAvailable() {
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

namespace {
/// How a version of cgroups calls its files.
struct CgroupFiles {
  const char *Limit, *Used;
  const char *Cached; ///< In memory.stat.
};
constexpr CgroupFiles Version1 = {"/memory.limit_in_bytes",
                                  "/memory.usage_in_bytes", "total_cache"};
constexpr CgroupFiles Version2 = {"/memory.max", "/memory.current", "file"};
} // namespace

/// Page cache counts as used, but gives way: only what cannot be dropped is in
/// the way.
static uint64_t availableIn(const std::string &Directory,
                            const CgroupFiles &Files) {
  std::optional<uint64_t> Limit = readNumber(Directory + Files.Limit);
  if (!Limit)
    return ~uint64_t(0);
  uint64_t Used = readNumber(Directory + Files.Used).value_or(0);
  std::ifstream Stat(Directory + "/memory.stat");
  std::string Key;
  uint64_t Bytes;
  while (Stat >> Key >> Bytes)
    if (Key == Files.Cached)
      Used -= std::min(Used, Bytes);
  return *Limit - std::min(*Limit, Used);
}

uint64_t mergec::cgroupAvailable(const std::string &Membership,
                                 const std::string &Mounted) {
  std::ifstream In(Membership);
  std::string Line;
  uint64_t Least = ~uint64_t(0);
  while (std::getline(In, Line)) {
    // Number, controllers (none in version 2), path.
    auto [Controllers, Path] =
        llvm::StringRef(Line).split(':').second.split(':');
    llvm::SmallVector<llvm::StringRef, 4> Names;
    Controllers.split(Names, ',');
    const bool IsVersion1 = llvm::is_contained(Names, "memory");
    if (!IsVersion1 && !Controllers.empty())
      continue;
    const CgroupFiles &Files = IsVersion1 ? Version1 : Version2;
    while (true) {
      Path = Path.rtrim('/');
      Least =
          std::min(Least, availableIn(Mounted + (IsVersion1 ? "/memory" : "") +
                                          Path.str(),
                                      Files));
      if (Path.empty())
        break;
      Path = Path.rsplit('/').first;
    }
  }
  return Least;
}

uint64_t mergec::availableMemory() {
  return std::min(machineAvailable(),
                  cgroupAvailable("/proc/self/cgroup", "/sys/fs/cgroup"));
}
