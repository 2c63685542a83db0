//===- SafetensorsFuzz.cpp - Headers, damaged at random -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever a header holds, reading it ends, and what it accepts keeps the
// promises of Checkpoint.h. The damage is the same in every run.
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include "mergec/Checkpoint/Safetensors.h"
#include <random>

using namespace mergec;

namespace {

constexpr llvm::StringLiteral SoundHeader =
    R"({"__metadata__":{"format":"pt"},
"model.embed_tokens.weight":{"dtype":"BF16","shape":[4,2],"data_offsets":[0,16]},
"model.layers.0.w":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]},
"model.layers.1.w":{"dtype":"F64","shape":[],"data_offsets":[32,40]},
"x":{"dtype":"F4","shape":[2,4],"data_offsets":[40,44]},
"e":{"dtype":"I64","shape":[0,7],"data_offsets":[44,44]},
"q":{"dtype":"NEW","shape":[3],"data_offsets":[44,48]}})";
constexpr uint64_t DataBytes = 48;

constexpr llvm::StringLiteral SoundIndex =
    R"({"metadata":{"total_size":48},"weight_map":{
"model.embed_tokens.weight":"model-1.safetensors",
"model.layers.0.w":"model-1.safetensors","model.layers.1.w":"model-1.safetensors",
"x":"model-1.safetensors","e":"model-1.safetensors","q":"model-1.safetensors"}})";

constexpr llvm::StringLiteral SoundConfig =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama",
"num_hidden_layers":2,"num_nextn_predict_layers":0,"vocab_size":4,
"text_config":{"num_hidden_layers":2},"rope":[0.5,Infinity,-1e3],
"quantization_config":{"quant_method":"gptq"}})";

constexpr llvm::StringLiteral Pieces[] = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "0",
                                          "-1",
                                          "1.5",
                                          "1e400",
                                          "null",
                                          "true",
                                          "18446744073709551615",
                                          "9223372036854775808",
                                          "4294967296",
                                          "\\",
                                          "\\u0000",
                                          "\xff",
                                          "\xc3",
                                          "\"dtype\"",
                                          "\"shape\"",
                                          "\"data_offsets\"",
                                          "\"__metadata__\"",
                                          "\"F32\"",
                                          "[[[[[[[[",
                                          "{\"a\":{\"a\":",
                                          "[0,16]",
                                          "../",
                                          "NaN",
                                          "\n",
                                          "\t",
                                          " "};

class Damager {
public:
  explicit Damager(uint64_t Seed) : Random(Seed) {}

  std::string damage(llvm::StringRef Sound) {
    std::string Text = Sound.str();
    for (unsigned Times = 1 + below(4); Times; --Times)
      damageOnce(Text);
    return Text;
  }
  size_t below(size_t Limit) { return Limit ? Random() % Limit : 0; }

private:
  void damageOnce(std::string &Text) {
    size_t At = below(Text.size()), Length = below(20);
    switch (below(7)) {
    case 0:
      if (!Text.empty())
        Text[At] = static_cast<char>(below(256));
      break;
    case 1:
      Text.erase(At, Length);
      break;
    case 2:
      Text.insert(At, Pieces[below(std::size(Pieces))].str());
      break;
    case 3:
      Text.insert(below(Text.size()), Text.substr(At, Length * 4));
      break;
    case 4: // Replaces a number by another.
      At = Text.find_first_of("0123456789", At);
      if (At != std::string::npos)
        Text.replace(At, 1, std::to_string(Random() >> below(64)));
      break;
    case 5:
      Text.resize(At);
      break;
    case 6:
      if (!Text.empty())
        Text[At] ^= static_cast<char>(1 << below(8));
      break;
    }
  }

  std::mt19937_64 Random;
};

