//===- Sax.h - JSON, read as a stream of events -----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every reader of a large JSON text shares: where it stands, and what went
// wrong. No tree is kept, and nothing throws through here.
//
// Headers and indexes of large models are megabytes of plain JSON: names of
// letters and dots, whole numbers, a few levels. `readPlain` makes the events
// of such text, and stops in front of anything else: escapes, other characters
// than ASCII, fractions, `null`, mistakes. Then nlohmann's SAX parser, which
// knows all of JSON and where it is wrong, starts from the beginning, and its
// first events, which have been told, are left out.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_SAX_H
#define MERGEC_LIB_CHECKPOINT_SAX_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace mergec {

/// A value that is neither object nor array.
struct JsonScalar {
  enum { Other, Text, Natural } Kind; ///< Other: null, true, -1, 1.5
  uint64_t Number = 0;                ///< Of a Natural.
  llvm::StringRef Spelling; ///< As to be shown to the user; of Text, its value.
};

/// Derived classes define onKey(StringRef), onScalar(JsonScalar),
/// onStart(bool IsObject) and onEnd(bool IsObject). `Depth` is the number of
/// containers around the event.
template <typename Derived> class SaxReader {
public:
  /// The offset at which `Text` stops being JSON; nothing if it is JSON.
  std::optional<size_t> read(llvm::StringRef Text) {
    if (readPlain(Text))
      return std::nullopt;
    Untold = Told;
    if (nlohmann::json::sax_parse(Text.begin(), Text.end(), this))
      return std::nullopt;
    return ErrorOffset;
  }

  // nlohmann's interface.
  bool null() { return scalar({JsonScalar::Other, 0, "null"}); }
  bool boolean(bool Value) {
    return scalar({JsonScalar::Other, 0, Value ? "true" : "false"});
  }
  bool number_integer(int64_t Value) {
    return scalar({JsonScalar::Other, 0, std::to_string(Value)});
  }
  bool number_unsigned(uint64_t Value) {
    return scalar({JsonScalar::Natural, Value, {}});
  }
  bool number_float(double, const std::string &Spelling) {
    return scalar({JsonScalar::Other, 0, Spelling});
  }
  bool string(std::string &Value) {
    return scalar({JsonScalar::Text, 0, Value});
  }
  bool binary(nlohmann::json::binary_t &) { return false; } // Not in JSON.
  bool key(std::string &Name) { return tellKey(Name); }
  bool start_object(size_t) { return start(true); }
  bool start_array(size_t) { return start(false); }
  bool end_object() { return end(true); }
  bool end_array() { return end(false); }
  bool parse_error(size_t Position, const std::string &,
                   const nlohmann::json::exception &) {
    ErrorOffset = Position ? Position - 1 : 0;
    return false;
  }

protected:
  size_t Depth = 0;

private:
  Derived &derived() { return static_cast<Derived &>(*this); }
  /// True if the event is new.
  bool isNew() {
    if (Untold) {
      --Untold;
      return false;
    }
    ++Told;
    return true;
  }
  bool tellKey(llvm::StringRef Name) {
    if (isNew())
      derived().onKey(Name);
    return true;
  }
  bool scalar(const JsonScalar &Value) {
    if (isNew())
      derived().onScalar(Value);
    return true;
  }
  bool start(bool IsObject) {
    if (isNew()) {
      derived().onStart(IsObject);
      ++Depth;
    }
    return true;
  }
  bool end(bool IsObject) {
    if (isNew()) {
      --Depth;
      derived().onEnd(IsObject);
    }
    return true;
  }

  bool readPlain(llvm::StringRef Text);

  size_t ErrorOffset = 0;
  uint64_t Told = 0;   ///< Events so far.
  uint64_t Untold = 0; ///< How many of the next ones have been told before.
};

/// A JSON text from its beginning on, token by token, as far as it is plain.
class PlainJson {
public:
  PlainJson(llvm::StringRef Text) : At(Text.begin()), End(Text.end()) {}

  /// The next character that is no space, and 0 at the end.
  char peek() {
    while (At != End && isSpace(*At))
      ++At;
    return At == End ? 0 : *At;
  }
  bool atEnd() { return !peek() && At == End; }
  void skip() { ++At; }
  bool consume(char Wanted) {
    if (peek() != Wanted)
      return false;
    ++At;
    return true;
  }

  std::optional<llvm::StringRef> string() {
    if (!consume('"'))
      return std::nullopt;
    const char *Quote = static_cast<const char *>(memchr(At, '"', End - At));
    if (!Quote)
      return std::nullopt;
    llvm::StringRef Value(At, Quote - At);
    bool Odd = false;
    for (char C : Value)
      Odd |= static_cast<signed char>(C) < 0x20 || C == '\\';
    if (Odd)
      return std::nullopt;
    At = Quote + 1;
    return Value;
  }

  /// A natural number of up to 19 digits, with something behind it.
  std::optional<uint64_t> number() {
    const char *Begin = At;
    uint64_t Value = 0;
    while (At != End && isDigit(*At) && At - Begin != 19)
      Value = Value * 10 + (*At++ - '0');
    bool IsWhole =
        At != End && (isSpace(*At) || *At == ',' || *At == ']' || *At == '}');
    if (At == Begin || !IsWhole || (*Begin == '0' && At - Begin > 1))
      return std::nullopt;
    return Value;
  }

  static bool isDigit(char C) { return C >= '0' && C <= '9'; }

private:
  static bool isSpace(char C) {
    return C == ' ' || C == '\n' || C == '\t' || C == '\r';
  }

  const char *At, *End;
};

/// False where it stops, before it has told anything that isn't so.
template <typename Derived>
bool SaxReader<Derived>::readPlain(llvm::StringRef Text) {
  PlainJson Json(Text);
  uint64_t Kinds =
      0; // Of the containers around, the innermost last: 1: object.
  bool AfterValue = false;
  do {
    bool InObject = Kinds & 1;
    if (AfterValue) {
      if (Json.consume(InObject ? '}' : ']')) {
        end(InObject);
        Kinds >>= 1;
        continue;
      }
      if (!Json.consume(','))
        return false;
    }
    if (Depth && InObject) {
      std::optional<llvm::StringRef> Name = Json.string();
      if (!Name || !Json.consume(':'))
        return false;
      tellKey(*Name);
    }
    AfterValue = true;
    char First = Json.peek();
    if (First == '{' || First == '[') {
      if (Depth == 60) // There are 64 bits.
        return false;
      Json.skip();
      start(First == '{');
      Kinds = Kinds << 1 | (First == '{');
      AfterValue = Json.peek() == (First == '{' ? '}' : ']');
    } else if (First == '"') {
      std::optional<llvm::StringRef> Value = Json.string();
      if (!Value)
        return false;
      scalar({JsonScalar::Text, 0, *Value});
    } else if (std::optional<uint64_t> Value = Json.number()) {
      scalar({JsonScalar::Natural, *Value, {}});
    } else {
      return false;
    }
  } while (Depth);
  return Json.atEnd();
}

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_SAX_H
