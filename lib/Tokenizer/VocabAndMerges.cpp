//===- VocabAndMerges.cpp - Reading vocab.json and merges.txt -------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "llvm/ADT/Twine.h"

using namespace mergec;
using namespace mergec::tokenizer;

void tokenizer::addPiece(Tokenizer &T, llvm::StringRef Text, uint64_t Id,
                         llvm::StringRef File, Faults &Found) {
  if (Id >= MostIds) {
    Found.add("`" + File + "`: token " + quotedName(Text) + " has the id " +
                  llvm::Twine(Id) + ", which no vocabulary reaches",
              MendHint);
    return;
  }
  if (std::optional<uint32_t> Known = T.find(Text)) {
    Found.add("`" + File + "`: token " + quotedName(Text) +
                  " stands twice in the vocabulary, with ids " +
                  llvm::Twine(*Known) + " and " + llvm::Twine(Id),
              MendHint);
    return;
  }
  if (!T.add(Text, Id)) {
    Found.add("`" + File + "`: tokens " + quotedName(T.text(Id)) + " and " +
                  quotedName(Text) + " have the same id " + llvm::Twine(Id),
              MendHint);
    return;
  }
  T.setPiece(Id);
}

void tokenizer::addMerges(
    Tokenizer &T,
    llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> Merges,
    llvm::StringRef File, Faults &Found) {
  T.Merges.reserve(Merges.size());
  for (const auto &[Left, Right] : Merges) {
    std::optional<uint32_t> L = T.find(Left), R = T.find(Right);
    if (L && R)
      T.Merges.emplace_back(*L, *R);
    else
      Found.add("`" + File + "`: the merge of " + quotedName(Left) + " and " +
                    quotedName(Right) + " is of " +
                    quotedName(L ? Right : Left) + ", which is no token",
                MendHint);
  }
}

namespace {
/// {"token": id, …}, as a stream of events: token by token.
class VocabReader : public nlohmann::json_sax<Json> {
public:
  VocabReader(Tokenizer &T, Faults &Found) : T(T), Found(Found) {}
  bool null() override { return other(); }
  bool boolean(bool) override { return other(); }
  bool number_integer(int64_t) override { return other(); }
  bool number_unsigned(uint64_t Id) override {
    if (Depth != 1)
      return other();
    addPiece(T, Key, Id, "vocab.json", Found);
    return true;
  }
  bool number_float(double, const std::string &) override { return other(); }
  bool string(std::string &) override { return other(); }
  bool binary(Json::binary_t &) override { return false; }
  bool key(std::string &Name) override {
    Key = std::move(Name);
    return true;
  }
  bool start_object(size_t) override { return ++Depth == 1 || other(); }
  bool start_array(size_t) override {
    ++Depth;
    return other();
  }
  bool end_object() override {
    --Depth;
    return true;
  }
  bool end_array() override { return end_object(); }
  bool parse_error(size_t Position, const std::string &,
                   const nlohmann::json::exception &) override {
    ErrorOffset = Position ? Position - 1 : 0;
    return false;
  }

  size_t ErrorOffset = 0;
  bool IsWrong = false;

private:
  bool other() {
    IsWrong = true;
    return true;
  }
  Tokenizer &T;
  Faults &Found;
  std::string Key;
  size_t Depth = 0;
};
} // namespace

void tokenizer::readVocabAndMerges(llvm::StringRef Vocab,
                                   llvm::StringRef Merges, Tokenizer &T,
                                   Faults &Found) {
  T.From = Tokenizer::Form::VocabAndMerges;
  T.How = Tokenizer::Algorithm::BPE;
  VocabReader Reader(T, Found);
  if (!Json::sax_parse(Vocab.begin(), Vocab.end(), &Reader)) {
    addSyntaxFault(Vocab, Reader.ErrorOffset, "vocab.json", Found);
    return;
  }
  if (Reader.IsWrong)
    Found.add("`vocab.json` is not a JSON object of {token: id}", MendHint);

  std::vector<std::pair<llvm::StringRef, llvm::StringRef>> Pairs;
  size_t Line = 0;
  while (!Merges.empty()) {
    llvm::StringRef Text;
    std::tie(Text, Merges) = Merges.split('\n');
    Text.consume_back("\r");
    // The first line may name the version of the format.
    if (Text.empty() || (++Line == 1 && Text.starts_with("#version")))
      continue;
    auto [Left, Right] = Text.split(' ');
    if (Left.empty() || Right.empty() || Right.contains(' '))
      Found.add("`merges.txt`: line " + llvm::Twine(Line) +
                    " is not two tokens with a space in between",
                MendHint);
    else
      Pairs.emplace_back(Left, Right);
  }
  addMerges(T, Pairs, "merges.txt", Found);
}
