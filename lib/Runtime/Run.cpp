//===- Run.cpp - Executing a program -------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AvailableMemory.h"
#include "CountingLock.h"
#include "ShareTensors.h"
#include "Worker.h"
#include "mergec/Methods/HostFunction.h"
#include "mergec/Schedule/Chunks.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <sys/resource.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <unistd.h>
#include <utility>

using namespace mergec;

// Groups are granted their memory strictly in schedule order and run as soon as
// they have it. A strand is one worker's share of one sweep: it claims segments
// until there are none. Every strand that becomes ready is one task, and every
// task takes the strand at the head of the queue, so that groups finish in the
// order in which they were begun, whichever thread comes by. No task ever
// waits.

/// Says once more what oneTBB sees to: that a task begins after it was made,
/// and that waiting ends after all tasks have. The library is not built with
/// the thread sanitizer, which would take for races what it can't see.
static std::atomic<uint32_t> HandedOver;

namespace {
class Scheduler {
public:
  Scheduler(RunContext &Run)
      : Run(Run), Limit(tbb::global_control::max_allowed_parallelism,
                        Run.P.Memory.Workers),
        Arena(Run.P.Memory.Workers) {
    for (unsigned I = 0; I != Run.P.Memory.Workers; ++I)
      Workers.push_back(std::make_unique<Worker>(Run));
    HeldBytes = heldBytesOfGroups(Run.P);
    Finished.assign(Run.P.Groups.size(), false);
    for (uint32_t H = 0; H != Run.P.Held.size(); ++H)
      HeldFirst[Run.P.Held[H].FirstGroup].push_back(H);
    Readers.assign(Run.P.Held.size(), 0);
    for (const Group &G : Run.P.Groups)
      for (uint32_t H : heldByOthers(G))
        ++Readers[H];
  }

  void run() {
    Arena.execute([&] {
      pump();
      Tasks.wait();
      HandedOver.load(std::memory_order_acquire);
    });
    reportNonFinite();
  }

private:
  using Handle = std::list<Flight>::iterator;

  void pump();
  void ready(Handle F, bool First);
  void runNext();
  void leave(Handle F);
  void finish(Handle F);
  bool beginSweep(Flight &F);
  void endSweep(Flight &F);
  std::set<uint32_t> heldByOthers(const Group &G) const;
  uint32_t indexOf(const Flight &F) const {
    return &F.TheGroup - Run.P.Groups.data();
  }
  void collectOutputs(const Flight &F);
  void reportNonFinite();

  RunContext &Run;
  tbb::global_control Limit; ///< Else there are no more threads than cores.
  tbb::task_arena Arena;
  tbb::task_group Tasks;
  std::vector<std::unique_ptr<Worker>> Workers;

  /// By group: what its own values take at most, and those that it makes.
  std::vector<uint64_t> HeldBytes;
  std::map<uint32_t, llvm::SmallVector<uint32_t, 4>> HeldFirst;

  std::mutex Mutex;              ///< Guards what follows.
  std::vector<bool> Finished;    ///< By group.
  std::vector<uint32_t> Readers; ///< By held value: other groups to come.
  std::list<Flight> Flights;
  std::deque<Handle> Queue; ///< One entry per strand.
  size_t NextGroup = 0;
  uint64_t Granted = 0;
  struct NonFiniteTensor {
    uint32_t Tensor; ///< Index into the program's places.
    uint64_t Count, Elements;
    std::string Inputs; ///< The models that have such elements too.
  };
  std::vector<NonFiniteTensor> NonFinite;
};
} // namespace

/// The values that `G` reads and other groups make.
std::set<uint32_t> Scheduler::heldByOthers(const Group &G) const {
  std::set<uint32_t> Held;
  auto Add = [&](uint32_t File) {
    if (isHeld(File) &&
        &Run.P.Groups[Run.P.Held[heldIndex(File)].FirstGroup] != &G)
      Held.insert(heldIndex(File));
  };
  for (size_t S = 0; S != Run.P.code(G).StreamTypes.size(); ++S) {
    const StreamBinding &Bound = Run.P.Streams[G.FirstStream + S];
    Add(Bound.File);
    if (Bound.Gathered != StreamBinding::None)
      for (const GatheredRows::Source &From :
           Run.P.Gathered[Bound.Gathered].Sources)
        Add(From.File);
  }
  return Held;
}

