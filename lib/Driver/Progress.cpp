//===- Progress.cpp - What a running merge shows -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Progress.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/Support/Format.h"
#include <csignal>

using namespace mergec;

static volatile std::sig_atomic_t SignalSeen = 0;

static void onSignal(int) { SignalSeen = 1; }

bool ProgressReporter::interrupted() { return SignalSeen != 0; }

void ProgressReporter::catchSignals() {
  struct sigaction Action = {};
  Action.sa_handler = onSignal;
  Action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &Action, nullptr);
  sigaction(SIGTERM, &Action, nullptr);
}

ProgressReporter::ProgressReporter(RunProgress &Progress, uint64_t TotalBytes,
                                   Style How, llvm::raw_ostream &Err)
    : Progress(Progress), Total(std::max<uint64_t>(TotalBytes, 1)), How(How),
      Err(Err), Start(std::chrono::steady_clock::now()) {
  Watcher = std::thread([this] { watch(); });
}

ProgressReporter::~ProgressReporter() {
  {
    std::lock_guard Lock(Mutex);
    Done = true;
  }
  Ended.notify_all();
  Watcher.join();
}

void ProgressReporter::watch() {
  using namespace std::chrono_literals;
  const auto Interval = How == Style::Terminal ? 200ms : 10s;
  auto NextShow = Start + Interval;
  std::unique_lock Lock(Mutex);
  bool Shown = false;
  while (!Ended.wait_for(Lock, 50ms, [this] { return Done; })) {
    if (interrupted())
      Progress.Cancel = true;
    auto Now = std::chrono::steady_clock::now();
    if (How == Style::Silent || Now < NextShow)
      continue;
    show(std::chrono::duration<double>(Now - Start).count(), false);
    Shown = true;
    NextShow = Now + Interval;
  }
  if (Shown && How == Style::Terminal)
    Err << "\r\033[K";
}

void ProgressReporter::show(double Seconds, bool) {
  uint64_t Bytes =
      Progress.BytesRead + Progress.BytesWritten + 2 * Progress.BytesShared;
  double Rate = double(Bytes) / Seconds;
  const uint64_t Total = this->Total + Progress.BytesUnexpected;
  double Left = Rate > 0 ? double(Total - std::min(Bytes, Total)) / Rate : 0;
  if (How == Style::Json) {
    Err << "{\"event\":\"progress\",\"bytes\":" << Bytes
        << ",\"total\":" << Total
        << ",\"seconds\":" << llvm::format("%.1f", Seconds) << "}\n";
    return;
  }
  if (How == Style::Terminal)
    Err << "\r\033[K";
  Err << llvm::format("%3.0f%%  ", 100.0 * double(Bytes) / double(Total))
      << formatBytes(Bytes) << " of " << formatBytes(Total) << ", "
      << formatBytes(uint64_t(Rate)) << "/s, "
      << llvm::format("%.0f s left", Left);
  if (How == Style::Plain)
    Err << "\n";
  Err.flush();
}
