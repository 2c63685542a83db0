//===- MemoryPool.cpp - Memory that is used again -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryPool.h"
#include <iterator>
#include <sys/mman.h>

using namespace mergec;

static uint64_t wholePages(uint64_t Bytes) {
  constexpr uint64_t Page = 4096;
  return (Bytes + Page - 1) / Page * Page;
}

MemoryPool::~MemoryPool() {
  for (auto [Memory, Bytes] : Free)
    munmap(Memory, Bytes);
}

char *MemoryPool::take(uint64_t Bytes) {
  Bytes = wholePages(Bytes);
  std::lock_guard Lock(Mutex);
  // The first that is large enough: what lies behind stays unused if it can.
  for (auto It = Free.begin(); It != Free.end(); ++It) {
    auto [Memory, Size] = *It;
    if (Size < Bytes)
      continue;
    Free.erase(It);
    if (Size > Bytes)
      Free.emplace(Memory + Bytes, Size - Bytes);
    return Memory;
  }
  // New memory, in place of pieces that are too small.
  while (Mapped + Bytes > Limit && !Free.empty()) {
    auto Last = std::prev(Free.end());
    munmap(Last->first, Last->second);
    Mapped -= Last->second;
    Free.erase(Last);
  }
  void *New = mmap(nullptr, Bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (New == MAP_FAILED)
    return nullptr;
  madvise(New, Bytes, MADV_HUGEPAGE); // Fewer pages to find.
  Mapped += Bytes;
  return static_cast<char *>(New);
}

void MemoryPool::giveBack(char *Memory, uint64_t Bytes) {
  Bytes = wholePages(Bytes);
  std::lock_guard Lock(Mutex);
  auto Next = Free.lower_bound(Memory);
  if (Next != Free.end() && Memory + Bytes == Next->first) {
    Bytes += Next->second;
    Next = Free.erase(Next);
  }
  if (Next != Free.begin())
    if (auto Before = std::prev(Next);
        Before->first + Before->second == Memory) {
      Before->second += Bytes;
      return;
    }
  Free.emplace(Memory, Bytes);
}