/// Begins the group's next sweep, if there is one, with a place for each value
/// that is held from it on.
bool Scheduler::beginSweep(Flight &F) {
  bool Begun = F.beginSweep();
  Run.Progress.BytesUnexpected += std::exchange(F.Unexpected, 0);
  if (!Begun)
    return false;
  if (auto It = HeldFirst.find(indexOf(F)); It != HeldFirst.end())
    for (uint32_t H : It->second)
      if (Run.P.Held[H].FirstSweep == F.Sweep)
        if (int Error = Run.Held.begin(H))
          Run.reportHeldFailure(Error);
  return true;
}

void Scheduler::endSweep(Flight &F) {
  uint32_t Sweep = F.Sweep;
  F.endSweep();
  if (auto It = HeldFirst.find(indexOf(F)); It != HeldFirst.end())
    for (uint32_t H : It->second)
      if (Run.P.Held[H].LastSweep == Sweep &&
          Run.P.Held[H].LastGroup == indexOf(F))
        Run.Held.end(H);
}

/// Grants memory to groups in schedule order while there is any. At least one
/// group is always in flight: the budget holds the largest.
void Scheduler::pump() {
  while (true) {
    Handle F;
    {
      CountingLock Lock(Mutex, Run.Progress);
      if (NextGroup == Run.P.Groups.size() || Run.Progress.Cancel)
        return;
      const Group &G = Run.P.Groups[NextGroup];
      uint64_t Held = HeldBytes[NextGroup];
      uint64_t Wanted = groupStateBytes(Run.P, G) + Held;
      if (llvm::any_of(heldByOthers(G), [&](uint32_t H) {
            return !Finished[Run.P.Held[H].FirstGroup];
          }))
        return; // Comes by again when that group is finished.
      if (!Flights.empty() && (Granted + Wanted > Run.P.Memory.SharedBytes ||
                               Flights.size() >= 4 * Workers.size()))
        return;
      Flights.emplace_back(Run.P, G, Held);
      F = std::prev(Flights.end());
      Granted += Wanted;
      ++NextGroup;
    }
    // Without elements there is nothing to wait for.
    bool Done = shareTensors(Run, F->TheGroup) || !beginSweep(*F) ||
                F->State.Cut.Count == 0;
    if (Done)
      finish(F);
    else
      ready(F, /*First=*/true);
  }
}

/// Queues the strands of the sweep that has begun; those of a group's later
/// sweeps come first, while its inputs are still in the page cache.
void Scheduler::ready(Handle F, bool First) {
  uint32_t Strands = std::min<size_t>(Workers.size(), F->parts());
  F->Strands = Strands;
  {
    CountingLock Lock(Mutex, Run.Progress);
    Queue.insert(First ? Queue.end() : Queue.begin(), Strands, F);
  }
  for (uint32_t I = 0; I != Strands; ++I) {
    auto Task = Tasks.defer([this] {
      HandedOver.load(std::memory_order_acquire);
      runNext();
      HandedOver.fetch_add(1, std::memory_order_release);
    });
    HandedOver.fetch_add(1, std::memory_order_release);
    Tasks.run(std::move(Task));
  }
}

void Scheduler::runNext() {
  Handle F;
  {
    CountingLock Lock(Mutex, Run.Progress);
    F = Queue.front();
    Queue.pop_front();
  }
  Run.Progress.Tasks.fetch_add(1, std::memory_order_relaxed);
  Workers[tbb::this_task_arena::current_thread_index()]->runStrand(*F);
  if (F->Strands.fetch_sub(1) == 1 && !Run.Progress.Cancel)
    leave(F);
}

/// The last strand has left the sweep.
void Scheduler::leave(Handle F) {
  endSweep(*F);
  if (beginSweep(*F))
    return ready(F, /*First=*/false);
  finish(F);
  pump();
}

