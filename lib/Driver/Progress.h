//===- Progress.h - What a running merge shows ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_DRIVER_PROGRESS_H
#define MERGEC_LIB_DRIVER_PROGRESS_H

#include "mergec/Runtime/Runtime.h"
#include <chrono>
#include <condition_variable>
#include <thread>

namespace mergec {

/// Shows bytes, rate and time left while a program runs: a line that is
/// rewritten on a terminal, a plain line now and then elsewhere, an object per
/// line as JSON. Passes a caught signal on as a request to stop.
class ProgressReporter {
public:
  enum class Style { Silent, Terminal, Plain, Json };

  ProgressReporter(RunProgress &Progress, uint64_t TotalBytes, Style How,
                   llvm::raw_ostream &Err);
  ~ProgressReporter();

  /// SIGINT and SIGTERM no longer end the program but ask it to stop. To be
  /// called before there is anything that would be left behind.
  static void catchSignals();
  /// True once a signal has asked to stop.
  static bool interrupted();

private:
  void watch();
  void show(double Seconds, bool Last);

  RunProgress &Progress;
  uint64_t Total;
  Style How;
  llvm::raw_ostream &Err;
  std::chrono::steady_clock::time_point Start;
  std::mutex Mutex;
  std::condition_variable Ended;
  bool Done = false;
  std::thread Watcher;
};

} // namespace mergec

#endif // MERGEC_LIB_DRIVER_PROGRESS_H
