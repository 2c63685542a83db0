//===- PrintDot.cpp - Stages, tensors and sweeps as a picture
//--------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For Graphviz: a frame for each model and each stage, in it a table for each
// layer (and for what stands before and behind the layers) with a row for each
// tensor that a result needs, and arrows from tables to those that are made
// from them. The graph of ops would be a hundred times as large; `--emit-ir`
// prints it as text.
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace mergec;

namespace {

/// A model or stage: an index into the frames of the picture.
using Frame = uint32_t;

/// The tensors of a layer, or those before (-1) or behind (`Behind`) all.
struct TableKey {
  Frame In;
  int64_t Layer;
  bool operator<(const TableKey &Other) const {
    return std::tie(In, Layer) < std::tie(Other.In, Other.Layer);
  }
};
constexpr int64_t Before = -1, Behind = INT64_MAX;

class DotPrinter {
public:
  DotPrinter(const Compilation &C, llvm::raw_ostream &OS) : C(C), OS(OS) {}
  void print();

private:
  void collectSweeps();
  void need(Frame F, uint32_t Tensor);
  const Checkpoint &headers(Frame F) const {
    return F < C.Models.size() ? *C.Models[F] : *Headers[F - C.Models.size()];
  }
  TableKey tableOf(Frame F, uint32_t Tensor) const;
  void printFrame(Frame F);
  void printTable(const TableKey &Key, llvm::ArrayRef<uint32_t> Tensors);
  std::string sweepText(Frame F, llvm::StringRef Tensor) const;

  const Compilation &C;
  llvm::raw_ostream &OS;
  std::vector<const Checkpoint *> Headers; ///< Of the stages.
  std::map<const Checkpoint *, Frame> FrameOf;
  /// Per stage: the tensors' positions by index in the headers.
  std::vector<std::vector<uint32_t>> Position;
  llvm::DenseSet<std::pair<Frame, uint32_t>> Needed;
  std::map<TableKey, std::set<uint32_t>> Tables;
  std::set<std::pair<TableKey, TableKey>> Arrows;
  /// Of a stored tensor, by result and name: in how many sweeps it is made, and
  /// what of it is held between them.
  std::map<std::pair<llvm::StringRef, llvm::StringRef>, std::string> SweepsOf;
};

} // namespace

static void printEscaped(llvm::StringRef Text, llvm::raw_ostream &OS) {
  for (char C : Text)
    switch (C) {
    case '&':
      OS << "&amp;";
      break;
    case '<':
      OS << "&lt;";
      break;
    case '>':
      OS << "&gt;";
      break;
    case '"':
      OS << "&quot;";
      break;
    default:
      OS << C;
    }
}

void DotPrinter::collectSweeps() {
  for (const WorkGroup &W : C.Sweeps->Groups) {
    std::string Text =
        std::to_string(W.Sweeps) + (W.Sweeps == 1 ? " sweep" : " sweeps");
    auto Count = [&](Holding Where, llvm::StringRef Called) {
      size_t Held = llvm::count_if(W.Members, [&](ValueId V) {
        const HeldValue *H = C.Sweeps->held(V);
        return H && H->Where == Where;
      });
      if (Held)
        Text += (", " + llvm::Twine(Held) + " held in " + Called).str();
    };
    Count(Holding::InMemory, "memory");
    Count(Holding::InScratch, "scratch");
    for (ValueId V : W.Members)
      if (C.G.info(V).Class == OpClass::Sink)
        SweepsOf[{C.G.nameAttribute(V, 1), C.G.nameAttribute(V, 0)}] = Text;
  }
}

TableKey DotPrinter::tableOf(Frame F, uint32_t Tensor) const {
  const Checkpoint &H = headers(F);
  llvm::StringRef Name = H.tensors()[Tensor].Name;
  if (auto Split = H.splitLayer(Name))
    return {F, Split->first};
  TensorRole Role = H.role(Name);
  bool IsBehind =
      Role == TensorRole::After || Role == TensorRole::OutputEmbedding;
  return {F, IsBehind ? Behind : Before};
}

/// A tensor, and all that it is made from.
void DotPrinter::need(Frame F, uint32_t Tensor) {
  llvm::SmallVector<std::pair<Frame, uint32_t>, 32> Open = {{F, Tensor}};
  while (!Open.empty()) {
    auto [At, Index] = Open.pop_back_val();
    if (!Needed.insert({At, Index}).second)
      continue;
    TableKey Here = tableOf(At, Index);
    Tables[Here].insert(Index);
    if (At < C.Models.size())
      continue;
    const LoweredStage &L = *C.Stages[At - C.Models.size()].Lowered;
    const StageTensor &T = L.Tensors[Position[At - C.Models.size()][Index]];
    for (const TensorSource &From : L.sourcesOf(T)) {
      Frame Source = FrameOf.find(From.Model)->second;
      Arrows.insert({tableOf(Source, From.Tensor), Here});
      Open.push_back({Source, From.Tensor});
    }
  }
}

