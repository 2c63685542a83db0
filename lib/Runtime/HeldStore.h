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
// are written by several threads, and read after all have been written.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_HELDSTORE_H
#define MERGEC_LIB_RUNTIME_HELDSTORE_H

#include "File.h"
#include "mergec/Schedule/Program.h"
#include <cstdlib>
#include <memory>
#include <optional>

namespace mergec {

class HeldStore {
public:
  HeldStore(const Program &P, const std::string &ScratchDirectory)
      : P(P), ScratchDirectory(ScratchDirectory), Values(P.Held.size()) {}

  /// Before the sweep that writes it, and after the last that reads it. 0, or
  /// errno.
  int begin(uint32_t Held);
  void end(uint32_t Held);

  int readAt(uint32_t Held, void *To, uint64_t Size, uint64_t Offset) const;
  int writeAt(uint32_t Held, const void *From, uint64_t Size, uint64_t Offset);

private:
  struct Free {
    void operator()(char *Memory) const { std::free(Memory); }
  };
  struct Value {
    std::unique_ptr<char, Free> Memory;
    std::optional<File> Scratch;
  };

  const Program &P;
  const std::string &ScratchDirectory;
  std::vector<Value> Values;
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_HELDSTORE_H
