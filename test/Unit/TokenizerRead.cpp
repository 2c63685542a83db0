//===- TokenizerRead.cpp - Reading tokenizers -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include "mergec/Tokenizer/Tokenizer.h"

using namespace mergec;

namespace {
class TokenizerRead : public testing::Test {
protected:
  std::unique_ptr<Tokenizer> read() {
    Found = Faults();
    return readTokenizer(Directory.root(), Found);
  }
  /// The first fault of a tokenizer that must not be read.
  std::string fault() {
    EXPECT_EQ(read(), nullptr);
    if (Found.empty())
      return "";
    return Found.texts()[0];
  }
  static std::string bpe(const std::string &Vocab, const std::string &Merges,
                         const std::string &Added = "") {
    return "{\"version\":\"1.0\",\"added_tokens\":[" + Added +
           "],\"decoder\":null,\"model\":{\"type\":\"BPE\",\"vocab\":{" +
           Vocab + "},\"merges\":[" + Merges + "]}}";
  }

  CheckpointDirectory Directory;
  Faults Found;
};

/// Builds protocol buffers.
std::string bytesField(int Number, const std::string &Bytes) {
  std::string Out(1, char(Number << 3 | 2));
  if (Number >= 16)
    Out = {char(((Number << 3 | 2) & 0x7f) | 0x80), char(Number >> 4)};
  return Out + char(Bytes.size()) + Bytes;
}
std::string numberField(int Number, unsigned Value) {
  std::string Out(1, char(Number << 3));
  if (Number >= 16)
    Out = {char(((Number << 3) & 0x7f) | 0x80), char(Number >> 4)};
  return Out + char(Value);
}
std::string piece(const std::string &Text, float Score, unsigned Type) {
  std::string Bytes(4, '\0');
  std::memcpy(Bytes.data(), &Score, 4);
  return bytesField(1, bytesField(1, Text) + char(2 << 3 | 5) + Bytes +
                           numberField(3, Type));
}
} // namespace

TEST_F(TokenizerRead, None) {
  EXPECT_EQ(read(), nullptr);
  EXPECT_TRUE(Found.empty());
  Directory.write("tokenizer_config.json", "{}");
  EXPECT_EQ(read(), nullptr);
  EXPECT_TRUE(Found.empty());
}

TEST_F(TokenizerRead, MergesAsTextAndAsPairs) {
  for (const char *Merges :
       {"\"a b\",\"ab c\"", "[\"a\",\"b\"],[\"ab\",\"c\"]"}) {
    Directory.write("tokenizer.json",
                    bpe("\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"abc\":9", Merges,
                        "{\"id\":7,\"content\":\"<s>\",\"special\":true,"
                        "\"lstrip\":true}"));
    auto T = read();
    ASSERT_TRUE(T) << Found.texts()[0];
    EXPECT_EQ(T->size(), 10u);
    EXPECT_EQ(T->count(), 6u);
    EXPECT_FALSE(T->has(4));
    EXPECT_EQ(T->find("abc"), 9u);
    EXPECT_EQ(T->text(7), "<s>");
    EXPECT_FALSE(T->isPiece(7));
    ASSERT_TRUE(T->findAdded(7));
    EXPECT_TRUE(T->findAdded(7)->Flags.Special);
    EXPECT_TRUE(T->findAdded(7)->Flags.StripLeft);
    EXPECT_FALSE(T->findAdded(7)->Flags.Normalized);
    std::vector<std::pair<uint32_t, uint32_t>> Want = {{0, 1}, {3, 2}};
    EXPECT_EQ(T->Merges, Want);
    // What is not vocabulary is kept, in its order.
    EXPECT_EQ(T->Skeleton,
              "{\"version\":\"1.0\",\"added_tokens\":[],\"decoder\":null,"
              "\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":[]}}");
  }
}

TEST_F(TokenizerRead, UnigramByPosition) {
  Directory.write("tokenizer.json",
                  "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[["
                  "\"<unk>\",0],[\"\u2581a\",-1.5],[\"b\",-2]]}}");
  auto T = read();
  ASSERT_TRUE(T) << Found.texts()[0];
  EXPECT_EQ(T->How, Tokenizer::Algorithm::Unigram);
  EXPECT_EQ(T->find("\u2581a"), 1u);
  EXPECT_EQ(T->Scores, (std::vector<double>{0, -1.5, -2}));
}

TEST_F(TokenizerRead, WhatOtherFilesAdd) {
  Directory.write("tokenizer.json", bpe("\"a\":0,\"b\":1", ""));
  Directory.write("tokenizer_config.json",
                  "{\"eos_token\":{\"content\":\"</s>\"},"
                  "\"chat_template\":\"{{ x }}\",\"added_tokens_decoder\":{"
                  "\"2\":{\"content\":\"</s>\",\"special\":true}}}");
  Directory.write("special_tokens_map.json",
                  "{\"eos_token\":\"other\",\"pad_token\":\"<pad>\"}");
  Directory.write("added_tokens.json", "{\"</s>\":2,\"<pad>\":3}");
  auto T = read();
  ASSERT_TRUE(T) << Found.texts()[0];
  EXPECT_EQ(T->count(), 4u);
  EXPECT_TRUE(T->findAdded(2)->Flags.Special);
  EXPECT_FALSE(T->findAdded(3)->Flags.Special);
  EXPECT_EQ(T->role("eos_token"), "</s>");
  EXPECT_EQ(T->role("pad_token"), "<pad>");
  EXPECT_EQ(T->ChatTemplate, "{{ x }}");
  Directory.write("chat_template.jinja", "{{ y }}");
  EXPECT_EQ(read()->ChatTemplate, "{{ y }}");
}