static std::string nodeName(const TableKey &Key) {
  std::string Layer = Key.Layer == Before   ? "before"
                      : Key.Layer == Behind ? "behind"
                                            : std::to_string(Key.Layer);
  return "f" + std::to_string(Key.In) + "_" + Layer;
}

std::string DotPrinter::sweepText(Frame F, llvm::StringRef Tensor) const {
  if (F < C.Models.size())
    return "";
  for (const RunResult &R : C.Results) {
    if (R.Stage != F - C.Models.size())
      continue;
    auto Found = SweepsOf.find({R.Name, Tensor});
    if (Found != SweepsOf.end())
      return Found->second;
  }
  return "";
}

void DotPrinter::printTable(const TableKey &Key,
                            llvm::ArrayRef<uint32_t> Tensors) {
  const Checkpoint &H = headers(Key.In);
  OS << "    " << nodeName(Key)
     << " [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\">"
     << "<tr><td colspan=\"3\" bgcolor=\"#eeeeee\">";
  if (Key.Layer == Before)
    OS << "before the layers";
  else if (Key.Layer == Behind)
    OS << "behind the layers";
  else
    OS << "layer " << Key.Layer;
  OS << "</td></tr>";
  for (uint32_t I : Tensors) {
    const TensorInfo &T = H.tensors()[I];
    auto Split = H.splitLayer(T.Name);
    OS << "<tr><td align=\"left\">";
    printEscaped(Split ? Split->second : T.Name, OS);
    OS << "</td><td align=\"left\">";
    for (int64_t Extent : T.Shape)
      OS << Extent << "x";
    OS << mnemonic(T.Type) << "</td>";
    if (std::string Sweeps = sweepText(Key.In, T.Name); !Sweeps.empty())
      OS << "<td align=\"left\">" << Sweeps << "</td>";
    OS << "</tr>";
  }
  OS << "</table>>];\n";
}

void DotPrinter::printFrame(Frame F) {
  auto First = Tables.lower_bound({F, Before});
  if (First == Tables.end() || First->first.In != F)
    return; // No result needs anything of it.
  OS << "  subgraph cluster_" << F << " {\n    label=<";
  if (F < C.Models.size()) {
    OS << "model <b>";
    printEscaped(C.Models[F]->name(), OS);
    OS << "</b>>;\n    style=filled; fillcolor=\"#f4f8ff\";\n";
  } else {
    const Stage &S = C.Plans.Stages[F - C.Models.size()];
    bool IsResult = llvm::any_of(C.Results, [&](const RunResult &R) {
      return R.Stage == F - C.Models.size();
    });
    OS << (IsResult ? "result <b>" : "stage <b>");
    printEscaped(S.Name, OS);
    OS << "</b>: " << S.ThePlan.MergeMethod->Name << ">;\n    style=filled; "
       << "fillcolor=\"" << (IsResult ? "#eefaee" : "#fff8ea") << "\";\n";
  }
  for (auto It = First; It != Tables.end() && It->first.In == F; ++It)
    printTable(It->first,
               std::vector<uint32_t>(It->second.begin(), It->second.end()));
  OS << "  }\n";
}

void DotPrinter::print() {
  collectSweeps();
  for (Frame F = 0; F != C.Models.size(); ++F)
    FrameOf[C.Models[F]] = F;
  for (const CompiledStage &S : C.Stages) {
    FrameOf[S.Headers.get()] = C.Models.size() + Headers.size();
    Headers.push_back(S.Headers.get());
    std::vector<uint32_t> &Here = Position.emplace_back();
    Here.resize(S.Lowered->Tensors.size());
    for (uint32_t I = 0; I != Here.size(); ++I)
      Here[S.Headers->find(C.G.get(S.Lowered->Tensors[I].Name)) -
           S.Headers->tensors().data()] = I;
  }
  for (const RunResult &R : C.Results)
    for (uint32_t I = 0; I != Headers[R.Stage]->tensors().size(); ++I)
      need(C.Models.size() + R.Stage, I);

  OS << "digraph mergec {\n  rankdir=LR;\n"
     << "  node [shape=plain, fontname=\"Helvetica\", fontsize=10];\n"
     << "  graph [fontname=\"Helvetica\", fontsize=12];\n"
     << "  edge [color=\"#667788\"];\n";
  for (Frame F = 0; F != C.Models.size() + Headers.size(); ++F)
    printFrame(F);
  for (const auto &[From, To] : Arrows)
    OS << "  " << nodeName(From) << " -> " << nodeName(To) << ";\n";
  OS << "}\n";
}

void mergec::printDot(const Compilation &C, llvm::raw_ostream &OS) {
  DotPrinter(C, OS).print();
}
