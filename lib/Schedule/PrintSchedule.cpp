//===- PrintSchedule.cpp - Groups and sweeps as text ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Text.h"
#include "mergec/Schedule/Schedule.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mergec;

static bool isLeaf(const Graph &G, ValueId V) {
  OpClass Class = G.info(V).Class;
  return Class == OpClass::Source || Class == OpClass::Movement;
}

static void collectReads(const Graph &G, const SweepPlan &Plan, uint32_t Level,
                         ValueId V, llvm::DenseSet<ValueId> &Seen,
                         std::vector<ValueId> &Reads) {
  if (!G.type(V).isTensor() || !Seen.insert(V).second)
    return;
  if (isLeaf(G, V) || (Plan.held(V) && Plan.Level[V.Index] < Level)) {
    Reads.push_back(V);
    return;
  }
  for (ValueId O : G.operands(V))
    collectReads(G, Plan, Level, O, Seen, Reads);
}

/// The choice and, where there was one, what the other would have cost.
static void printHeld(const HeldValue &H, llvm::raw_ostream &OS) {
  OS << (H.Where == Holding::InMemory ? " held in memory" : " held in scratch");
  if (H.Price == 0 && H.PriceRecomputed == 0)
    return;
  OS << llvm::format(" (%g", H.Price);
  if (!H.Needed)
    OS << llvm::format(", recomputed %g", H.PriceRecomputed);
  OS << " bytes per element)";
}

void mergec::printSchedule(const Graph &G, const SweepPlan &Plan,
                           llvm::raw_ostream &OS) {
  printGraph(G, OS);
  GraphPrinter Printer(G);
  OS << "schedule {\n";
  for (size_t I = 0; I != Plan.Groups.size(); ++I) {
    const WorkGroup &W = Plan.Groups[I];
    ValueId First;
    for (ValueId V : llvm::reverse(W.Members))
      if (G.info(V).Class == OpClass::Sink)
        First = G.operands(V)[0];
      else if (!First.valid() && Plan.held(V))
        First = V;
    Segments Cut(G.type(First).elements(), G.type(First).rowLength());
    OS << "  group " << I << ": " << typeText(G.type(First)) << ", " << W.Sweeps
       << (W.Sweeps == 1 ? " sweep" : " sweeps") << " of " << Cut.Count
       << (Cut.Count == 1 ? " segment" : " segments") << "\n";
    for (uint32_t Level = 0; Level != W.Sweeps; ++Level) {
      llvm::DenseSet<ValueId> Seen;
      std::vector<ValueId> Reads;
      std::string Leaves;
      llvm::raw_string_ostream Text(Leaves);
      for (ValueId V : W.Members) {
        OpClass Class = G.info(V).Class;
        bool Runs = Class == OpClass::Sink && Plan.Level[V.Index] == Level;
        const HeldValue *Held =
            Plan.Level[V.Index] == Level ? Plan.held(V) : nullptr;
        Runs |= Held != nullptr;
        if (Class == OpClass::Reduction)
          Runs = Level >= Plan.start(G, V) && Level < Plan.Level[V.Index];
        if (!Runs)
          continue;
        for (ValueId O : G.operands(V))
          collectReads(G, Plan, Level, O, Seen, Reads);
        Text << (Leaves.empty() ? "" : ", ");
        if (Class == OpClass::Sink) {
          Text << "store \"" << G.nameAttribute(V, 0) << "\"";
          continue;
        }
        Printer.printValue(V, Text);
        if (Held) {
          printHeld(*Held, Text);
          continue;
        }
        Text << " " << G.info(V).Mnemonic;
        if (G.info(V).Phases > 1)
          Text << " " << Level - Plan.start(G, V) + 1 << "/"
               << G.info(V).Phases;
      }
      OS << "    sweep " << Level << ": reads ";
      llvm::interleaveComma(Reads, OS,
                            [&](ValueId V) { Printer.printValue(V, OS); });
      OS << "; " << Leaves << "\n";
    }
  }
  OS << "}\n";
}
