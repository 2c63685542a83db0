//===- Compilation.cpp - The phases in order -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "mergec/Transforms/Pipeline.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <thread>

using namespace mergec;

bool Compilation::readPlan() {
  ThePlan = parsePlan(Options.Input, Diags);
  return ThePlan.has_value();
}

/// Headers only. Every model is tried, so that all that is wrong is said at
/// once.
bool Compilation::openModels() {
  llvm::StringRef Directory = llvm::sys::path::parent_path(ThePlan->Path);
  bool Sound = true;
  for (const ModelRef &Ref : modelsOf(*ThePlan)) {
    if (Ref.Adapter)
      continue; // Refused by the lowering.
    std::optional<std::string> Found =
        findModel(Ref.Path, Ref.Revision, Directory, Ref.Where, Diags);
    if (!Found) {
      Sound = false;
      continue;
    }
    std::unique_ptr<Checkpoint> C =
        openCheckpoint(*Found, Ref.spelling(), Ref.Where, Diags);
    if (!C) {
      Sound = false;
      continue;
    }
    BySpelling[Ref.spelling()] = {C.get(), {}};
    Models.push_back(C.get());
    Opened.push_back(std::move(C));
  }
  return Sound;
}

bool Compilation::lower() {
  LoweringOptions LO;
  LO.AllowMissing = Options.AllowMissing;
  LO.Seed = Options.Seed;
  Lowered = lowerStage(*ThePlan, BySpelling, LO, G, Diags);
  return Lowered.has_value();
}

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
  orderGroups(G, *Sweeps);
  return true;
}

void Compilation::layOutResult() {
  std::map<llvm::StringRef, const Checkpoint *> ByName;
  for (const Checkpoint *M : Models)
    ByName[M->name()] = M;
  for (ValueId Store : G.stores()) {
    ValueId V = G.operands(Store)[0];
    const Type &T = G.type(V);
    OutputTensor O;
    O.Name = G.nameAttribute(Store, 0);
    O.Shape = T.Shape;
    O.Type = T.Element;
    O.Bytes = 0;
    if (T.Element == DType::Opaque || bitWidth(T.Element) % 8) {
      // Only ever a copy: the checkpoint knows the shape and the spelling.
      const Checkpoint &From = *ByName[G.nameAttribute(V, 0)];
      const TensorInfo &Source = From.tensors()[G.attribute(V, 2)];
      O.Shape = Source.Shape;
      O.ForeignType = From.foreignType(Source);
      O.Bytes = Source.Bytes;
    } else {
      O.Bytes = T.elements() * byteWidth(T.Element);
    }
    Outputs.push_back(O);
  }
  Layout = layOut(Outputs, Options.ShardBytes);
}

bool Compilation::makeProgram() {
  TheProgram = generate(G, *Sweeps, Models, Outputs);
  MemoryRequest Request;
  Request.Threads = Options.Threads
                        ? Options.Threads
                        : std::max(1u, std::thread::hardware_concurrency());
  // Streaming gains nothing from more than a few buffers per worker.
  Request.Budget = Options.Memory ? *Options.Memory
                                  : std::clamp<uint64_t>(availableMemory() / 4,
                                                         uint64_t(64) << 20,
                                                         uint64_t(1) << 30);
  return boundMemory(TheProgram, Request, Diags);
}
