//===- Scalars.cpp - Text, numbers and flags of a plan --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reading.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <charconv>
#include <limits>

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

bool plan::expect(const Entry &E, Node::Shape Wanted, const llvm::Twine &Hint,
                  Reading &R) {
  if (E.Value->Is == Wanted)
    return true;
  Node Example;
  Example.Is = Wanted;
  R.Diags
      .report(Kind::WrongType, E.Value->Where,
              "`" + E.Key + "` is " + E.Value->shapeName() +
                  ", and should be " + Example.shapeName())
      .hint(Hint);
  return false;
}

const Entry *plan::findValue(const Node &Mapping, StringRef Key) {
  const Entry *E = Mapping.find(Key);
  return E && !E->Value->isNull() ? E : nullptr;
}

std::optional<std::string> plan::readText(const Entry &E, Reading &R) {
  if (expect(E, Node::Shape::Scalar, "write `" + E.Key + ": …` in one line", R))
    return E.Value->Text;
  return std::nullopt;
}

std::optional<int64_t> plan::integerFrom(StringRef Text) {
  Text.consume_front("+");
  int64_t Value = 0;
  auto [End, Error] = std::from_chars(Text.begin(), Text.end(), Value);
  if (Error != std::errc() || End != Text.end())
    return std::nullopt;
  return Value;
}

std::optional<double> plan::numberFrom(StringRef Text) {
  bool Negative = Text.consume_front("-");
  if (!Negative)
    Text.consume_front("+");
  double Value = 0;
  if (Text.equals_insensitive(".inf")) {
    Value = std::numeric_limits<double>::infinity();
  } else if (Text.equals_insensitive(".nan")) {
    Value = std::numeric_limits<double>::quiet_NaN();
  } else {
    // `inf`, `nan` and a second sign are left for text.
    if (Text.empty() || !(llvm::isDigit(Text[0]) || Text[0] == '.'))
      return std::nullopt;
    auto [End, Error] = std::from_chars(Text.begin(), Text.end(), Value);
    if (End != Text.end())
      return std::nullopt;
    // Too large for a double, or too small.
    if (Error == std::errc::result_out_of_range)
      Value = Text.contains_insensitive("e-")
                  ? 0
                  : std::numeric_limits<double>::infinity();
  }
  return Negative ? -Value : Value;
}

std::optional<bool> plan::flagFrom(StringRef Text) {
  auto Word = llvm::StringSwitch<std::optional<bool>>(Text)
                  .CasesLower("true", "yes", "on", true)
                  .CasesLower("false", "no", "off", false)
                  .Default(std::nullopt);
  if (Word)
    return Word;
  if (std::optional<double> Number = numberFrom(Text))
    return *Number != 0;
  return std::nullopt;
}

std::string plan::plainNumber(double Value) {
  char Buffer[32];
  return {Buffer,
          std::to_chars(std::begin(Buffer), std::end(Buffer), Value).ptr};
}

std::string plan::quoteAll(llvm::ArrayRef<StringRef> Names) {
  std::string Text;
  for (size_t I = 0; I != Names.size(); ++I)
    Text += (I == 0                  ? "`"
             : I + 1 == Names.size() ? " and `"
                                     : ", `") +
            Names[I].str() + "`";
  return Text;
}

std::string plan::didYouMean(StringRef Name, llvm::ArrayRef<StringRef> Known,
                             const llvm::Twine &Otherwise) {
  StringRef Near = Diagnostics::nearest(Name, Known);
  return Near.empty() ? Otherwise.str()
                      : ("did you mean `" + Near + "`?").str();
}
