//===- CountingLock.h - A lock that says how often it was waited for ------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_COUNTINGLOCK_H
#define MERGEC_LIB_RUNTIME_COUNTINGLOCK_H

#include "mergec/Runtime/Runtime.h"
#include <mutex>

namespace mergec {

/// As std::lock_guard.
class CountingLock {
public:
  CountingLock(std::mutex &Mutex, RunProgress &Progress) : Mutex(Mutex) {
    Progress.Locks.fetch_add(1, std::memory_order_relaxed);
    if (Mutex.try_lock())
      return;
    Progress.LocksWaitedFor.fetch_add(1, std::memory_order_relaxed);
    Mutex.lock();
  }
  ~CountingLock() { Mutex.unlock(); }
  CountingLock(const CountingLock &) = delete;
  CountingLock &operator=(const CountingLock &) = delete;

private:
  std::mutex &Mutex;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_COUNTINGLOCK_H
