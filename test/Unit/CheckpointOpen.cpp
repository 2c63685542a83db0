//===- CheckpointOpen.cpp - Which files and tensors are read --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is sound must open, however odd it is. What is broken is in
// test/Checkpoint, one golden per fault.
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include <cstdlib>
#include <filesystem>

using namespace mergec;

namespace {

TEST(CheckpointOpen, TensorsAreSortedAndFound) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"z", "a.2", "a.10", "m"});
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  std::vector<llvm::StringRef> Names;
  for (const TensorInfo &T : Model->tensors()) {
    Names.push_back(T.Name);
    EXPECT_EQ(Model->find(T.Name), &T);
    EXPECT_EQ(T.elements(), 4u);
    EXPECT_EQ(T.Type, DType::F32);
  }
  EXPECT_EQ(Names, (std::vector<llvm::StringRef>{"a.10", "a.2", "m", "z"}));
  EXPECT_EQ(Model->find("a"), nullptr);
  EXPECT_EQ(Model->find(""), nullptr);
  EXPECT_EQ(Model->find("zz"), nullptr);
}

TEST(CheckpointOpen, OffsetsCountFromTheFilesStart) {
  CheckpointDirectory Dir;
  std::string Json = R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})";
  Dir.writeSafetensors("model.safetensors", Json, 9);
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->tensors()[0].Offset, 8 + Json.size() + 2);
  EXPECT_EQ(Model->tensors()[0].Bytes, 3u);
  EXPECT_EQ(Model->files()[0].Bytes, 8 + Json.size() + 9);
}

TEST(CheckpointOpen, OddButSoundHeaders) {
  CheckpointDirectory Dir;
  Dir.writeSafetensors("model.safetensors",
                       R"( {"__metadata__": {"format": 1, "x": {"y": []}},
    "scalar": {"data_offsets": [0, 8], "shape": [], "dtype": "I64"},
    "empty": {"dtype": "BF16", "shape": [0, 9223372036854775807],
              "data_offsets": [4, 4], "note": [[{"shape": -1}]]},
    "gewicht.größe.重み": {"dtype": "F16", "shape": [1], "data_offsets": [20, 22]},
    "": {"dtype": "BOOL", "shape": [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
         "data_offsets": [30, 31]},
    "halves": {"dtype": "F4", "shape": [2, 3], "data_offsets": [31, 34]},
    "new": {"dtype": "F9_E4M4", "shape": [2], "data_offsets": [34, 37]}}   )",
                       50);
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->tensors().size(), 6u);
  EXPECT_TRUE(Model->find("scalar")->Shape.empty());
  EXPECT_EQ(Model->find("scalar")->elements(), 1u);
  EXPECT_EQ(Model->find("empty")->elements(), 0u);
  EXPECT_TRUE(Model->find("gewicht.größe.重み"));
  const TensorInfo *New = Model->find("new");
  EXPECT_EQ(New->Type, DType::Opaque);
  EXPECT_EQ(Model->foreignType(*New), "F9_E4M4");
  EXPECT_EQ(Model->foreignType(*Model->find("scalar")), "");
}

TEST(CheckpointOpen, IndexChoosesAmongShards) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"a", "b"}, "one.safetensors");
  Dir.writeTensors({"b", "c"}, "two.safetensors");
  Dir.writeTensors({"a", "b", "c"}, "unused.safetensors");
  // `c` is in a shard that is read, and used though the index is silent.
  Dir.write("model.safetensors.index.json",
            R"({"metadata": {"total_size": 1}, "weight_map":
                {"b": "two.safetensors", "a": "one.safetensors"}, "x": [{}]})");
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  ASSERT_EQ(Model->tensors().size(), 3u);
  auto FileOf = [&](llvm::StringRef Name) {
    return llvm::sys::path::filename(
        Model->files()[Model->find(Name)->File].Path);
  };
  EXPECT_EQ(FileOf("a"), "one.safetensors");
  EXPECT_EQ(FileOf("b"), "two.safetensors");
  EXPECT_EQ(FileOf("c"), "two.safetensors");
}

TEST(CheckpointOpen, SingleFileGoesBeforeIndex) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"a"});
  Dir.write("model.safetensors.index.json", "stale");
  Dir.writeTensors({"b"}, "model-00001-of-00002.safetensors");
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_TRUE(Model->find("a"));
  EXPECT_EQ(Model->tensors().size(), 1u);
}

