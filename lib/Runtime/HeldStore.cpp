//===- HeldStore.cpp - Values between sweeps ------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HeldStore.h"
#include <cerrno>
#include <cstring>

using namespace mergec;

HeldStore::~HeldStore() {
  for (uint32_t H = 0; H != Values.size(); ++H)
    end(H); // What a run that failed has left.
}

int HeldStore::begin(uint32_t Held) {
  if (P.Held[Held].InMemory)
    return 0;
  return Values[Held].Scratch.emplace().openScratch(ScratchDirectory);
}

void HeldStore::end(uint32_t Held) {
  Value &V = Values[Held];
  if (char *Memory = V.Memory.exchange(nullptr))
    Pool.giveBack(Memory, P.Held[Held].Bytes);
  V.Scratch.reset();
}

char *HeldStore::memory(uint32_t Held) {
  Value &V = Values[Held];
  if (!P.Held[Held].InMemory)
    return nullptr;
  if (char *Memory = V.Memory.load(std::memory_order_acquire))
    return Memory;
  std::lock_guard Lock(Taking);
  if (char *Memory = V.Memory.load(std::memory_order_relaxed))
    return Memory;
  char *Memory = Pool.take(P.Held[Held].Bytes);
  V.Memory.store(Memory, std::memory_order_release);
  return Memory;
}

int HeldStore::readAt(uint32_t Held, void *To, uint64_t Size, uint64_t Offset) {
  Value &V = Values[Held];
  if (V.Scratch)
    return V.Scratch->readAt(To, Size, Offset);
  const char *From = memory(Held);
  if (!From)
    return ENOMEM;
  std::memcpy(To, From + Offset, Size);
  return 0;
}

int HeldStore::writeAt(uint32_t Held, const void *From, uint64_t Size,
                       uint64_t Offset) {
  Value &V = Values[Held];
  if (V.Scratch)
    return V.Scratch->writeAt(From, Size, Offset);
  char *To = memory(Held);
  if (!To)
    return ENOMEM;
  if (To + Offset != From) // Else it was made in place.
    std::memcpy(To + Offset, From, Size);
  return 0;
}
