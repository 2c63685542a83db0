//===- JournalKeeper.h - Notes of what is complete --------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_JOURNALKEEPER_H
#define MERGEC_LIB_DRIVER_JOURNALKEEPER_H

#include "Compilation.h"
#include <condition_variable>
#include <mutex>
#include <thread>

namespace mergec {

/// While a program runs, writes down every minute or so which tensors are
/// complete: a thread of its own waits for the disk. What was completed last is
/// not waited for at the end, so that neither a short merge nor an interrupted
/// one is held up.
class JournalKeeper {
public:
  /// `Directories` are those of the compilation's results.
  JournalKeeper(const Compilation &C,
                llvm::ArrayRef<std::unique_ptr<OutputDirectory>> Directories);
  ~JournalKeeper() { stop(); }

  /// From any thread: the tensor `Output` of the program is complete.
  void finished(uint32_t Output);

  /// Reports if the disk has refused to take data.
  void stop(Diagnostics *Diags = nullptr);

private:
  /// A result's tensors, as they lie in its files.
  struct Laid {
    std::vector<uint32_t> Order;    ///< By shard and offset.
    std::vector<uint32_t> Position; ///< In that.
    std::vector<bool> Complete;
  };

  void watch();
  int write(); ///< 0, or errno.
  bool isWritten(const ResultPlace &P) const;

  const Compilation &C;
  llvm::ArrayRef<std::unique_ptr<OutputDirectory>> Directories;
  std::chrono::duration<double> Interval;
  // The thread's own:
  std::vector<Laid> Results;
  std::vector<ResultPlace> Unnoted; ///< Tensors that are complete.

  std::mutex Mutex; ///< Guards what follows.
  std::condition_variable Ended;
  std::vector<uint32_t> Finished;
  bool Done = false;
  int Error = 0;
  std::thread Watcher;
};

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_JOURNALKEEPER_H
