//===- Verify.cpp - What every phase relies on ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Graphs that are built or parsed hold these rules as they come; passes that
// rewrite operands can break them. So whatever is found here is a mistake in
// mergec, and said to be one.
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Graph.h"
#include "mergec/IR/Text.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

std::string mergec::arityText(const OpInfo &Info) {
  auto Operands = [](unsigned Count) {
    return std::to_string(Count) + (Count == 1 ? " operand" : " operands");
  };
  if (Info.MaxOperands == OpInfo::AnyNumber)
    return Info.MinOperands ? "at least " + Operands(Info.MinOperands)
                            : "any number of operands";
  if (Info.MinOperands == Info.MaxOperands)
    return Info.MinOperands ? Operands(Info.MinOperands) : "no operands";
  return std::to_string(Info.MinOperands) + " to " + Operands(Info.MaxOperands);
}

namespace {

class Verifier {
public:
  Verifier(const Graph &G, Diagnostics &Diags)
      : G(G), Diags(Diags), Printer(G) {}

  bool verify() {
    for (uint32_t I = 0; I != G.size(); ++I)
      if (checkOperands({I})) {
        checkType({I});
        checkStoredName({I});
      }
    return Good;
  }

private:
  bool checkOperands(ValueId V);
  void checkType(ValueId V);
  void checkStoredName(ValueId V);

  void report(ValueId V, const llvm::Twine &Message) {
    Good = false;
    std::string Node;
    llvm::raw_string_ostream OS(Node);
    Printer.printNode(V, OS);
    Diags.report(Kind::IRInvalid, Message)
        .note("in node " + llvm::Twine(V.Index) + ", `" + Node + "`")
        .hint("this is a mistake in mergec, not in the plan: please report it");
  }

  const Graph &G;
  Diagnostics &Diags;
  GraphPrinter Printer;
  /// By name and result.
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, ValueId> Stored;
  bool Good = true;
};

} // namespace

/// Type rules may only be asked of operands that stand above and have a value.
bool Verifier::checkOperands(ValueId V) {
  const OpInfo &Info = G.info(V);
  size_t Count = G.operands(V).size();
  if (Count < Info.MinOperands || Count > Info.MaxOperands) {
    report(V, "`" + Info.Mnemonic + "` takes " + arityText(Info) + ", not " +
                  llvm::Twine(Count));
    return false;
  }
  bool AllGood = true;
  for (auto [I, Operand] : llvm::enumerate(G.operands(V))) {
    llvm::StringRef Fault =
        Operand.Index >= G.size()                ? "is no node"
        : Operand.Index >= V.Index               ? "does not stand above it"
        : G.type(Operand).Kind == TypeKind::Void ? "has no value"
                                                 : "";
    if (Fault.empty())
      continue;
    report(V, "operand " + llvm::Twine(I) + " of `" + Info.Mnemonic + "` " +
                  Fault);
    AllGood = false;
  }
  return AllGood;
}

void Verifier::checkType(ValueId V) {
  const OpInfo &Info = G.info(V);
  // A type rule may intern the type it finds, which changes no node.
  auto &Types = const_cast<Graph &>(G);
  std::string Error;
  TypeId Inferred =
      Info.Infer(Types, G.operands(V), G.attributes(V), G.typeId(V), Error);
  if (!Error.empty())
    report(V, Error);
  else if (Inferred != G.typeId(V))
    report(V, "`" + Info.Mnemonic + "` gives " + typeText(G.get(Inferred)) +
                  ", not " + typeText(G.type(V)));
  bool HasValue = G.type(V).Kind != TypeKind::Void;
  if (HasValue == (Info.Class == OpClass::Sink))
    report(V, "`" + Info.Mnemonic + "` " +
                  (HasValue ? "has a value" : "has no value"));
}

void Verifier::checkStoredName(ValueId V) {
  const OpInfo &Info = G.info(V);
  if (Info.Class != OpClass::Sink)
    return;
  std::pair Tensor(G.attribute(V, 0), G.attribute(V, 1));
  if (!Stored.try_emplace(Tensor, V).second)
    report(V, "`" + G.nameAttribute(V, 0) + "` is stored twice");
}

bool mergec::verifyGraph(const Graph &G, Diagnostics &Diags) {
  return Verifier(G, Diags).verify();
}
