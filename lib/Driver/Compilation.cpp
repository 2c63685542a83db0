//===- Compilation.cpp - The phases in order -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "mergec/Runtime/Runtime.h"
#include "mergec/Transforms/Pipeline.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <thread>

using namespace mergec;

bool Compilation::optimize() {
  auto After = [&](const Pass &P, double Seconds) {
    if (Options.TimePasses)
      llvm::errs() << llvm::format("%10.6f s  ", Seconds) << P.Name << "\n";
    if (Options.PrintAfterAll) {
      Out << "// after " << P.Name << "\n";
      printGraph(G, Out);
    }
#ifndef NDEBUG
    if (!verifyGraph(G, Diags))
      return false;
#endif
    return true;
  };
  if (Options.RunPasses.empty())
    return runPipeline(G, After);
  for (const std::string &Name : Options.RunPasses) {
    const Pass *P = llvm::find_if(
        allPasses(), [&](const Pass &P) { return P.Name == Name; });
    if (P == allPasses().end()) {
      std::vector<llvm::StringRef> Known;
      for (const Pass &Q : allPasses())
        Known.push_back(Q.Name);
      llvm::StringRef Near = Diagnostics::nearest(Name, Known);
      Diags.report(Kind::BadOption, "there is no pass `" + Name + "`")
          .hint(Near.empty()
                    ? "the passes are " +
                          llvm::join(
                              llvm::map_range(Known,
                                              [](llvm::StringRef S) {
                                                return ("`" + S + "`").str();
                                              }),
                              ", ")
                    : ("did you mean `" + Near + "`?").str());
      return false;
    }
    P->Run(G);
    if (!After(*P, 0))
      return false;
  }
  return true;
}

bool Compilation::fuse() {
  Sweeps = fuseSweeps(G, Diags);
  if (!Sweeps)
    return false;
  HoldOptions Hold;
  Hold.Memory = memoryRequest().Budget / 2; // The rest is for the workers.
  Hold.Force = Options.Hold;
  holdValues(G, Hold, *Sweeps);
  orderGroups(*Sweeps);
  return true;
}

MemoryRequest Compilation::memoryRequest() const {
  MemoryRequest Request;
  Request.Threads = Options.Threads
                        ? Options.Threads
                        : std::max(1u, std::thread::hardware_concurrency());
  // Streaming gains nothing from more than a few buffers and windows for each
  // worker, and what is held between sweeps little.
  constexpr uint64_t MiB = 1 << 20;
  const uint64_t Most =
      std::max<uint64_t>(1024 * MiB, Request.Threads * (48 * MiB));
  Request.Budget = Options.Memory ? *Options.Memory
                                  : std::clamp<uint64_t>(availableMemory() / 4,
                                                         64 * MiB, Most);
  return Request;
}

bool Compilation::makeProgram() {
  TheProgram = generate(G, *Sweeps, Models, Outputs);
  return boundMemory(TheProgram, memoryRequest(), Diags);
}
