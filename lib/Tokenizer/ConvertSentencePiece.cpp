//===- ConvertSentencePiece.cpp - tokenizer.json from tokenizer.model -----===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// SentencePiece merges the pair whose union has the highest score;
// tokenizer.json lists pairs, the first to be merged first. So every way to cut
// a piece into two pieces becomes a merge, in the order of the pieces' scores.
// The rest says in the terms of tokenizer.json how spaces are written and what
// is added around a text.
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "Union.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Base64.h"
#include <numeric>

using namespace mergec;
using namespace mergec::tokenizer;

static constexpr const char *Space = "\u2581"; // How SentencePiece writes one.

static void makeMerges(Tokenizer &T) {
  std::vector<uint32_t> Order(T.Scores.size());
  std::iota(Order.begin(), Order.end(), 0);
  llvm::erase_if(Order, [&](uint32_t Id) { return T.PieceTypes[Id] != 1; });
  llvm::stable_sort(
      Order, [&](uint32_t A, uint32_t B) { return T.Scores[A] > T.Scores[B]; });
  for (uint32_t Id : Order) {
    llvm::StringRef Text = T.text(Id);
    for (size_t Cut = 1; Cut < Text.size(); ++Cut) {
      std::optional<uint32_t> Left = T.find(Text.take_front(Cut));
      std::optional<uint32_t> Right = T.find(Text.drop_front(Cut));
      if (Left && Right && T.isPiece(*Left) && T.isPiece(*Right))
        T.Merges.emplace_back(*Left, *Right);
    }
  }
}

static Json replace(Json Pattern, const char *By) {
  return {
      {"type", "Replace"}, {"pattern", std::move(Pattern)}, {"content", By}};
}

static Json normalizer(const SentencePieceFacts &F, bool Metaspace) {
  Json Steps = Json::array();
  if (!F.CharsMap.empty())
    Steps.push_back({{"type", "Precompiled"},
                     {"precompiled_charsmap", llvm::encodeBase64(F.CharsMap)}});
  if (F.RemoveExtraSpaces) {
    Steps.push_back(
        {{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}});
    Steps.push_back(replace({{"Regex", " {2,}"}}, " "));
  }
  if (!Metaspace) {
    if (F.AddDummyPrefix)
      Steps.push_back({{"type", "Prepend"}, {"prepend", Space}});
    Steps.push_back(replace({{"String", " "}}, Space));
  }
  if (Steps.empty())
    return nullptr;
  return {{"type", "Sequence"}, {"normalizers", std::move(Steps)}};
}

/// What is put before and behind a text.
static Json postProcessor(const Tokenizer &T) {
  Json Config = Json::parse(T.ConfigText, nullptr, /*allow_exceptions=*/false);
  if (!Config.is_object())
    Config = Json::object();
  std::string Class;
  if (auto At = Config.find("tokenizer_class");
      At != Config.end() && At->is_string())
    Class = At->get<std::string>();
  auto Adds = [&](const char *Key, bool Default) {
    auto At = Config.find(Key);
    return At != Config.end() && At->is_boolean() ? At->get<bool>() : Default;
  };
  // The classes' own ways, where the configuration does not say.
  llvm::StringRef Name = Class;
  bool Begin = Adds("add_bos_token", Name.starts_with("Llama"));
  bool End = Adds("add_eos_token", Name.starts_with("T5"));
  auto Text = [&](int64_t Id) -> std::optional<std::string> {
    if (Id < 0 || Id > UINT32_MAX || !T.has(Id))
      return std::nullopt;
    return T.text(Id).str();
  };
  std::optional<std::string> First = Text(T.Facts.Begin),
                             Last = Text(T.Facts.End);
  Begin &= First.has_value();
  End &= Last.has_value();
  if (!Begin && !End)
    return nullptr;
  Json Specials = Json::object();
  auto Template = [&](std::initializer_list<const char *> Sequences) {
    Json Items = Json::array();
    int Type = 0;
    for (const char *Sequence : Sequences) {
      auto Special = [&](const std::string &Token, int64_t Id) {
        Items.push_back({{"SpecialToken", {{"id", Token}, {"type_id", Type}}}});
        Specials[Token] = {{"id", Token},
                           {"ids", Json::array({Id})},
                           {"tokens", Json::array({Token})}};
      };
      if (Begin)
        Special(*First, T.Facts.Begin);
      Items.push_back({{"Sequence", {{"id", Sequence}, {"type_id", Type}}}});
      if (End)
        Special(*Last, T.Facts.End);
      ++Type;
    }
    return Items;
  };
  Json Single = Template({"A"}), Pair = Template({"A", "B"});
  return {{"type", "TemplateProcessing"},
          {"single", std::move(Single)},
          {"pair", std::move(Pair)},
          {"special_tokens", std::move(Specials)}};
}

void tokenizer::convertSentencePiece(Tokenizer &T) {
  const SentencePieceFacts &F = T.Facts;
  bool Unigram = T.How == Tokenizer::Algorithm::Unigram;
  Json Metaspace = {{"type", "Metaspace"},
                    {"replacement", Space},
                    {"prepend_scheme", F.AddDummyPrefix ? "always" : "never"},
                    {"split", true}};
  Json Decoders = Json::array();
  if (!Unigram)
    Decoders.push_back(replace({{"String", Space}}, " "));
  if (F.ByteFallback) {
    Decoders.push_back({{"type", "ByteFallback"}});
    Decoders.push_back({{"type", "Fuse"}});
  }
  if (Unigram)
    Decoders.push_back(Metaspace);
  else if (F.AddDummyPrefix)
    Decoders.push_back(
        {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  Json Model = Json::object();
  if (Unigram) {
    Model["type"] = "Unigram";
    Model["unk_id"] = F.Unknown;
    Model["vocab"] = Json::array();
    Model["byte_fallback"] = F.ByteFallback;
  } else {
    makeMerges(T);
    bool HasUnknown = F.Unknown >= 0 && T.has(F.Unknown);
    Model = {{"type", "BPE"},
             {"dropout", nullptr},
             {"unk_token",
              HasUnknown ? Json(T.text(F.Unknown).str()) : Json(nullptr)},
             {"continuing_subword_prefix", nullptr},
             {"end_of_word_suffix", nullptr},
             {"fuse_unk", true},
             {"byte_fallback", F.ByteFallback},
             {"vocab", Json::object()},
             {"merges", Json::array()}};
  }
  Json Root = {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", Json::array()},
      {"normalizer", normalizer(F, Unigram)},
      {"pre_tokenizer", Unigram ? Metaspace : Json(nullptr)},
      {"post_processor", postProcessor(T)},
      {"decoder", {{"type", "Sequence"}, {"decoders", std::move(Decoders)}}},
      {"model", std::move(Model)}};
  T.Skeleton = Root.dump();
  T.From = Tokenizer::Form::TokenizerJson;
}
