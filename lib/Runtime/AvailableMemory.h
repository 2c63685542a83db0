//===- AvailableMemory.h - What machine and cgroup leave --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_AVAILABLEMEMORY_H
#define MERGEC_LIB_RUNTIME_AVAILABLEMEMORY_H

#include <cstdint>
#include <string>

namespace mergec {

/// What the machine could give without swapping, page cache included, in bytes.
uint64_t machineAvailable();

/// What is left in a process's memory cgroup and those above it, in bytes; the
/// largest number if nothing limits it. `Membership` is a file like
/// /proc/self/cgroup, `Mounted` a directory like /sys/fs/cgroup: with cgroups
/// of version 2 (all below it) or 1 (those for memory below `memory`). What a
/// container does not see of the path to its cgroup is left out.
uint64_t cgroupAvailable(const std::string &Membership,
                         const std::string &Mounted);

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_AVAILABLEMEMORY_H