void expectPromises(const Checkpoint &Model, uint64_t DataStart,
                    uint64_t FileBytes, bool IsSound) {
  uint64_t Total = 0;
  for (const TensorInfo &T : Model.tensors()) {
    ASSERT_GE(T.Offset, DataStart);
    ASSERT_LE(T.Bytes, FileBytes);
    ASSERT_LE(T.Offset, FileBytes - T.Bytes);
    if (T.Type != DType::Opaque) {
      ASSERT_EQ(T.Bytes * 8, T.elements() * bitWidth(T.Type));
    }
    Total += T.Bytes;
  }
  for (size_t I = 1; I < Model.tensors().size(); ++I)
    ASSERT_LE(Model.tensors()[I - 1].Name, Model.tensors()[I].Name);
  if (!IsSound)
    return;
  ASSERT_LE(Total, FileBytes - DataStart);
  for (size_t I = 1; I < Model.tensors().size(); ++I)
    ASSERT_NE(Model.tensors()[I - 1].Name, Model.tensors()[I].Name);
}

TEST(SafetensorsFuzz, SoundHeaderIsSound) {
  Checkpoint Model;
  Faults Found;
  uint64_t Start = LengthBytes + SoundHeader.size();
  parseSafetensorsHeader(SoundHeader, Start, Start + DataBytes, 0, Model,
                         Found);
  EXPECT_TRUE(Found.empty()) << Found.texts()[0];
  EXPECT_EQ(Model.tensors().size(), 6u);
  expectPromises(Model, Start, Start + DataBytes, true);
}

