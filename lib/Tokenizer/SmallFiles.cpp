//===- SmallFiles.cpp - What stands beside a vocabulary -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace mergec;
using namespace mergec::tokenizer;

void tokenizer::addSyntaxFault(llvm::StringRef Text, size_t Offset,
                               llvm::StringRef File, Faults &Found) {
  llvm::StringRef Before = Text.take_front(Offset);
  size_t Line = Before.count('\n') + 1;
  size_t Column =
      Before.size() - (Before.rfind('\n') + 1) + 1; // npos + 1 is 0.
  Found.add("`" + File + "` is not valid JSON at line " + llvm::Twine(Line) +
                ", column " + llvm::Twine(Column),
            MendHint);
}

namespace {
/// Finds where a text stops being JSON and how deep it nests.
struct Surveyor : nlohmann::json_sax<Json> {
  size_t Depth = 0, Deepest = 0, ErrorOffset = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string &) override { return true; }
  bool string(std::string &) override { return true; }
  bool binary(Json::binary_t &) override { return false; }
  bool key(std::string &) override { return true; }
  bool start_object(size_t) override { return start(); }
  bool start_array(size_t) override { return start(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool parse_error(size_t Position, const std::string &,
                   const nlohmann::json::exception &) override {
    ErrorOffset = Position ? Position - 1 : 0;
    return false;
  }
  bool start() {
    Deepest = std::max(Deepest, ++Depth);
    return true;
  }
  bool end() {
    --Depth;
    return true;
  }
};
} // namespace

std::optional<Json> tokenizer::parseObject(llvm::StringRef Text,
                                           llvm::StringRef File,
                                           Faults &Found) {
  constexpr size_t DeepestAllowed = 100;
  Surveyor Survey;
  if (!Json::sax_parse(Text.begin(), Text.end(), &Survey)) {
    addSyntaxFault(Text, Survey.ErrorOffset, File, Found);
    return std::nullopt;
  }
  if (Survey.Deepest > DeepestAllowed) {
    Found.add("`" + File + "` nests absurdly deep", MendHint);
    return std::nullopt;
  }
  Json Root = Json::parse(Text.begin(), Text.end(), nullptr,
                          /*allow_exceptions=*/false);
  if (!Root.is_object()) {
    Found.add("`" + File + "` is not a JSON object", MendHint);
    return std::nullopt;
  }
  return Root;
}

/// A token is written as its text, or as an object with its `content`.
static std::optional<std::string> textOf(const Json &Value) {
  const Json *Text = &Value;
  if (Value.is_object()) {
    auto At = Value.find("content");
    if (At == Value.end())
      return std::nullopt;
    Text = &*At;
  }
  if (!Text->is_string())
    return std::nullopt;
  return Text->get<std::string>();
}

/// `bos_token`, `eos_token`, … The first file that gives a role counts.
static void readRoles(const Json &Root, Tokenizer &T) {
  for (const auto &[Key, Value] : Root.items()) {
    if (!llvm::StringRef(Key).ends_with("_token") || T.role(Key))
      continue;
    if (std::optional<std::string> Text = textOf(Value))
      T.Roles.emplace_back(Key, *Text);
  }
}

/// Text, or a list of named ones of which the default counts.
static std::optional<std::string> templateFrom(const Json &Value) {
  if (Value.is_string())
    return Value.get<std::string>();
  if (Value.is_array())
    for (const Json &Entry : Value)
      if (Entry.is_object() && Entry.value("name", Json()) == "default" &&
          Entry.value("template", Json()).is_string())
        return Entry["template"].get<std::string>();
  return std::nullopt;
}

void tokenizer::readTokenizerConfig(llvm::StringRef Text, Tokenizer &T,
                                    std::vector<AddedEntry> &Added,
                                    Faults &Found) {
  std::optional<Json> Root = parseObject(Text, "tokenizer_config.json", Found);
  if (!Root)
    return;
  T.ConfigText = Text.str();
  readRoles(*Root, T);
  if (auto At = Root->find("chat_template"); At != Root->end())
    T.ChatTemplate = templateFrom(*At);
  auto Decoder = Root->find("added_tokens_decoder");
  if (Decoder == Root->end() || !Decoder->is_object())
    return;
  for (const auto &[Key, Value] : Decoder->items()) {
    uint64_t Id;
    std::optional<std::string> Token = textOf(Value);
    if (!Token || llvm::StringRef(Key).getAsInteger(10, Id)) {
      Found.add("`tokenizer_config.json`: entry " + quotedName(Key) +
                    " of `added_tokens_decoder` is not {id: {content: …}}",
                MendHint);
      continue;
    }
    Added.push_back(
        {*Token, Id, Value.is_object() ? flagsFrom(Value) : TokenFlags()});
  }
}

void tokenizer::readSpecialTokens(llvm::StringRef Text, Tokenizer &T,
                                  Faults &Found) {
  if (std::optional<Json> Root =
          parseObject(Text, "special_tokens_map.json", Found))
    readRoles(*Root, T);
}

void tokenizer::readAddedTokens(llvm::StringRef Text,
                                std::vector<AddedEntry> &Added, Faults &Found) {
  std::optional<Json> Root = parseObject(Text, "added_tokens.json", Found);
  if (!Root)
    return;
  for (const auto &[Key, Value] : Root->items()) {
    if (Value.is_number_unsigned())
      Added.push_back({Key, Value.get<uint64_t>(), TokenFlags()});
    else
      Found.add("`added_tokens.json`: " + quotedName(Key) +
                    " has no whole number as its id",
                MendHint);
  }
}