TEST_F(TokenizerRead, VocabAndMerges) {
  Directory.write("vocab.json", "{\"a\":0,\"b\":1,\"ab\":2}");
  Directory.write("merges.txt", "#version: 0.2\r\na b\r\n");
  auto T = read();
  ASSERT_TRUE(T) << Found.texts()[0];
  EXPECT_EQ(T->Merges.size(), 1u);
  EXPECT_EQ(T->find("ab"), 2u);
  Directory.write("merges.txt", "a b\nab x\n");
  EXPECT_EQ(fault(), "`merges.txt`: the merge of `ab` and `x` is of `x`, which "
                     "is no token");
  Directory.write("vocab.json", "{\"a\":0,\"b\":[1]}");
  EXPECT_EQ(fault(), "`vocab.json` is not a JSON object of {token: id}");
}

TEST_F(TokenizerRead, SentencePiece) {
  std::string Model = piece("<unk>", 0, 2) + piece("<s>", 0, 3) +
                      piece("\u2581a", -1, 1) + piece("b", -2, 1) +
                      bytesField(2, numberField(3, 2) + numberField(35, 1)) +
                      bytesField(3, bytesField(2, "rules") + numberField(3, 0));
  Directory.write("tokenizer.model", Model);
  auto T = read();
  ASSERT_TRUE(T) << Found.texts()[0];
  EXPECT_EQ(T->From, Tokenizer::Form::SentencePiece);
  EXPECT_EQ(T->How, Tokenizer::Algorithm::BPE);
  EXPECT_EQ(T->find("\u2581a"), 2u);
  EXPECT_EQ(T->Scores[3], -2);
  EXPECT_EQ(T->PieceTypes[1], 3);
  EXPECT_TRUE(T->Facts.ByteFallback);
  EXPECT_FALSE(T->Facts.AddDummyPrefix);
  EXPECT_EQ(T->Facts.CharsMap, "rules");
  // Cut anywhere it is no model, or one of fewer pieces; never a crash.
  for (size_t Size = 0; Size != Model.size(); ++Size) {
    Directory.write("tokenizer.model", Model.substr(0, Size));
    auto Cut = read();
    EXPECT_TRUE(!Cut || Cut->count() <= 4);
  }
}

TEST_F(TokenizerRead, Faults) {
  Directory.write("tokenizer.json", "{\"model\":\n {\"vocab\": {\"a\" 1}}}");
  EXPECT_EQ(fault(), "`tokenizer.json` is not valid JSON at line 2, column 17");
  Directory.write("tokenizer.json", "[]");
  EXPECT_EQ(fault(), "`tokenizer.json` has no vocabulary (`model.vocab`)");
  Directory.write("tokenizer.json", bpe("\"a\":0,\"b\":0", ""));
  EXPECT_EQ(fault(), "`tokenizer.json`: tokens `a` and `b` have the same id 0");
  Directory.write("tokenizer.json", bpe("\"a\":0,\"a\":1", ""));
  EXPECT_EQ(fault(), "`tokenizer.json`: token `a` stands twice in the "
                     "vocabulary, with ids 0 and 1");
  Directory.write("tokenizer.json", bpe("\"a\":4000000000", ""));
  EXPECT_EQ(fault(), "`tokenizer.json`: token `a` has the id 4000000000, which "
                     "no vocabulary reaches");
  Directory.write("tokenizer.json", bpe("\"a\":-1", ""));
  EXPECT_EQ(fault(), "`tokenizer.json`: the vocabulary is neither {token: id} "
                     "nor a list of [piece, score]");
  Directory.write("tokenizer.json", bpe("\"a\":0", "\"a b c\""));
  EXPECT_EQ(fault(), "`tokenizer.json`: `merges` is not a list of pairs");
  Directory.write(
      "tokenizer.json",
      bpe("\"a\":0,\"b\":1", "", "{\"id\":1,\"content\":\"<s>\"},{\"id\":2}"));
  EXPECT_EQ(fault(), "`tokenizer.json`: an entry of `added_tokens` has no "
                     "`content` or no `id`");
  EXPECT_EQ(Found.texts()[1], "tokens `b` and `<s>` have the same id 1");
  Directory.write("tokenizer.json", bpe("\"a\":0", ""));
  Directory.write("added_tokens.json", "{\"a\":5}");
  EXPECT_EQ(fault(), "added token `a` has ids 0 and 5");
  Directory.write("added_tokens.json", std::string(300, '['));
  EXPECT_EQ(fault(), "`added_tokens.json` is not valid JSON at line 1, column "
                     "301");
  Directory.write("added_tokens.json",
                  std::string(300, '[') + std::string(300, ']'));
  EXPECT_EQ(fault(), "`added_tokens.json` nests absurdly deep");
}
