//===- Print.cpp - The IR as text -----------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Equal graphs print as equal text, which goldens and the interning of types
// rely on: values are numbered in order, attributes stand in the order of the
// op table, and numbers have the shortest form that reads back as the same
// bits.
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/IR/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <charconv>
#include <cmath>

using namespace mergec;

//===----------------------------------------------------------------------===//
// Types and numbers
//===----------------------------------------------------------------------===//

/// `vec<10xf64>`, `rows<4096x3xf64>`: a width of 1 is left out.
static void printNumbersType(llvm::StringRef Keyword, const Type &T,
                             llvm::raw_ostream &OS) {
  OS << Keyword << '<';
  for (int64_t Extent : T.Shape)
    OS << Extent << 'x';
  if (T.Width != 1)
    OS << T.Width << 'x';
  OS << "f64>";
}

void mergec::printType(const Type &T, llvm::raw_ostream &OS) {
  switch (T.Kind) {
  case TypeKind::Void:
    OS << "none";
    return;
  case TypeKind::Tensor:
    OS << "tensor<";
    for (int64_t Extent : T.Shape)
      OS << Extent << 'x';
    OS << mnemonic(T.Element) << '>';
    return;
  case TypeKind::Scalar:
    if (T.Width == 1)
      OS << "f64";
    else
      printNumbersType("vec", T, OS);
    return;
  case TypeKind::Rows:
    printNumbersType("rows", T, OS);
    return;
  case TypeKind::Columns:
    printNumbersType("cols", T, OS);
    return;
  case TypeKind::Selection:
    OS << "selection";
    return;
  case TypeKind::RowMap:
    OS << "rowmap";
    return;
  }
}

std::string mergec::typeText(const Type &T) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printType(T, OS);
  return Text;
}

std::string mergec::numberText(double Number) {
  if (std::isnan(Number))
    return "nan";
  // Left to itself, to_chars writes 100000 as 1e+05: shorter, but not what a
  // reader expects of a dimension or a small decimal.
  double Magnitude = std::fabs(Number);
  bool Plain = Magnitude == 0 || (Magnitude >= 1e-5 && Magnitude < 1e17);
  char Buffer[32]; // The longest is 24: sign, 17 digits, point, e-308.
  std::to_chars_result End =
      Plain ? std::to_chars(std::begin(Buffer), std::end(Buffer), Number,
                            std::chars_format::fixed)
            : std::to_chars(std::begin(Buffer), std::end(Buffer), Number);
  return std::string(Buffer, End.ptr);
}

//===----------------------------------------------------------------------===//
// Strings
//===----------------------------------------------------------------------===//

/// The length of the UTF-8 sequence that `Text` begins with; 0 if it is none.
static size_t utf8Length(llvm::StringRef Text) {
  const auto *Bytes = reinterpret_cast<const llvm::UTF8 *>(Text.data());
  unsigned Length = llvm::getNumBytesForUTF8(*Bytes);
  if (Length > Text.size() || !llvm::isLegalUTF8Sequence(Bytes, Bytes + Length))
    return 0;
  return Length;
}

void mergec::printQuoted(llvm::StringRef Text, llvm::raw_ostream &OS) {
  OS << '"';
  while (!Text.empty()) {
    unsigned char C = Text.front();
    size_t Length = 1;
    if (C == '"' || C == '\\')
      OS << '\\' << char(C);
    else if (C == '\n')
      OS << "\\n";
    else if (C == '\t')
      OS << "\\t";
    else if (C == '\r')
      OS << "\\r";
    else if (C >= 0x20 && C < 0x7F)
      OS << char(C);
    else if (C >= 0x80 && (Length = utf8Length(Text)))
      OS << Text.take_front(Length);
    else {
      Length = 1;
      OS << "\\x" << llvm::hexdigit(C >> 4) << llvm::hexdigit(C & 15);
    }
    Text = Text.drop_front(Length);
  }
  OS << '"';
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

GraphPrinter::GraphPrinter(const Graph &G) : G(G) {
  Numbers.reserve(G.size());
  uint32_t Next = 0;
  for (uint32_t I = 0; I != G.size(); ++I)
    Numbers.push_back(G.type({I}).Kind == TypeKind::Void ? ~0u : Next++);
}

void GraphPrinter::printValue(ValueId V, llvm::raw_ostream &OS) const {
  if (V.Index < Numbers.size() && Numbers[V.Index] != ~0u)
    OS << '%' << Numbers[V.Index];
  else
    OS << "%?";
}

static void printAttribute(const Graph &G, AttributeKind Kind, uint64_t Word,
                           llvm::raw_ostream &OS) {
  switch (Kind) {
  case AttributeKind::Number:
    OS << numberText(number(Word));
    return;
  case AttributeKind::Integer:
    OS << int64_t(Word);
    return;
  case AttributeKind::Name:
    printQuoted(G.get(NameId{uint32_t(Word)}), OS);
    return;
  case AttributeKind::Hidden:
    return;
  }
}

void GraphPrinter::printNode(ValueId V, llvm::raw_ostream &OS) const {
  const OpInfo &Info = G.info(V);
  bool HasValue = Numbers[V.Index] != ~0u;
  if (HasValue) {
    printValue(V, OS);
    OS << " = ";
  }
  OS << Info.Mnemonic;

  llvm::StringRef Separator = " ";
  for (ValueId Operand : G.operands(V)) {
    OS << Separator;
    printValue(Operand, OS);
    Separator = ", ";
  }

  Separator = " {";
  for (auto [Spec, Word] : llvm::zip(Info.Attributes, G.attributes(V))) {
    if (Spec.Kind == AttributeKind::Hidden ||
        (Spec.Optional && G.get(NameId{uint32_t(Word)}).empty()))
      continue;
    OS << Separator << Spec.Name << " = ";
    printAttribute(G, Spec.Kind, Word, OS);
    Separator = ", ";
  }
  if (Separator == ", ")
    OS << '}';

  if (HasValue) {
    OS << " : ";
    printType(G.type(V), OS);
  }
}

void mergec::printNode(const Graph &G, ValueId V, llvm::raw_ostream &OS) {
  GraphPrinter(G).printNode(V, OS);
}

void mergec::printGraph(const Graph &G, llvm::raw_ostream &OS) {
  GraphPrinter Printer(G);
  OS << "graph {\n";
  for (uint32_t I = 0; I != G.size(); ++I) {
    OS << "  ";
    Printer.printNode({I}, OS);
    OS << '\n';
  }
  OS << "}\n";
}
