//===- HeldStore.h - Values between sweeps ----------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the program's held values are while they are needed: in memory, or in a
// file without a name, which is gone when it is closed, whatever happens. Parts
// are written by several threads, and read after all have been written. Memory
// is taken when the first part is written, since groups may wait for long after
// they have begun.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_HELDSTORE_H
#define MERGEC_LIB_RUNTIME_HELDSTORE_H

#include "File.h"
#include "MemoryPool.h"
#include "mergec/Schedule/Program.h"
#include <atomic>
#include <memory>
#include <optional>

namespace mergec {

class HeldStore {
public:
  HeldStore(const Program &P, const std::string &ScratchDirectory)
      : P(P), ScratchDirectory(ScratchDirectory), Pool(P.Memory.SharedBytes),
        Values(P.Held.size()) {}

  ~HeldStore();

  /// Before the sweep that writes it, and after the last that reads it. 0, or
  /// errno.
  int begin(uint32_t Held);
  void end(uint32_t Held);

  /// Where the value lies, to be written or read in place; null if that is a
  /// file, or if there is no memory.
  char *memory(uint32_t Held);
  int readAt(uint32_t Held, void *To, uint64_t Size, uint64_t Offset);
  int writeAt(uint32_t Held, const void *From, uint64_t Size, uint64_t Offset);

private:
  struct Value {
    std::atomic<char *> Memory = nullptr;
    std::optional<File> Scratch;
  };

  const Program &P;
  const std::string &ScratchDirectory;
  MemoryPool Pool;
  std::mutex Taking;
  std::vector<Value> Values;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_HELDSTORE_H
