//===- Text.h - Printing and parsing parts of a graph -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What printing and parsing need beyond the entry functions of Graph.h: to
// print one node after another without renumbering the graph each time, to
// parse text that is already in memory, and to say how many operands an op
// takes. The text form itself is described in docs/IR.md.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_IR_TEXT_H
#define MERGEC_IR_TEXT_H

#include "mergec/IR/Graph.h"

namespace mergec {

/// Prints values and nodes under the numbers that `printGraph` gives them:
/// counting from 0 over the nodes that have a value. Holds the numbers of the
/// graph as it was at construction.
class GraphPrinter {
public:
  explicit GraphPrinter(const Graph &G);

  /// `%3`; `%?` for an id that names no value of the graph, so that a malformed
  /// graph can be shown too.
  void printValue(ValueId V, llvm::raw_ostream &OS) const;

  /// `%3 = cast %0 : tensor<2048xf32>`, without indent and line's end.
  void printNode(ValueId V, llvm::raw_ostream &OS) const;

private:
  const Graph &G;
  std::vector<uint32_t> Numbers; ///< By node; ~0u: it has no value.
};

/// A string between quotes, as attributes are printed: UTF-8 stays as it is,
/// control characters and bytes that are not UTF-8 are escaped.
void printQuoted(llvm::StringRef Text, llvm::raw_ostream &OS);

/// As `parseGraph`, for text that `Diagnostics::addFile` has returned.
std::optional<Graph> parseGraphText(llvm::StringRef Text, Diagnostics &Diags);

/// How many operands an op takes: `1 operand`, `2 to 3 operands`,
/// `at least 1 operand`.
std::string arityText(const OpInfo &Info);

} // namespace mergec

#endif // MERGEC_IR_TEXT_H
