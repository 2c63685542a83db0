//===- MemoryPool.h - Memory that is used again -----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel clears new memory, page by page as it is touched, and a virtual
// machine has to find each page first: for memory that is written and read once
// that costs more than all the rest. So blocks that are given back are kept,
// and taken again.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_MEMORYPOOL_H
#define MERGEC_LIB_RUNTIME_MEMORYPOOL_H

#include <cstdint>
#include <map>
#include <mutex>

namespace mergec {

class MemoryPool {
public:
  /// Keeps no more than `Limit` bytes, what is in use included.
  explicit MemoryPool(uint64_t Limit) : Limit(Limit) {}
  ~MemoryPool();
  MemoryPool(const MemoryPool &) = delete;

  /// Whole pages, with anything in them; null if there is no memory.
  char *take(uint64_t Bytes);
  void giveBack(char *Memory, uint64_t Bytes);

  /// In use, and kept.
  uint64_t mapped() const { return Mapped; }

private:
  const uint64_t Limit;
  std::mutex Mutex; ///< Guards what follows.
  uint64_t Mapped = 0;
  std::map<char *, uint64_t> Free; ///< Bytes; neighbours are joined.
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_MEMORYPOOL_H
