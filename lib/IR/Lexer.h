//===- Lexer.h - Tokens of the IR's text ------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lines matter: a node is one line, so the end of a line is a token, and after
// a mistake lexing goes on at the next line. Tokens are pieces of the file's
// text, which is how a diagnostic knows their place.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_IR_LEXER_H
#define MERGEC_LIB_IR_LEXER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/SMLoc.h"
#include <cstdint>
#include <optional>
#include <string>

namespace mergec {

class Diagnostics;

enum class TokenKind : uint8_t {
  Word,        ///< `cast`, `0.5`, `-1e-3`, and a type's `4096x14336xbf16`.
  Value,       ///< `%3`, `%base`.
  String,      ///< With its quotes, escapes unresolved.
  Punctuation, ///< One of `{}<>,=:`.
  EndOfLine,
  EndOfFile,
  Bad, ///< Reported already.
};

struct Token {
  TokenKind Kind = TokenKind::Bad;
  llvm::StringRef Spelling; ///< Empty at the end of the file.

  bool is(TokenKind K) const { return Kind == K; }
  bool is(char Mark) const {
    return Kind == TokenKind::Punctuation && Spelling.front() == Mark;
  }
  bool endsLine() const {
    return Kind == TokenKind::EndOfLine || Kind == TokenKind::EndOfFile;
  }
  llvm::SMRange range() const {
    return {llvm::SMLoc::getFromPointer(Spelling.begin()),
            llvm::SMLoc::getFromPointer(Spelling.end())};
  }
};

/// `foo`, between backticks and cut if it is long.
std::string shortened(llvm::StringRef Spelling);

/// What was found where something else was expected.
std::string describe(const Token &T);

class Lexer {
public:
  Lexer(llvm::StringRef Text, Diagnostics &Diags)
      : Cursor(Text.begin()), End(Text.end()), Diags(Diags) {}

  /// A character that begins no token and a string without an end are reported
  /// and given as `Bad`.
  Token next();

  /// Goes to the end of the current line.
  void skipLine();

  /// What a string token stands for. Escapes are those of JSON, and `\xHH` for
  /// a byte; nothing, and a diagnostic, if one is wrong.
  std::optional<std::string> unquote(const Token &String);

private:
  Token take(TokenKind Kind, const char *To);

  const char *Cursor;
  const char *End;
  Diagnostics &Diags;
};

} // namespace mergec

#endif // MERGEC_LIB_IR_LEXER_H
