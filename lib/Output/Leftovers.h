//===- Leftovers.h - What killed runs have left behind ----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each run holds a lock (flock) on its temporary directory, which the kernel
// drops when the process dies, however it dies: a directory whose lock is free
// is a dead run's. Where the file system has no locks, the process id in the
// name decides.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_LEFTOVERS_H
#define MERGEC_LIB_OUTPUT_LEFTOVERS_H

#include "Target.h"

namespace mergec {

enum class LockState { Taken, HeldElsewhere, Unsupported };

/// Tries to lock the open directory, without waiting.
LockState tryLock(int Directory);

/// A temporary directory of some run for a target.
struct Leftover {
  std::string Path;
  enum { Dead, Alive, Unknown } Run;
};

/// Those beside the target and, if it exists, in it.
std::vector<Leftover> findLeftovers(const Target &T);

/// The disk space that removing it would free.
uint64_t diskUsage(const Leftover &L);

/// Removes a dead run's directory, unless it comes to life or can't be removed.
void removeLeftover(const Leftover &L);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_LEFTOVERS_H