void Scheduler::finish(Handle F) {
  if (F->Failed) {
    // A group that only holds values comes just before one that needs them.
    uint32_t Output = F->TheGroup.FirstOutput;
    while (isHeld(Run.P.Outputs[Output].Tensor))
      ++Output;
    Run.reportFailure(Kind::NoResult,
                      "`" + Run.P.Places[Run.P.Outputs[Output].Tensor].Name +
                          "`: " + F->Failed->Failure,
                      F->Failed->FailureHint);
  }
  collectOutputs(*F);
  for (size_t S = 0; S != F->Ways.size(); ++S)
    if (F->Ways[S] == ReadingWays::Way::Passing) {
      const StreamBinding &In = Run.P.Streams[F->TheGroup.FirstStream + S];
      Run.Inputs[In.File].forget(
          F->TheGroup.Elements * byteWidth(F->Code.StreamTypes[S]), In.Offset);
    }
  {
    CountingLock Lock(Mutex, Run.Progress);
    uint32_t Index = indexOf(*F);
    Granted -= F->Granted;
    if (auto It = HeldFirst.find(Index); It != HeldFirst.end())
      for (uint32_t H : It->second)
        if (Run.P.Held[H].LastGroup != Index && Run.P.Held[H].InMemory)
          Granted += Run.P.Held[H].Bytes;
    // Groups that read a value finish in any order.
    for (uint32_t H : heldByOthers(F->TheGroup))
      if (--Readers[H] == 0) {
        Granted -= Run.P.Held[H].InMemory ? Run.P.Held[H].Bytes : 0;
        Run.Held.end(H);
      }
    Finished[Index] = true;
    Flights.erase(F);
  }
}

void Scheduler::collectOutputs(const Flight &F) {
  for (size_t O = 0; O != F.NonFiniteOutputs.size(); ++O) {
    if (isHeld(Run.P.Outputs[F.TheGroup.FirstOutput + O].Tensor))
      continue;
    NonFiniteTensor Found;
    Found.Tensor = Run.P.Outputs[F.TheGroup.FirstOutput + O].Tensor;
    Found.Count = F.NonFiniteOutputs[O];
    Found.Elements = F.TheGroup.Elements;
    for (size_t S = 0; S != F.NonFiniteStreams.size(); ++S)
      if (F.NonFiniteStreams[S]) {
        uint32_t File = Run.P.Streams[F.TheGroup.FirstStream + S].File;
        if (isHeld(File))
          continue;
        Found.Inputs += (Found.Inputs.empty() ? "`" : ", `") +
                        Run.P.Inputs[File].Model + "`";
      }
    if (!Found.Count && Found.Inputs.empty()) {
      if (Run.Finished && !F.Failed && !Run.Failed)
        Run.Finished(Found.Tensor);
      continue;
    }
    CountingLock Lock(Mutex, Run.Progress);
    NonFinite.push_back(std::move(Found));
  }
}

/// In the order of the result, whichever thread came first; the first few say
/// enough where a whole model is spoilt.
void Scheduler::reportNonFinite() {
  constexpr size_t Most = 16;
  std::sort(NonFinite.begin(), NonFinite.end(),
            [](const NonFiniteTensor &A, const NonFiniteTensor &B) {
              return A.Tensor < B.Tensor;
            });
  for (size_t I = 0; I != NonFinite.size() && I != Most; ++I) {
    const NonFiniteTensor &T = NonFinite[I];
    if (!T.Count) {
      Run.Diags
          .report(Kind::NonFinite,
                  "`" + Run.P.Places[T.Tensor].Name +
                      "`: NaN or infinite elements are left out of the result")
          .note("they are in " + T.Inputs);
      continue;
    }
    Diagnostic &D = Run.Diags.report(
        Kind::NonFinite, "`" + Run.P.Places[T.Tensor].Name +
                             "`: " + llvm::Twine(T.Count) + " of " +
                             llvm::Twine(T.Elements) +
                             " elements of the result are NaN or infinite");
    if (T.Inputs.empty())
      D.note("the inputs are finite there: a weight is too large for the "
             "result's dtype, or the models can't be merged this way");
    else
      D.note("so are elements of the input in " + T.Inputs);
  }
  if (NonFinite.size() > Most)
    Run.Diags.report(Kind::NonFinite,
                     "and " + llvm::Twine(NonFinite.size() - Most) +
                         " more tensors of the result have NaN or infinite "
                         "elements");
}

