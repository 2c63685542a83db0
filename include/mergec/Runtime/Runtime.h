//===- Runtime.h - Executing a program -----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the groups of a program on the threads that its memory plan grants, with
// buffers allocated once. Knows nothing of plans or methods. The bytes written
// do not depend on threads, budget or instruction set.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_RUNTIME_RUNTIME_H
#define MERGEC_RUNTIME_RUNTIME_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/Kernels/Kernel.h"
#include "mergec/Schedule/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <atomic>

namespace mergec {

/// Whether weights go through the page cache. The bytes are the same.
enum class IOMode : uint8_t {
  Buffered, ///< Yes.
  Direct,   ///< No, where whole blocks can be read or written.
  Auto,     ///< Inputs where they are in it already, small results, and all, if
            ///< the files are not on a local disk; the rest as is faster.
};

/// Read by another thread while the program runs.
struct RunProgress {
  std::atomic<uint64_t> BytesRead{0}, BytesWritten{0};
  /// Read where the page cache has them, of those that are read.
  std::atomic<uint64_t> BytesMapped{0};
  /// Requests to the files of inputs and results.
  std::atomic<uint64_t> Reads{0}, Writes{0};
  /// How much more than `Program::bytesRead` is read, or less, because of the
  /// sweeps that have turned out to be needed or not.
  std::atomic<int64_t> BytesUnexpected{0};
  /// Of tensors that were neither read nor written: the file system lets the
  /// result share them with an input.
  std::atomic<uint64_t> BytesShared{0};
  /// What has been handed out to threads (each is a share of one sweep), and
  /// the chunks they have taken.
  std::atomic<uint64_t> Tasks{0}, Chunks{0};
  /// Of the sweeps, once for each thread that takes part in one: instructions,
  /// and how many of them one kernel does together with others.
  std::atomic<uint64_t> Instructions{0}, InstructionsFused{0},
      InstructionsOnStrips{0};
  /// Locks taken, and how many of them another thread held.
  std::atomic<uint64_t> Locks{0}, LocksWaitedFor{0};
  /// Set by anyone: the run stops at the next chunk and returns false.
  std::atomic<bool> Cancel{false};
};

/// Writes every output tensor into its shard (`Shards[i]` is the path of shard
/// i, a file of its final size). Reports failures of the machine, and tensors
/// with NaN or infinite results. False if the outputs are not complete. Values
/// that are held in files are in `ScratchDirectory`. `Finished` is called, by
/// any thread, with the index (among the program's places) of each tensor that
/// is complete and of which nothing will be reported; but blocks of the file
/// that it shares with tensors that are not complete may still be in memory.
/// `WritesAll` is false if shards hold tensors that the program does not make.
bool runProgram(const Program &P, llvm::ArrayRef<std::string> Shards,
                const std::string &ScratchDirectory, IOMode IO,
                InstructionSet Set, RunProgress &Progress, Diagnostics &Diags,
                llvm::function_ref<void(uint32_t Tensor)> Finished = {},
                bool WritesAll = true);

/// Inputs that are in the page cache are read where they are. If the end of
/// such a file is cut off at that moment, or the disk can't give back what the
/// cache has dropped, the process ends (SIGBUS); from now on it says why.
void explainLostInputs();

/// Memory that could be taken without others noticing, in bytes: what the
/// machine has available, or what is left of the cgroup's limit if that is
/// less.
uint64_t availableMemory();

} // namespace mergec

#endif // MERGEC_RUNTIME_RUNTIME_H
