//===- floor.cpp - The least that any merge must do -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads given files into a reused buffer and writes as many bytes as a merge of
// them would, on as many threads, without any arithmetic. What a merge takes
// beyond this is what it costs.
//
//   floor --threads 2 --write 2200119296 --output out.bin a b c
//
// The output is cut into blocks; a worker that claims one reads the
// corresponding part of every input, then writes the block into a file that was
// allocated at full size. `--read` bytes beyond the size of the inputs are read
// in passes over them before the one that writes, as methods that need several
// sweeps do.
//
//===----------------------------------------------------------------------===//

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace llvm;

static cl::OptionCategory Options("floor options");

static cl::list<std::string> InputPaths(cl::Positional, cl::desc("<input>..."),
                                        cl::cat(Options));
static cl::opt<std::string> OutputPath("output", cl::Required,
                                       cl::cat(Options));
static cl::opt<uint64_t>
    ReadBytes("read", cl::cat(Options),
              cl::desc("Bytes to read (the inputs' size, once)"));
static cl::opt<uint64_t> WriteBytes("write", cl::Required, cl::cat(Options),
                                    cl::desc("Bytes to write"));
static cl::opt<unsigned> Threads("threads", cl::cat(Options), cl::init(1));
static cl::opt<uint64_t> BlockBytes("block", cl::cat(Options),
                                    cl::init(1 << 20),
                                    cl::desc("Bytes of output per step"));
static cl::opt<bool> Direct("direct", cl::cat(Options),
                            cl::desc("Write past the page cache"));
static cl::opt<bool> DirectInput("direct-input", cl::cat(Options),
                                 cl::desc("Read past the page cache"));
static cl::opt<bool> Sync("sync", cl::cat(Options),
                          cl::desc("End when the disk has the data"));

[[noreturn]] static void fail(const Twine &What) {
  errs() << "error: " << What << ": " << strerror(errno) << '\n';
  exit(1);
}

namespace {

constexpr uint64_t Alignment = 4096; // That direct reads and writes need.

struct Input {
  int File;
  uint64_t Bytes;
};

/// The part of `Bytes` that belongs to block `Index` of `Count`.
std::pair<uint64_t, uint64_t> part(uint64_t Bytes, uint64_t Index,
                                   uint64_t Count) {
  auto Edge = [&](uint64_t I) {
    return uint64_t(static_cast<unsigned __int128>(Bytes) * I / Count);
  };
  return {Edge(Index), Edge(Index + 1)};
}

struct Job {
  std::vector<Input> Inputs;
  int Output;
  uint64_t Blocks; ///< Of the output.
  uint64_t
      ReadBlocks; ///< Steps that read: more than Blocks for several passes.
  uint64_t Steps; ///< The later of both ends, all passes before included.
  std::atomic<uint64_t> Next = 0;
};

/// Takes steps until there are none. The last `Blocks` steps write.
void work(Job &J) {
  uint64_t Largest = 0;
  for (const Input &I : J.Inputs)
    Largest = std::max(Largest, I.Bytes / J.Blocks + 1);
  uint64_t Room =
      (std::max<uint64_t>(BlockBytes, Largest) / Alignment + 2) * Alignment;
  std::unique_ptr<char, decltype(&std::free)> Buffer(
      static_cast<char *>(std::aligned_alloc(Alignment, Room)), std::free);
  if (!Buffer)
    fail("no memory");
  std::memset(Buffer.get(), 1, Room);
  for (uint64_t Step; (Step = J.Next++) < J.Steps;) {
    if (Step >= J.Steps - J.ReadBlocks)
      for (const Input &I : J.Inputs) {
        auto [Begin, End] = part(I.Bytes, Step % J.Blocks, J.Blocks);
        uint64_t Read = End - Begin;
        if (DirectInput) {
          // All blocks that the part begins in or holds.
          Begin = (Begin + Alignment - 1) / Alignment * Alignment;
          Read = (End + Alignment - 1) / Alignment * Alignment - Begin;
        }
        ssize_t Got = pread(I.File, Buffer.get(), Read, Begin);
        if (Got < ssize_t(std::min(Read, I.Bytes - Begin)))
          fail("cannot read an input");
      }
    if (Step < J.Steps - J.Blocks)
      continue;
    uint64_t Begin = (Step - (J.Steps - J.Blocks)) * BlockBytes;
    uint64_t Bytes = std::min<uint64_t>(BlockBytes, WriteBytes - Begin);
    if (Direct)
      Bytes = (Bytes + Alignment - 1) / Alignment * Alignment;
    if (pwrite(J.Output, Buffer.get(), Bytes, Begin) != ssize_t(Bytes))
      fail("cannot write `" + OutputPath + "`");
  }
}

} // namespace

int main(int ArgumentCount, char **Arguments) {
  cl::HideUnrelatedOptions(Options);
  cl::ParseCommandLineOptions(ArgumentCount, Arguments,
                              "Reads and writes as a merge does, no more.\n");
  if (BlockBytes == 0 || BlockBytes % Alignment || WriteBytes == 0) {
    errs() << "error: --block must be a multiple of " << Alignment
           << ", and --write not 0\n";
    return 1;
  }
  Job J;
  uint64_t Total = 0;
  for (const std::string &Path : InputPaths) {
    struct stat Status;
    int File = open(Path.c_str(), O_RDONLY | (DirectInput ? O_DIRECT : 0));
    if (File < 0 || fstat(File, &Status))
      fail("cannot open `" + Path + "`");
    J.Inputs.push_back({File, uint64_t(Status.st_size)});
    Total += Status.st_size;
  }
  J.Blocks = (WriteBytes + BlockBytes - 1) / BlockBytes;
  uint64_t Wanted = ReadBytes ? ReadBytes : Total;
  J.ReadBlocks = Total ? uint64_t(double(Wanted) / Total * J.Blocks) : 0;
  J.Steps = std::max(J.Blocks, J.ReadBlocks);
  J.Output = open(OutputPath.c_str(),
                  O_WRONLY | O_CREAT | O_EXCL | (Direct ? O_DIRECT : 0), 0644);
  if (J.Output < 0)
    fail("cannot create `" + OutputPath + "`");
  if ((errno = posix_fallocate(J.Output, 0, WriteBytes)))
    fail("cannot allocate `" + OutputPath + "`");
  std::vector<std::thread> Workers;
  for (unsigned I = 0; I < std::max<unsigned>(Threads, 1); ++I)
    Workers.emplace_back([&J] { work(J); });
  for (std::thread &Worker : Workers)
    Worker.join();
  if (Direct && ftruncate(J.Output, WriteBytes))
    fail("cannot set the size of `" + OutputPath + "`");
  if (Sync && fdatasync(J.Output))
    fail("cannot sync `" + OutputPath + "`");
  return 0;
}
