//===- Lexer.cpp - Tokens of the IR's text --------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Lexer.h"
#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <algorithm>

using namespace mergec;

std::string mergec::describe(const Token &T) {
  switch (T.Kind) {
  case TokenKind::EndOfLine:
    return "the end of the line";
  case TokenKind::EndOfFile:
    return "the end of the file";
  case TokenKind::String:
    return "a string";
  default:
    return shortened(T.Spelling);
  }
}

std::string mergec::shortened(llvm::StringRef Spelling) {
  constexpr size_t Longest = 40;
  if (Spelling.size() <= Longest)
    return ("`" + Spelling + "`").str();
  return ("`" + Spelling.take_front(Longest) + "…`").str();
}

static bool isWordCharacter(char C) {
  return llvm::isAlnum(C) || C == '_' || C == '.';
}

Token Lexer::take(TokenKind Kind, const char *To) {
  Token T{Kind, llvm::StringRef(Cursor, To - Cursor)};
  Cursor = To;
  return T;
}

Token Lexer::next() {
  while (Cursor != End &&
         (*Cursor == ' ' || *Cursor == '\t' || *Cursor == '\r'))
    ++Cursor;
  if (Cursor == End)
    return take(TokenKind::EndOfFile, End);
  char C = *Cursor;
  if (C == '\n')
    return take(TokenKind::EndOfLine, Cursor + 1);
  if (C == '/' && Cursor + 1 != End && Cursor[1] == '/') {
    skipLine();
    return next(); // Not deep: the line's or the file's end is next.
  }
  if (llvm::StringRef("{}<>,=:").contains(C))
    return take(TokenKind::Punctuation, Cursor + 1);

  if (C == '%') {
    const char *To = std::find_if_not(Cursor + 1, End, isWordCharacter);
    if (To != Cursor + 1)
      return take(TokenKind::Value, To);
  }

  bool IsNegative = C == '-' && Cursor + 1 != End && llvm::isAlnum(Cursor[1]);
  if (isWordCharacter(C) || IsNegative) {
    bool IsNumber = IsNegative || llvm::isDigit(C);
    const char *To = Cursor + 1;
    while (To != End &&
           (isWordCharacter(*To) || (IsNumber && (*To == '-' || *To == '+') &&
                                     (To[-1] == 'e' || To[-1] == 'E'))))
      ++To;
    return take(TokenKind::Word, To);
  }

  if (C == '"') {
    for (const char *To = Cursor + 1; To != End && *To != '\n'; ++To) {
      if (*To == '"')
        return take(TokenKind::String, To + 1);
      if (*To == '\\' && To + 1 != End && To[1] != '\n')
        ++To;
    }
    Token T = take(TokenKind::Bad, std::find(Cursor, End, '\n'));
    Diags.report(Kind::IRSyntax, T.range(), "a string has no end")
        .hint("close it with `\"` on the same line");
    return T;
  }

  // Of a letter beyond ASCII, all bytes.
  size_t Length = std::min<size_t>(llvm::getNumBytesForUTF8(C), End - Cursor);
  const auto *Bytes = reinterpret_cast<const llvm::UTF8 *>(Cursor);
  if (!llvm::isLegalUTF8Sequence(Bytes, Bytes + Length))
    Length = 1;
  Token T = take(TokenKind::Bad, Cursor + Length);
  std::string Shown;
  llvm::raw_string_ostream OS(Shown);
  printQuoted(T.Spelling, OS);
  Diags
      .report(Kind::IRSyntax, T.range(),
              "the character `" +
                  llvm::StringRef(Shown).drop_front().drop_back() +
                  "` can't stand here")
      .hint(C == '%'   ? "a value's name is `%` and letters or digits"
            : C == '#' ? "begin a comment with `//`"
                       : "put names of tensors and models between quotes");
  return T;
}

void Lexer::skipLine() { Cursor = std::find(Cursor, End, '\n'); }

/// The number that the first `Digits` characters spell.
static std::optional<uint32_t> hexNumber(llvm::StringRef Text, size_t Digits) {
  uint32_t Number;
  if (Text.size() < Digits ||
      !llvm::all_of(Text.take_front(Digits), llvm::isHexDigit) ||
      Text.take_front(Digits).getAsInteger(16, Number))
    return std::nullopt;
  return Number;
}

/// `XXXX` behind `\u`, and the second half of a surrogate pair behind that.
/// Consumes what it understands.
static std::optional<uint32_t> codePoint(llvm::StringRef &Text) {
  std::optional<uint32_t> First = hexNumber(Text, 4);
  if (!First)
    return std::nullopt;
  Text = Text.drop_front(4);
  if (*First < 0xD800 || *First > 0xDFFF)
    return First;
  if (*First > 0xDBFF || !Text.consume_front("\\u"))
    return std::nullopt;
  std::optional<uint32_t> Second = hexNumber(Text, 4);
  if (!Second || *Second < 0xDC00 || *Second > 0xDFFF)
    return std::nullopt;
  Text = Text.drop_front(4);
  return 0x10000 + ((*First - 0xD800) << 10) + (*Second - 0xDC00);
}

static void appendUTF8(uint32_t CodePoint, std::string &To) {
  char Buffer[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
  char *Next = Buffer;
  llvm::ConvertCodePointToUTF8(CodePoint, Next);
  To.append(Buffer, Next);
}

std::optional<std::string> Lexer::unquote(const Token &String) {
  llvm::StringRef Text = String.Spelling.drop_front().drop_back();
  std::string Result;
  Result.reserve(Text.size());
  while (!Text.empty()) {
    size_t Plain = std::min(Text.find('\\'), Text.size());
    Result += Text.take_front(Plain);
    Text = Text.drop_front(Plain);
    if (Text.empty())
      break;

    const char *Begin = Text.begin();
    char Letter = Text[1]; // A quote never follows the last backslash.
    Text = Text.drop_front(2);
    static constexpr llvm::StringLiteral Letters = "\"\\/nrtbf";
    static constexpr llvm::StringLiteral Meanings = "\"\\/\n\r\t\b\f";
    size_t Known = Letters.find(Letter);
    bool Good = true;
    if (Known != llvm::StringRef::npos) {
      Result += Meanings[Known];
    } else if (Letter == 'x') {
      std::optional<uint32_t> Byte = hexNumber(Text, 2);
      Good = Byte.has_value();
      if (Good) {
        Result += char(*Byte);
        Text = Text.drop_front(2);
      }
    } else if (Letter == 'u') {
      std::optional<uint32_t> Point = codePoint(Text);
      Good = Point.has_value();
      if (Good)
        appendUTF8(*Point, Result);
    } else {
      Good = false;
    }
    if (!Good) {
      Diags
          .report(Kind::IRSyntax,
                  {llvm::SMLoc::getFromPointer(Begin),
                   llvm::SMLoc::getFromPointer(Begin + 2)},
                  "a string has an unknown escape")
          .hint(
              "escapes are `\\\"`, `\\\\`, `\\/`, `\\n`, `\\r`, `\\t`, `\\b`, "
              "`\\f`, `\\uXXXX` and `\\xXX`; write `\\\\` for a backslash");
      return std::nullopt;
    }
  }
  return Result;
}