TEST(SafetensorsFuzz, Headers) {
  Damager Damage(1);
  unsigned Accepted = 0;
  for (unsigned Run = 0; Run != 20'000; ++Run) {
    std::string Json = Damage.damage(SoundHeader);
    Checkpoint Model;
    Faults Found;
    uint64_t Start = LengthBytes + Json.size();
    uint64_t End = Start + Damage.below(2 * DataBytes);
    parseSafetensorsHeader(Json, Start, End, 0, Model, Found);
    expectPromises(Model, Start, End, Found.empty());
    Accepted += Found.empty();
    ASSERT_FALSE(testing::Test::HasFatalFailure()) << Run << ": " << Json;
  }
  // Neither all nor none: the damage is worth trying.
  EXPECT_GT(Accepted, 100u);
  EXPECT_LT(Accepted, 15'000u);
}

/// Behind a byte order mark no text is plain, so that all of it takes the long
/// way.
TEST(SafetensorsFuzz, PlainOrNotIsTheSame) {
  constexpr llvm::StringLiteral Mark = "\xef\xbb\xbf";
  constexpr llvm::StringLiteral Invalid =
      "the header is not valid JSON at byte ";
  Damager Damage(4);
  for (unsigned Run = 0; Run != 20'000; ++Run) {
    std::string Json = Damage.damage(SoundHeader);
    uint64_t Start = LengthBytes + Json.size(), End = Start + DataBytes;
    Checkpoint Model, Other;
    Faults Found, OthersFound;
    parseSafetensorsHeader(Json, Start, End, 0, Model, Found);
    parseSafetensorsHeader(Mark.str() + Json, Start, End, 0, Other,
                           OthersFound);
    ASSERT_EQ(Found.size(), OthersFound.size()) << Json;
    for (auto [Text, OtherText] :
         llvm::zip_equal(Found.texts(), OthersFound.texts())) {
      llvm::StringRef A = Text, B = OtherText;
      unsigned AtByte = 0, OtherAtByte = 0;
      if (A.consume_front(Invalid) && B.consume_front(Invalid)) {
        ASSERT_FALSE(A.consumeInteger(10, AtByte));
        ASSERT_FALSE(B.consumeInteger(10, OtherAtByte));
        ASSERT_EQ(AtByte + Mark.size(), OtherAtByte) << Json;
      }
      ASSERT_EQ(A, B) << Json;
    }
    ASSERT_EQ(Model.tensors().size(), Other.tensors().size()) << Json;
    for (auto [T, U] : llvm::zip_equal(Model.tensors(), Other.tensors())) {
      ASSERT_EQ(T.Name, U.Name);
      ASSERT_EQ(T.Shape, U.Shape);
      ASSERT_EQ(T.Offset, U.Offset);
      ASSERT_EQ(T.Type, U.Type);
      ASSERT_EQ(Model.foreignType(T), Other.foreignType(U));
    }
  }
}

TEST(SafetensorsFuzz, Directories) {
  Damager Damage(2);
  CheckpointDirectory Dir;
  for (unsigned Run = 0; Run != 1500; ++Run) {
    auto Maybe = [&](llvm::StringRef Sound) {
      return Damage.below(2) ? Damage.damage(Sound) : Sound.str();
    };
    Dir.writeSafetensors("model-1.safetensors", Maybe(SoundHeader), DataBytes);
    Dir.write("model.safetensors.index.json", Maybe(SoundIndex));
    Dir.write("config.json", Maybe(SoundConfig));
    Diagnostics Diags;
    auto Model = Dir.open(Diags);
    ASSERT_EQ(Model == nullptr, Diags.exitCode() != 0) << Run;
    if (!Model)
      continue;
    for (const TensorInfo &T : Model->tensors()) {
      Model->role(T.Name);
      ASSERT_EQ(Model->find(T.Name), &T);
      ASSERT_LE(T.Offset + T.Bytes, Model->files()[T.File].Bytes);
    }
  }
}

TEST(SafetensorsFuzz, WholeFiles) {
  Damager Damage(3);
  CheckpointDirectory Dir;
  Dir.writeSafetensors("model.safetensors", SoundHeader, DataBytes);
  std::string Bytes(LengthBytes, '\0');
  llvm::support::endian::write64le(Bytes.data(), SoundHeader.size());
  Bytes += SoundHeader.str() + std::string(DataBytes, '\0');
  for (unsigned Run = 0; Run != 1500; ++Run) {
    // The length is the part that is hit here.
    std::string File = Damage.damage(llvm::StringRef(Bytes).take_front(8)) +
                       Bytes.substr(8, Damage.below(Bytes.size()));
    Dir.write("model.safetensors", File);
    Diagnostics Diags;
    auto Model = Dir.open(Diags);
    ASSERT_EQ(Model == nullptr, Diags.exitCode() != 0) << Run;
  }
}

TEST(SafetensorsFuzz, ManyFaultsAreCountedNotKept) {
  std::string Json = "{";
  for (int I = 0; I != 1000; ++I)
    Json += (I ? ",\"" : "\"") + std::to_string(I) + "\":1";
  Json += "}";
  Checkpoint Model;
  Faults Found;
  parseSafetensorsHeader(Json, 8 + Json.size(), 8 + Json.size(), 0, Model,
                         Found);
  EXPECT_EQ(Found.size(), 1000u);
  EXPECT_EQ(Found.texts().size(), Faults::Shown);
}

TEST(SafetensorsFuzz, NestingCostsNoStack) {
  for (llvm::StringRef Open : {"[", "{\"a\":"}) {
    std::string Json = "{\"t\":{\"shape\":";
    for (int I = 0; I != 1'000'000; ++I)
      Json += Open;
    Checkpoint Model;
    Faults Found;
    parseSafetensorsHeader(Json, 8 + Json.size(), 8 + Json.size(), 0, Model,
                           Found);
    EXPECT_FALSE(Found.empty());
    EXPECT_TRUE(Model.tensors().empty());
  }
}

TEST(SafetensorsFuzz, NamesAreFitToPrint) {
  EXPECT_EQ(quotedName("a.b"), "`a.b`");
  EXPECT_EQ(quotedName("\x1b[31m\n"), "`\\x1b[31m\\x0a`");
  EXPECT_EQ(quotedName("größe"), "`größe`");
  std::string Long = quotedName(std::string(1000, 'x'));
  EXPECT_LT(Long.size(), 200u);
  // Cut between letters, not inside one.
  std::string Wide;
  for (int I = 0; I != 100; ++I)
    Wide += "重";
  EXPECT_EQ(quotedName(Wide).size() % 3, 2u);
}

} // namespace
