//===- Sax.h - JSON, read as a stream of events -----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every reader of a large JSON text shares: where it stands, and what went
// wrong. The events come from nlohmann's SAX parser, which keeps no tree and
// needs one bit of memory per level of nesting. Nothing throws through here.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_CHECKPOINT_SAX_H
#define MERGEC_LIB_CHECKPOINT_SAX_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
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
  bool key(std::string &Name) {
    derived().onKey(Name);
    return true;
  }
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
  bool scalar(const JsonScalar &Value) {
    derived().onScalar(Value);
    return true;
  }
  bool start(bool IsObject) {
    derived().onStart(IsObject);
    ++Depth;
    return true;
  }
  bool end(bool IsObject) {
    --Depth;
    derived().onEnd(IsObject);
    return true;
  }

  size_t ErrorOffset = 0;
};

} // namespace mergec

#endif // MERGEC_LIB_CHECKPOINT_SAX_H