/// Shards may be many; the usual limit of 1024 descriptors is only a default.
static void raiseDescriptorLimit() {
  rlimit Limit;
  if (getrlimit(RLIMIT_NOFILE, &Limit) == 0) {
    Limit.rlim_cur = Limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &Limit);
  }
}

static void reportCannotOpen(RunContext &Run, const std::string &Path, Kind K,
                             IOMode IO, int Error) {
  if (IO == IOMode::Direct && Error == EINVAL)
    Run.reportFailure(
        K,
        "the file system of `" + Path +
            "` has no input and output past the page cache",
        "say `--io=auto`, which takes what the file system offers");
  else
    Run.reportFailure(K, "can't open `" + Path + "`: " + std::strerror(Error));
}

/// Of the memory that the machine has available one part in so many may be
/// filled with large results. (A cgroup with less keeps what is others'
/// anyway.)
static constexpr uint64_t CachedShare = 4;

/// What is read and written should still be in the second-level cache when it
/// is used, or mostly; but the larger a request, the less it costs for each
/// byte, and what is written has been read from by then.
static uint64_t cachedChunkBytes() {
  const long Cache = ::sysconf(_SC_LEVEL2_CACHE_SIZE); // 0: unknown.
  return std::clamp<uint64_t>(std::max(Cache, 0L) * 3 / 2, BestChunkBytes,
                              2 << 20);
}

/// Whether the budget has room for windows on all inputs of a sweep, beside the
/// buffers, which aren't used meanwhile.
static bool hasRoomForWindows(const Program &P) {
  size_t Streams = 0;
  for (const GroupCode &Code : P.Codes)
    for (const Sweep &S : Code.Sweeps)
      Streams = std::max(Streams, S.Streams.size());
  return P.Memory.peak() + P.Memory.Workers * Streams *
                               (WindowBytes + FileWindow::MostUnasked) <=
         P.Memory.Budget;
}

bool mergec::runProgram(const Program &P, llvm::ArrayRef<std::string> Shards,
                        const std::string &ScratchDirectory, IOMode IO,
                        InstructionSet Set, RunProgress &Progress,
                        Diagnostics &Diags,
                        llvm::function_ref<void(uint32_t)> Finished,
                        bool WritesAll) {
  // With larger pages one could hold blocks of both ways.
  bool EitherWay =
      IO == IOMode::Auto && ::sysconf(_SC_PAGESIZE) == long(FileBlockBytes);
  RunContext Run{P,
                 Set,
                 Progress,
                 {P, ScratchDirectory},
                 {},
                 {},
                 Diags,
                 Finished,
                 {},
                 WritingWays(EitherWay ? machineAvailable() / CachedShare : 0),
                 cachedChunkBytes(),
                 hasRoomForWindows(P)};
  // Of each file there may be a second descriptor, for direct reads and writes.
  if (2 * (P.Inputs.size() + Shards.size()) > 900)
    raiseDescriptorLimit();
  for (const InputFile &In : P.Inputs)
    if (int Error = Run.Inputs.emplace_back().open(In.Path, IO))
      reportCannotOpen(Run, In.Path, Kind::CannotRead, IO, Error);
  // A direct write is of whole blocks, which others' tensors would have to be
  // part of.
  for (const std::string &Path : Shards)
    if (int Error = Run.Shards.emplace_back().open(
            Path, WritesAll ? IO : IOMode::Buffered, Progress))
      reportCannotOpen(Run, Path, Kind::CannotWrite, IO, Error);
  if (!Run.Failed)
    Scheduler(Run).run();
  return !Run.Failed && !Progress.Cancel;
}
