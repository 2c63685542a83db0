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

int HeldStore::begin(uint32_t Held) {
  Value &V = Values[Held];
  if (!P.Held[Held].InMemory)
    return V.Scratch.emplace().openScratch(ScratchDirectory);
  // Large blocks come from the kernel and go back to it when they are freed.
  V.Memory.reset(static_cast<char *>(std::malloc(P.Held[Held].Bytes)));
  return V.Memory ? 0 : ENOMEM;
}

void HeldStore::end(uint32_t Held) { Values[Held] = Value(); }

int HeldStore::readAt(uint32_t Held, void *To, uint64_t Size,
                      uint64_t Offset) const {
  const Value &V = Values[Held];
  if (V.Scratch)
    return V.Scratch->readAt(To, Size, Offset);
  std::memcpy(To, V.Memory.get() + Offset, Size);
  return 0;
}

int HeldStore::writeAt(uint32_t Held, const void *From, uint64_t Size,
                       uint64_t Offset) {
  Value &V = Values[Held];
  if (V.Scratch)
    return V.Scratch->writeAt(From, Size, Offset);
  std::memcpy(V.Memory.get() + Offset, From, Size);
  return 0;
}
