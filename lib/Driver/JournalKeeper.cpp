//===- JournalKeeper.cpp - Notes of what is complete ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "JournalKeeper.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <numeric>

using namespace mergec;

/// What a merge of a minute has done is soon done again, while having it on the
/// disk would hold it up.
static std::chrono::duration<double> interval() {
  // For tests: the result does not depend on it.
  double Seconds = 60;
  if (const char *Wanted = std::getenv("MERGEC_JOURNAL_SECONDS"))
    llvm::StringRef(Wanted).getAsDouble(Seconds);
  return std::chrono::duration<double>(Seconds);
}

JournalKeeper::JournalKeeper(
    const Compilation &C,
    llvm::ArrayRef<std::unique_ptr<OutputDirectory>> Directories)
    : C(C), Directories(Directories), Interval(interval()) {
  for (auto [R, D] : llvm::zip_equal(C.Results, Directories)) {
    size_t N = R.Tensors.size();
    Laid &L = Results.emplace_back();
    L.Order.resize(N);
    std::iota(L.Order.begin(), L.Order.end(), 0);
    llvm::sort(L.Order, [&, &Tensors = R.Tensors](uint32_t A, uint32_t B) {
      return std::tuple(Tensors[A].Shard, Tensors[A].Offset, A) <
             std::tuple(Tensors[B].Shard, Tensors[B].Offset, B);
    });
    L.Position.resize(N);
    for (size_t I = 0; I != N; ++I)
      L.Position[L.Order[I]] = I;
    L.Complete.resize(N);
    for (uint32_t T : D->finished())
      L.Complete[T] = true;
  }
  if (!C.Options.NoResume)
    Watcher = std::thread([this] { watch(); });
}

void JournalKeeper::stop(Diagnostics *Diags) {
  if (!Watcher.joinable())
    return;
  {
    std::lock_guard Lock(Mutex);
    Done = true;
  }
  Ended.notify_all();
  Watcher.join();
  if (Error && Diags)
    Diags->report(Kind::CannotWrite,
                  llvm::Twine("the disk did not take what was written: ") +
                      std::strerror(Error));
}

void JournalKeeper::finished(uint32_t Output) {
  std::lock_guard Lock(Mutex);
  Finished.push_back(Output);
}

/// Waiting for the disk takes so much of the time at most: one part in this
/// many. Whoever ends a merge may have to wait for that, too.
static constexpr double TimesLonger = 10;

void JournalKeeper::watch() {
  using Clock = std::chrono::steady_clock;
  std::chrono::duration<double> Pause = Interval;
  std::unique_lock Lock(Mutex);
  while (!Ended.wait_for(Lock, Pause, [this] { return Done || Error; })) {
    std::vector<uint32_t> Outputs = std::exchange(Finished, {});
    Lock.unlock();
    for (uint32_t O : Outputs) {
      Unnoted.push_back(C.Places[O]);
      Results[C.Places[O].Result].Complete[C.Places[O].Tensor] = true;
    }
    const Clock::time_point Start = Clock::now();
    int Failed = write();
    Pause = std::max<std::chrono::duration<double>>(
        Interval, TimesLonger * (Clock::now() - Start));
    Lock.lock();
    Error = Failed;
  }
}

/// Blocks of a file are written when all tensors that share them are complete.
bool JournalKeeper::isWritten(const ResultPlace &P) const {
  const std::vector<OutputTensor> &Tensors = C.Results[P.Result].Tensors;
  const Laid &In = Results[P.Result];
  const OutputTensor &T = Tensors[P.Tensor];
  uint64_t Begin = llvm::alignDown(T.Offset, FileBlockBytes);
  uint64_t End = llvm::alignTo(T.Offset + T.Bytes, FileBlockBytes);
  auto Overlaps = [&](uint32_t Other) {
    const OutputTensor &O = Tensors[Other];
    return O.Shard == T.Shard && O.Offset < End && O.Offset + O.Bytes > Begin;
  };
  size_t At = In.Position[P.Tensor];
  for (size_t I = At; I-- != 0 && Overlaps(In.Order[I]);)
    if (!In.Complete[In.Order[I]])
      return false;
  for (size_t I = At + 1; I != In.Order.size() && Overlaps(In.Order[I]); ++I)
    if (!In.Complete[In.Order[I]])
      return false;
  return true;
}

int JournalKeeper::write() {
  auto Rest = llvm::partition(
      Unnoted, [this](const ResultPlace &P) { return !isWritten(P); });
  std::vector<std::vector<uint32_t>> ByResult(Results.size());
  for (const ResultPlace &P : llvm::make_range(Rest, Unnoted.end()))
    ByResult[P.Result].push_back(P.Tensor);
  Unnoted.erase(Rest, Unnoted.end());
  for (size_t R = 0; R != ByResult.size(); ++R)
    if (!ByResult[R].empty())
      if (int Errno = Directories[R]->record(ByResult[R], C.Results[R].Tensors))
        return Errno;
  return 0;
}
