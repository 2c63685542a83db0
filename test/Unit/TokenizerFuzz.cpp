//===- TokenizerFuzz.cpp - Tokenizers, damaged at random ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever the files of a tokenizer hold, reading them ends, what is accepted
// keeps the promises of Tokenizer.h, and what is written of it reads back. The
// damage is the same in every run.
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include "mergec/Tokenizer/Vocabulary.h"
#include <random>

using namespace mergec;

namespace {

constexpr llvm::StringLiteral Sound =
    R"({"version":"1.0","added_tokens":[{"id":0,"content":"<s>","special":true},
{"id":5,"content":"<x>","lstrip":true}],"normalizer":null,"model":{"type":"BPE",
"unk_token":null,"vocab":{"<s>":0,"a":1,"b":2,"ab":3,"aba":4},
"merges":["a b",["ab","a"]]}})";
constexpr llvm::StringLiteral SoundUnigram =
    R"({"added_tokens":[],"model":{"type":"Unigram","unk_id":0,
"vocab":[["<unk>",0.0],["a",-1],["ab",-2.5]]}})";
constexpr llvm::StringLiteral SoundConfig =
    R"({"eos_token":{"content":"<s>"},"added_tokens_decoder":{"0":{"content":"<s>"}},
"chat_template":[{"name":"default","template":"{{ x }}"}]})";

constexpr llvm::StringLiteral Pieces[] = {
    "{",         "}",           "[",    "]",       ",",       ":",
    "\"",        "0",           "-1",   "1.5",     "1e400",   "null",
    "true",      "4294967296",  "\\",   "\xff",    "\"a\"",   "\"vocab\"",
    "\"model\"", "\"merges\"",  "[[[[", "5",       "\"a b\"", "\"id\"",
    "\"BPE\"",   "\"Unigram\"", "\"\"", "16777215"};

class Damage {
public:
  explicit Damage(unsigned Seed) : Random(Seed) {}
  std::string apply(std::string Text) {
    for (unsigned N = below(3) + 1; N; --N) {
      size_t At = below(Text.size() + 1), Length = below(8);
      switch (below(3)) {
      case 0:
        Text.erase(At, Length);
        break;
      case 1:
        Text.insert(At, Pieces[below(std::size(Pieces))]);
        break;
      default:
        Text.insert(At, Text.substr(below(Text.size() + 1), Length * 4));
      }
    }
    return Text;
  }

private:
  size_t below(size_t N) { return Random() % N; }
  std::mt19937 Random;
};

void checkPromises(const Tokenizer &T) {
  uint32_t Count = 0;
  for (uint32_t Id = 0; Id != T.size(); ++Id) {
    if (!T.has(Id))
      continue;
    ++Count;
    ASSERT_EQ(T.find(T.text(Id)), Id);
  }
  ASSERT_EQ(T.count(), Count);
  for (auto [Left, Right] : T.Merges)
    ASSERT_TRUE(T.has(Left) && T.has(Right));
  for (size_t I = 0; I != T.Added.size(); ++I) {
    ASSERT_TRUE(T.has(T.Added[I].Id));
    ASSERT_TRUE(!I || T.Added[I - 1].Id < T.Added[I].Id);
  }
}

} // namespace

TEST(TokenizerFuzz, Damaged) {
  CheckpointDirectory In, Out;
  unsigned Accepted = 0;
  for (unsigned Seed = 0; Seed != 3000; ++Seed) {
    Damage D(Seed);
    In.write("tokenizer.json",
             D.apply((Seed % 3 ? Sound : SoundUnigram).str()));
    In.write("tokenizer_config.json",
             Seed % 5 ? SoundConfig.str() : D.apply(SoundConfig.str()));
    Faults Found;
    std::unique_ptr<Tokenizer> T = readTokenizer(In.root(), Found);
    ASSERT_EQ(bool(T), Found.empty()) << Seed;
    if (!T)
      continue;
    ++Accepted;
    checkPromises(*T);
    // A vocabulary of millions, by a lone id, is sound, and slow to write.
    if (T->size() > 100000)
      continue;
    for (auto &[Name, Text] : writeTokenizer(*T).Written)
      Out.write(Name, Text);
    Faults FoundAgain;
    std::unique_ptr<Tokenizer> Again = readTokenizer(Out.root(), FoundAgain);
    ASSERT_TRUE(Again) << Seed << ": "
                       << (FoundAgain.empty() ? "" : FoundAgain.texts()[0]);
    checkPromises(*Again);
    for (uint32_t Id = 0; Id != T->size(); ++Id) {
      if (T->has(Id)) {
        ASSERT_EQ(Again->find(T->text(Id)), Id) << Seed;
      }
    }
    ASSERT_EQ(Again->Merges, T->Merges) << Seed;
  }
  // Some damage does no harm.
  EXPECT_GT(Accepted, 100u);
  EXPECT_LT(Accepted, 2900u);
}
