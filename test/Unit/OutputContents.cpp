//===- OutputContents.cpp - What stands beside the weights ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutputFixture.h"

using namespace mergec;
using namespace mergec::test;
namespace fs = std::filesystem;

namespace {
class OutputContentsTest : public OutputTest {
protected:
  void SetUp() override {
    OutputTest::SetUp();
    Tensors = {{"a", {}, DType::F32, {}, 4}};
    Layout = layOut(Tensors, 1 << 20);
    Donor.Name = "donor";
    Donor.Directory = at("donor");
    Donor.ConfigText = "{}";
    fs::create_directory(at("donor"));
    Contents.Donor = &Donor;
  }

  bool write() {
    auto Directory =
        OutputDirectory::begin(at("out"), false, Layout, {&Donor}, Diags);
    return Directory &&
           Directory->writeContents(Layout, Tensors, Contents, Diags) &&
           Directory->commit(Diags);
  }

  std::vector<OutputTensor> Tensors;
  OutputLayout Layout;
  Checkpoint Donor;
  OutputContents Contents;
};
} // namespace

TEST_F(OutputContentsTest, OneShardNeedsNoIndex) {
  EXPECT_TRUE(write()) << reported(Diags);
  EXPECT_EQ(
      namesIn(at("out")),
      (std::set<std::string>{"README.md", "config.json", "model.safetensors"}));
}

TEST_F(OutputContentsTest, TakesTokenizerAndGenerationFiles) {
  for (const char *Name :
       {"tokenizer.json", "tokenizer_config.json", "generation_config.json",
        "merges.txt", "vocab.json", "qwen.tiktoken", "chat_template.jinja",
        "preprocessor_config.json", "README.md", "training_args.bin",
        "optimizer.pt", "modeling.py"})
    writeTo(at(std::string("donor/") + Name), Name);
  EXPECT_TRUE(write()) << reported(Diags);
  EXPECT_EQ(
      namesIn(at("out")),
      (std::set<std::string>{
          "README.md", "config.json", "model.safetensors", "tokenizer.json",
          "tokenizer_config.json", "generation_config.json", "merges.txt",
          "vocab.json", "qwen.tiktoken", "chat_template.jinja",
          "preprocessor_config.json"}));
  EXPECT_EQ(contentsOf(at("out/merges.txt")), "merges.txt");
  EXPECT_NE(contentsOf(at("out/README.md")), "README.md");
}

TEST_F(OutputContentsTest, LinksOfTheCacheBecomeFiles) {
  std::string Large(3 << 20, 't');
  writeTo(at("blobs/77"), Large);
  fs::create_symlink("../blobs/77", at("donor/tokenizer.json"));
  EXPECT_TRUE(write()) << reported(Diags);
  EXPECT_FALSE(fs::is_symlink(at("out/tokenizer.json")));
  EXPECT_EQ(contentsOf(at("out/tokenizer.json")), Large);
}

TEST_F(OutputContentsTest, CustomCodeComesWithAutoMap) {
  writeTo(at("donor/modeling_x.py"));
  writeTo(at("donor/layers_x.py"));
  Donor.ConfigText = R"({"auto_map": {"AutoModel": "modeling_x.X"}})";
  EXPECT_TRUE(write()) << reported(Diags);
  EXPECT_TRUE(fs::exists(at("out/modeling_x.py")));
  EXPECT_TRUE(fs::exists(at("out/layers_x.py")));
}

TEST_F(OutputContentsTest, CustomCodeOfTheTokenizerAlone) {
  writeTo(at("donor/tokenization_x.py"));
  writeTo(at("donor/tokenizer_config.json"), R"({"auto_map": {}})");
  EXPECT_TRUE(write()) << reported(Diags);
  EXPECT_TRUE(fs::exists(at("out/tokenization_x.py")));
}

TEST_F(OutputContentsTest, ADonorWithoutConfigIsRemarkedOn) {
  Donor.ConfigText = "";
  EXPECT_TRUE(write());
  EXPECT_EQ(reported(Diags), "no-config: model `donor` has no `config.json`, "
                             "so the result has none\n");
  EXPECT_EQ(Diags.exitCode(), 0);
  EXPECT_FALSE(fs::exists(at("out/config.json")));
}

TEST_F(OutputContentsTest, AllThatCannotBeReadIsReported) {
  Donor.ConfigText = "[]";
  fs::create_symlink("nowhere", at("donor/tokenizer.json"));
  fs::create_directory(at("donor/vocab.txt"));
  EXPECT_FALSE(write());
  EXPECT_EQ(reported(Diags),
            "bad-config: `config.json` of model `donor` is not a JSON object\n"
            "cannot-read: cannot read `" +
                at("donor/tokenizer.json") +
                "`: no such file or directory\n"
                "cannot-read: cannot read `" +
                at("donor/vocab.txt") + "`: is a directory\n");
  EXPECT_FALSE(fs::exists(at("out")));
}
