//===- TypeText.h - Types in the IR's text ----------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_IR_TYPETEXT_H
#define MERGEC_LIB_IR_TYPETEXT_H

#include "Lexer.h"
#include "mergec/IR/Graph.h"

namespace mergec {

/// A type and where it is written.
struct TypeText {
  Type T;
  llvm::SMRange Where;
};

struct TypeKeyword;

/// Parses one type from the tokens of a line.
class TypeParser {
public:
  /// `Current` is the token that the lexer gave last.
  TypeParser(Lexer &Lex, Token &Current, Diagnostics &Diags)
      : Lex(Lex), Current(Current), Diags(Diags) {}

  /// Nothing, and a diagnostic, if there is no type here, its element type is
  /// unknown, or it is larger than a file can be.
  std::optional<TypeText> parse();

private:
  std::optional<Type> parseNamed(const TypeKeyword &K, const Token &Inner);
  bool readExtents(const Token &Inner, llvm::StringRef &Element,
                   std::vector<int64_t> &Extents);
  std::optional<DType> readElement(const Token &Inner, llvm::StringRef Element);

  Lexer &Lex;
  Token &Current;
  Diagnostics &Diags;
};

} // namespace mergec

#endif // MERGEC_LIB_IR_TYPETEXT_H
