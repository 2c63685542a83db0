//===- Tables.cpp - Printing the tables of methods and ops ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Driver/Driver.h"
#include "mergec/IR/Graph.h"
#include "mergec/IR/Text.h"
#include "mergec/Methods/Method.h"
#include <cmath>

using namespace mergec;

static std::string modelsText(const Method &M) {
  std::string Text = std::to_string(M.MinModels);
  if (M.MaxModels == Method::AnyNumber)
    Text += " or more";
  else if (M.MaxModels != M.MinModels)
    Text += " to " + std::to_string(M.MaxModels);
  switch (M.Base) {
  case BaseUse::None:
    return Text;
  case BaseUse::Optional:
    return Text + "; a base if given changes the formula";
  case BaseUse::Required:
    return Text + " and a base";
  case BaseUse::First:
    return Text + ", one of them the base (else the first serves)";
  }
  return Text;
}

static std::string valueText(const ParameterSpec &P, double Value) {
  if (P.Kind == ParameterKind::Flag)
    return Value != 0 ? "true" : "false";
  if (P.Kind == ParameterKind::Choice)
    return P.Choices[size_t(Value)].str();
  return numberText(Value);
}

void mergec::printMethods(llvm::raw_ostream &OS) {
  OS << "# Merge methods\n\nMade by `mergec --print-methods` from the table "
        "that plans are checked against.\n";
  for (const Method *M : allMethods()) {
    OS << "\n## " << M->Name << "\n\n"
       << M->Summary << ". " << M->Purpose << "\n\nModels: " << modelsText(*M)
       << ".";
    if (!M->Paper.empty())
      OS << " Source: " << M->Paper << ".";
    OS << "\n\n| parameter | of | default | range | meaning |\n"
          "|---|---|---|---|---|\n";
    for (const ParameterSpec &P : M->Parameters) {
      OS << "| " << P.Name << " | "
         << (P.Scope == ParameterScope::Model ? "each model" : "the merge")
         << " | ";
      if (P.Default)
        OS << valueText(P, *P.Default);
      else
        OS << (P.Optional ? "none" : "required");
      OS << " | ";
      if (P.Kind == ParameterKind::Choice) {
        for (size_t I = 0; I != P.Choices.size(); ++I)
          OS << (I ? ", " : "") << P.Choices[I];
      } else if (P.Kind == ParameterKind::Flag) {
        OS << "true, false";
      } else if (std::isinf(P.Min) && std::isinf(P.Max)) {
        OS << "any number";
      } else {
        OS << (P.MinExclusive || std::isinf(P.Min) ? "(" : "[")
           << numberText(P.Min) << ", " << numberText(P.Max)
           << (P.MaxExclusive || std::isinf(P.Max) ? ")" : "]");
      }
      OS << " | " << P.Help << " |\n";
    }
  }
}

void mergec::printOps(llvm::raw_ostream &OS) {
  for (const OpInfo *Info : allOps()) {
    OS << Info->Mnemonic << " (" << arityText(*Info);
    for (const AttributeSpec &A : Info->Attributes)
      if (A.Kind != AttributeKind::Hidden)
        OS << ", `" << A.Name << "`";
    OS << "): " << Info->Summary << "\n";
  }
}

llvm::StringRef mergec::version() { return MERGEC_VERSION; }