TEST(CheckpointOpen, NumberedShardsWithoutIndex) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"a"}, "model-00001-of-00002.safetensors");
  Dir.writeTensors({"b"}, "model-00002-of-00002.safetensors");
  Dir.writeTensors({"a", "b"}, "consolidated.safetensors");
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->tensors().size(), 2u);
  EXPECT_EQ(Model->files().size(), 2u);
}

TEST(CheckpointOpen, AnyFilesWithoutIndex) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"a"}, "text.safetensors");
  Dir.writeTensors({"b"}, "vision.safetensors");
  Dir.writeTensors({"lora"}, "adapter_model.safetensors");
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->tensors().size(), 2u);
}

TEST(CheckpointOpen, ForeignTypesOfDroppedTensorsAreDropped) {
  CheckpointDirectory Dir;
  auto Tensor = [](llvm::StringRef Type) {
    return (R"({"t":{"dtype":")" + Type +
            R"(","shape":[1],"data_offsets":[0,1]}})")
        .str();
  };
  Dir.writeSafetensors("one.safetensors", Tensor("NEW1"), 1);
  Dir.writeSafetensors("two.safetensors", Tensor("NEW2"), 1);
  // Only `two` holds `u`, so that both are read.
  Dir.writeTensors({"u"}, "three.safetensors");
  Dir.write("model.safetensors.index.json",
            R"({"weight_map": {"t": "two.safetensors",
                               "u": "three.safetensors"}})");
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->foreignType(*Model->find("t")), "NEW2");
}

TEST(CheckpointOpen, ManyTensorsKeepCostingLittle) {
  CheckpointDirectory Dir;
  std::vector<std::string> Names;
  for (int Layer = 0; Layer != 100; ++Layer)
    for (int Expert = 0; Expert != 50; ++Expert)
      Names.push_back("model.layers." + std::to_string(Layer) +
                      ".mlp.experts." + std::to_string(Expert) + ".w1.weight");
  Dir.writeTensors(Names);
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->tensors().size(), 5000u);
  EXPECT_LE(sizeof(TensorInfo), 56u);
  // Names, shapes and nothing else.
  EXPECT_LT(Model->Arena.getBytesAllocated(), 5000u * 64);
}

TEST(CheckpointOpen, ReadingFailsIsTheMachinesFault) {
  CheckpointDirectory Dir;
  std::filesystem::create_symlink("model.safetensors",
                                  Dir.path("model.safetensors"));
  Diagnostics Diags;
  EXPECT_FALSE(Dir.open(Diags));
  ASSERT_EQ(Diags.size(), 1u);
  EXPECT_EQ(Diags.all()[0].Id, Kind::CannotRead);
  EXPECT_EQ(Diags.exitCode(), 2);
}

TEST(CheckpointOpen, PipesAreNotWaitedFor) {
  CheckpointDirectory Dir;
  ASSERT_EQ(std::system(("mkfifo " + Dir.path("model.safetensors")).c_str()),
            0);
  Diagnostics Diags;
  EXPECT_FALSE(Dir.open(Diags));
  ASSERT_EQ(Diags.size(), 1u);
  EXPECT_EQ(Diags.all()[0].Id, Kind::BadSafetensors);
}

TEST(CheckpointOpen, ChangedFilesAreSeen) {
  CheckpointDirectory Dir;
  Dir.writeTensors({"a"});
  auto Model = Dir.open();
  ASSERT_TRUE(Model);
  Diagnostics Diags;
  EXPECT_TRUE(checkUnchanged(*Model, Diags));
  EXPECT_EQ(Diags.size(), 0u);

  // Of the same size, but younger.
  std::filesystem::path Path = Dir.path("model.safetensors");
  std::filesystem::last_write_time(Path,
                                   std::filesystem::last_write_time(Path) +
                                       std::chrono::milliseconds(3));
  EXPECT_FALSE(checkUnchanged(*Model, Diags));
  EXPECT_EQ(Diags.all()[0].Id, Kind::InputChanged);
  std::filesystem::remove(Path);
  EXPECT_FALSE(Model->files()[0].unchanged());
}

} // namespace
