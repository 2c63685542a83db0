//===- WriteTokenizer.cpp - The files of a changed tokenizer --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// tokenizer.json is written around the base's: its rules stay, vocabulary,
// merges and added tokens are new. The other files say the same in other words
// and have to agree with it; those that can't be made to are left out.
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "mergec/Tokenizer/Vocabulary.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace mergec;
using namespace mergec::tokenizer;

/// Of what is spliced into the text of a tree. No configuration holds such a
/// character.
static constexpr const char *VocabMark = "\x7fvocab",
                            *MergesMark = "\x7fmerges";

static std::string jsonText(llvm::StringRef Text) {
  return Json(Text.str()).dump(-1, ' ', false, Json::error_handler_t::replace);
}

static Json flagsOf(const AddedToken &A, const Tokenizer &T) {
  return {
      {"content", T.text(A.Id).str()},    {"single_word", A.Flags.SingleWord},
      {"lstrip", A.Flags.StripLeft},      {"rstrip", A.Flags.StripRight},
      {"normalized", A.Flags.Normalized}, {"special", A.Flags.Special}};
}

/// The Rust tokenizer takes the id of an added token from the vocabulary if it
/// stands there, and else counts on from the highest, whatever the file says.
static bool addedNeedNoPiece(const Tokenizer &T) {
  uint32_t Pieces = 0;
  for (uint32_t Id = 0; Id != T.size(); ++Id)
    Pieces += T.isPiece(Id);
  uint32_t Next = Pieces;
  for (const AddedToken &A : T.Added)
    if (!T.isPiece(A.Id) && A.Id != Next++)
      return false;
  return true;
}

static std::string vocabText(const Tokenizer &T, bool All) {
  std::string Text = "{";
  for (uint32_t Id = 0; Id != T.size(); ++Id)
    if (T.has(Id) && (All || T.isPiece(Id)))
      Text += (Text.size() > 1 ? ",\n      " : "\n      ") +
              jsonText(T.text(Id)) + ": " + std::to_string(Id);
  return Text + "\n    }";
}

/// A piece's place is its id, so every id up to the last piece has one.
static std::string scoresText(const Tokenizer &T, bool All) {
  uint32_t Count = 0;
  double Least = 0;
  for (uint32_t Id = 0; Id != T.size(); ++Id)
    if (T.has(Id) && (All || T.isPiece(Id)))
      Count = Id + 1;
  for (double Score : T.Scores)
    Least = std::min(Least, Score);
  std::string Text = "[";
  for (uint32_t Id = 0; Id != Count; ++Id) {
    std::string Piece =
        T.has(Id) ? T.text(Id).str() : "<unused " + std::to_string(Id) + ">";
    double Score =
        T.isPiece(Id) && Id < T.Scores.size() ? T.Scores[Id] : Least - 100;
    Text += (Id ? ",\n      [" : "\n      [") + jsonText(Piece) + ", " +
            Json(Score).dump() + "]";
  }
  return Text + "\n    ]";
}

static std::string mergesText(const Tokenizer &T) {
  // Two texts with a space in between is the form that all clients read; it
  // can't hold pieces with spaces in them.
  bool Pairs = llvm::any_of(T.Merges, [&](auto M) {
    return T.text(M.first).contains(' ') || T.text(M.second).contains(' ');
  });
  std::string Text = "[";
  for (auto [Left, Right] : T.Merges) {
    Text += Text.size() > 1 ? ",\n      " : "\n      ";
    if (Pairs)
      Text +=
          "[" + jsonText(T.text(Left)) + ", " + jsonText(T.text(Right)) + "]";
    else
      Text += jsonText((T.text(Left) + " " + T.text(Right)).str());
  }
  return Text + "\n    ]";
}

static void splice(std::string &Text, const char *Mark, llvm::StringRef By) {
  std::string Quoted = jsonText(Mark);
  if (size_t At = Text.find(Quoted); At != std::string::npos)
    Text.replace(At, Quoted.size(), By);
}

static std::string tokenizerJson(const Tokenizer &T) {
  Json Root = Json::parse(T.Skeleton, nullptr, /*allow_exceptions=*/false);
  Json &List = Root["added_tokens"];
  for (const AddedToken &A : T.Added) {
    Json Entry = {{"id", A.Id}};
    Entry.update(flagsOf(A, T));
    List.push_back(std::move(Entry));
  }
  Json &Model = Root["model"];
  Model["vocab"] = VocabMark;
  if (T.How == Tokenizer::Algorithm::BPE)
    Model["merges"] = MergesMark;
  std::string Text = Root.dump(2, ' ', false, Json::error_handler_t::replace);
  bool All = !addedNeedNoPiece(T);
  if (T.How == Tokenizer::Algorithm::BPE)
    splice(Text, MergesMark, mergesText(T));
  splice(Text, VocabMark,
         T.How == Tokenizer::Algorithm::Unigram ? scoresText(T, All)
                                                : vocabText(T, All));
  return Text + "\n";
}

/// Added tokens by id; what else it says stays.
static std::string configText(const Tokenizer &T) {
  Json Root = Json::parse(T.ConfigText, nullptr, /*allow_exceptions=*/false);
  if (auto At = Root.find("added_tokens_decoder"); At != Root.end()) {
    *At = Json::object();
    for (const AddedToken &A : T.Added)
      (*At)[std::to_string(A.Id)] = flagsOf(A, T);
  }
  return Root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

static std::string addedText(const Tokenizer &T) {
  Json Root = Json::object();
  for (const AddedToken &A : T.Added)
    if (!T.isPiece(A.Id))
      Root[T.text(A.Id).str()] = A.Id;
  return Root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

static std::string plainMerges(const Tokenizer &T) {
  std::string Text = "#version: 0.2\n";
  for (auto [Left, Right] : T.Merges)
    Text += (T.text(Left) + " " + T.text(Right) + "\n").str();
  return Text;
}

TokenizerFiles mergec::writeTokenizer(const Tokenizer &T) {
  auto Exists = [&](llvm::StringRef Name) {
    return llvm::sys::fs::exists(T.Directory + "/" + Name);
  };
  TokenizerFiles Files;
  if (T.From == Tokenizer::Form::VocabAndMerges) {
    Files.Written.emplace_back("vocab.json", vocabText(T, false) + "\n");
    Files.Written.emplace_back("merges.txt", plainMerges(T));
    Files.Written.emplace_back("added_tokens.json", addedText(T));
  } else {
    Files.Written.emplace_back("tokenizer.json", tokenizerJson(T));
    bool Old = false;
    for (llvm::StringRef Name :
         {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
          "vocab.json", "merges.txt", "vocab.txt", "tekken.json"}) {
      if (!Exists(Name))
        continue;
      // They hold the pieces, and know nothing of new ones.
      if (T.HasNewPieces)
        Files.LeftOut.push_back(Name.str());
      else
        Old = true;
    }
    if (Old && !T.HasNewPieces)
      Files.Written.emplace_back("added_tokens.json", addedText(T));
    else if (Exists("added_tokens.json"))
      Files.LeftOut.push_back("added_tokens.json");
  }
  if (!T.ConfigText.empty())
    Files.Written.emplace_back("tokenizer_config.json", configText(T));
  return Files;
}
