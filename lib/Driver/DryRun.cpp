//===- DryRun.cpp - What would be done -----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace mergec;

static void printCount(llvm::raw_ostream &OS, uint64_t N) {
  if (N >= 1'000'000'000)
    OS << llvm::format("%.2f billion", double(N) / 1e9);
  else if (N >= 1'000'000)
    OS << llvm::format("%.2f million", double(N) / 1e6);
  else
    OS << N;
}

/// What becomes of intermediate values that later sweeps need, at which price,
/// and at which the other choice would be had.
static void printHeld(const Compilation &C, llvm::raw_ostream &OS) {
  struct {
    Holding Choice;
    const char *Verb, *Where, *Other;
  } const Lines[] = {
      {Holding::InMemory, "holds      ", " in memory", "computed again"},
      {Holding::InScratch, "holds      ", " in scratch files",
       "computed again"},
      {Holding::Recomputed, "computes   ", " again", "held in memory"}};
  for (const auto &L : Lines) {
    size_t Count = 0, Needed = 0;
    double Bytes = 0, Price = 0, Other = 0;
    bool Again = L.Choice == Holding::Recomputed;
    for (const HeldValue &H : Again ? C.Sweeps->Recomputed : C.Sweeps->Held) {
      if (H.Where != L.Choice)
        continue;
      const Type &T = C.G.type(H.Value);
      double Elements = double(T.elements());
      ++Count;
      Needed += H.Needed;
      Bytes += Elements * byteWidth(T.Element);
      Price += Elements * (Again ? H.PriceRecomputed : H.Price);
      if (!H.Needed)
        Other += Elements * (Again ? H.Price : H.PriceRecomputed);
    }
    if (!Count)
      continue;
    OS << L.Verb << Count
       << (Count == 1 ? " intermediate tensor" : " intermediate tensors")
       << L.Where << ", " << formatBytes(uint64_t(Bytes)) << " in all: moves "
       << formatBytes(uint64_t(Price));
    if (Needed)
      OS << "; " << Needed << " must be held";
    if (Needed != Count)
      OS << "; " << L.Other << (Needed ? ", the others" : "") << " "
         << formatBytes(uint64_t(Other));
    OS << "\n";
  }
}

static void printLayers(const LoweredStage &L, llvm::raw_ostream &OS) {
  OS << "layers\n";
  for (const LayerMapEntry &E : L.LayerMap) {
    if (E.FirstLayer == E.LastLayer)
      continue;
    OS << "  " << E.FirstLayer << "-" << E.LastLayer - 1 << " from ";
    for (size_t I = 0; I != E.Sources.size(); ++I) {
      const LayerMapEntry::From &F = E.Sources[I];
      OS << (I ? " + " : "") << F.Model << " [" << F.FirstLayer << ", "
         << F.FirstLayer + E.LastLayer - E.FirstLayer << ")";
    }
    OS << "\n";
  }
}

static void printResult(const Compilation &C, const RunResult &R,
                        llvm::raw_ostream &OS) {
  const LoweredStage &L = *C.Stages[R.Stage].Lowered;
  OS << "result     ";
  if (!R.Name.empty())
    OS << R.Name << ": ";
  OS << R.Tensors.size() << " tensors, ";
  printCount(OS, L.Parameters);
  OS << " parameters, " << L.Layers << " layers, "
     << formatBytes(R.Layout.TensorBytes) << " in " << R.Layout.Shards.size()
     << (R.Layout.Shards.size() == 1 ? " file" : " files") << "\n";
}

/// Stages in the order in which they are made, each with its method; of those
/// that are kept in no file no result is printed, but their layers are.
static void printStages(const Compilation &C, llvm::raw_ostream &OS) {
  OS << "stages\n";
  for (size_t I = 0; I != C.Stages.size(); ++I) {
    const Stage &S = C.Plans.Stages[I];
    const LoweredStage &L = *C.Stages[I].Lowered;
    OS << "  " << S.Name << ": " << S.ThePlan.MergeMethod->Name << " of ";
    llvm::interleaveComma(L.Models, OS);
    OS << "; " << L.Layers << " layers\n";
  }
}

void mergec::printDryRun(const Compilation &C, llvm::raw_ostream &OS) {
  const Program &P = C.TheProgram;
  bool Alone = C.Stages.size() == 1;
  if (Alone) {
    const Method &M = *C.Plans.Stages.front().ThePlan.MergeMethod;
    OS << "method     " << M.Name << ": " << M.Summary << "\n";
  } else {
    printStages(C, OS);
  }
  OS << "models\n";
  for (const Checkpoint *M : C.Models) {
    uint64_t Bytes = 0;
    for (const TensorInfo &T : M->tensors())
      Bytes += T.Bytes;
    OS << "  " << M->name() << ": " << M->tensors().size() << " tensors, "
       << formatBytes(Bytes) << ", " << M->layers().Count << " layers\n";
  }
  for (const RunResult &R : C.Results) {
    printResult(C, R, OS);
    C.Stages[R.Stage].Vocabulary.print(OS);
    printLayers(*C.Stages[R.Stage].Lowered, OS);
  }
  // Tensors by the number of times that their inputs are read.
  std::map<size_t, uint64_t> BySweeps;
  for (const Group &G : P.Groups)
    for (size_t O = 0; O != P.code(G).OutputTypes.size(); ++O)
      if (!isHeld(P.Outputs[G.FirstOutput + O].Tensor))
        ++BySweeps[llvm::count_if(P.code(G).Sweeps, [&](const Sweep &S) {
          return Program::expectedElements(G, S) == G.Elements;
        })];
  OS << "sweeps     ";
  bool First = true;
  for (auto [Sweeps, Tensors] : BySweeps) {
    OS << (First ? "" : "; ") << Tensors
       << (Tensors == 1 ? " tensor in " : " tensors in ") << Sweeps;
    First = false;
  }
  OS << "\nreads      " << formatBytes(P.bytesRead()) << "\nwrites     "
     << formatBytes(P.bytesWritten()) << "\n";
  printHeld(C, OS);
  OS << "memory     " << formatBytes(P.Memory.peak()) << " of a budget of "
     << formatBytes(P.Memory.Budget) << ", " << P.Memory.Workers
     << (P.Memory.Workers == 1 ? " thread" : " threads") << "\n";
}
