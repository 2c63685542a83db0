//===- OutputLayout.cpp - Which byte of which shard -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Output/Output.h"
#include "llvm/Support/Endian.h"
#include <chrono>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace mergec;
using Json = nlohmann::ordered_json;

namespace {
OutputTensor tensor(llvm::StringRef Name, llvm::ArrayRef<int64_t> Shape,
                    DType Type) {
  uint64_t Bits = bitWidth(Type);
  for (int64_t Extent : Shape)
    Bits *= Extent;
  return {Name, Shape, Type, {}, Bits / 8};
}

/// The header read back, after the checks that a safetensors reader makes.
Json readHeader(const OutputShard &Shard,
                llvm::ArrayRef<OutputTensor> Tensors) {
  const std::string &Header = Shard.Header;
  EXPECT_EQ(Header.size() % 4096, 0u);
  EXPECT_EQ(llvm::support::endian::read64le(Header.data()), Header.size() - 8);
  EXPECT_LE(Header.size(), 100'000'000u);
  EXPECT_EQ(Header[8], '{');
  Json Parsed = Json::parse(Header.substr(8));
  EXPECT_EQ(Parsed["__metadata__"], Json::parse(R"({"format":"pt"})"));
  Parsed.erase("__metadata__");

  std::vector<std::pair<uint64_t, uint64_t>> Ranges;
  for (auto &[Name, Entry] : Parsed.items())
    Ranges.emplace_back(Entry["data_offsets"][0], Entry["data_offsets"][1]);
  std::sort(Ranges.begin(), Ranges.end());
  uint64_t End = 0;
  for (auto [First, Last] : Ranges) {
    EXPECT_EQ(First, End);
    End = Last;
  }
  EXPECT_EQ(Shard.Bytes, Header.size() + End);

  for (const OutputTensor &T : Tensors)
    if (auto At = Parsed.find(T.Name.str()); At != Parsed.end()) {
      uint64_t First = (*At)["data_offsets"][0];
      EXPECT_EQ(First + Header.size(), T.Offset);
      EXPECT_EQ((*At)["data_offsets"][1], First + T.Bytes);
    }
  return Parsed;
}
} // namespace

TEST(OutputLayout, OneShardInTheGivenOrder) {
  int64_t Matrix[] = {4, 3}, Vector[] = {5};
  std::vector<OutputTensor> Tensors = {tensor("z", Matrix, DType::BF16),
                                       tensor("a", Vector, DType::BF16),
                                       tensor("m", {}, DType::F16)};
  OutputLayout Layout = layOut(Tensors, 1 << 20);
  ASSERT_EQ(Layout.Shards.size(), 1u);
  EXPECT_EQ(Layout.Shards[0].FileName, "model.safetensors");
  EXPECT_EQ(Layout.TensorBytes, 36u);
  Json Header = readHeader(Layout.Shards[0], Tensors);
  EXPECT_EQ(Header.dump(),
            R"({"z":{"dtype":"BF16","shape":[4,3],"data_offsets":[0,24]},)"
            R"("a":{"dtype":"BF16","shape":[5],"data_offsets":[24,34]},)"
            R"("m":{"dtype":"F16","shape":[],"data_offsets":[34,36]}})");
}

TEST(OutputLayout, ShardsFillUpInOrder) {
  int64_t Small[] = {10}, Large[] = {100};
  std::vector<OutputTensor> Tensors = {
      tensor("a", Small, DType::U8), tensor("b", Small, DType::U8),
      tensor("c", Small, DType::U8), tensor("d", Large, DType::U8),
      tensor("e", Small, DType::U8)};
  OutputLayout Layout = layOut(Tensors, 20);
  ASSERT_EQ(Layout.Shards.size(), 4u);
  EXPECT_EQ(Layout.Shards[0].FileName, "model-00001-of-00004.safetensors");
  EXPECT_EQ(Layout.Shards[3].FileName, "model-00004-of-00004.safetensors");
  uint32_t Expected[] = {0, 0, 1, 2, 3};
  for (size_t I = 0; I != 5; ++I)
    EXPECT_EQ(Tensors[I].Shard, Expected[I]) << I;
  for (const OutputShard &Shard : Layout.Shards)
    readHeader(Shard, Tensors);
  EXPECT_EQ(Layout.TensorBytes, 140u);
}

TEST(OutputLayout, NoShardSizeMakesAShardOfEachTensor) {
  int64_t Shape[] = {10};
  std::vector<OutputTensor> Tensors = {tensor("a", Shape, DType::U8),
                                       tensor("b", Shape, DType::U8)};
  EXPECT_EQ(layOut(Tensors, 0).Shards.size(), 2u);
}

TEST(OutputLayout, WiderElementsFirstWhereOneWouldBeMisaligned) {
  int64_t Odd[] = {3}, Two[] = {2};
  std::vector<OutputTensor> Tensors = {
      tensor("a", Odd, DType::U8), tensor("b", Odd, DType::BF16),
      tensor("c", Two, DType::F32), tensor("d", Odd, DType::F16),
      tensor("e", {}, DType::I64)};
  OutputLayout Layout = layOut(Tensors, 1 << 20);
  Json Header = readHeader(Layout.Shards[0], Tensors);
  std::string Order;
  for (auto &[Name, Entry] : Header.items())
    Order += Name;
  EXPECT_EQ(Order, "ecbda");
  for (const OutputTensor &T : Tensors)
    EXPECT_EQ(T.Offset % byteWidth(T.Type), 0u) << T.Name.str();
}

TEST(OutputLayout, NamesAreEscaped) {
  llvm::StringRef Names[] = {"quote\"", "back\\slash", "line\nbreak", "größe",
                             "\x01"};
  std::vector<OutputTensor> Tensors;
  for (llvm::StringRef Name : Names)
    Tensors.push_back(tensor(Name, {}, DType::F32));
  OutputLayout Layout = layOut(Tensors, 1 << 20);
  Json Header = readHeader(Layout.Shards[0], Tensors);
  for (llvm::StringRef Name : Names)
    EXPECT_TRUE(Header.contains(Name.str())) << Name.str();
}

TEST(OutputLayout, ForeignTypesKeepTheirNames) {
  int64_t Shape[] = {4};
  std::vector<OutputTensor> Tensors = {
      {"a", Shape, DType::Opaque, "F2_X", 1, 0, 0},
      tensor("b", Shape, DType::F8E4M3)};
  OutputLayout Layout = layOut(Tensors, 1 << 20);
  Json Header = readHeader(Layout.Shards[0], Tensors);
  EXPECT_EQ(Header["a"]["dtype"], "F2_X");
  EXPECT_EQ(Header["b"]["dtype"], "F8_E4M3");
}

TEST(OutputLayout, EmptyTensorsAndNoTensors) {
  int64_t None[] = {0, 7}, Some[] = {2};
  std::vector<OutputTensor> Tensors = {tensor("a", None, DType::F32),
                                       tensor("b", Some, DType::F32),
                                       tensor("c", None, DType::F32)};
  OutputLayout Layout = layOut(Tensors, 1 << 20);
  readHeader(Layout.Shards[0], Tensors);
  EXPECT_EQ(Layout.TensorBytes, 8u);

  Tensors.clear();
  Layout = layOut(Tensors, 1 << 20);
  ASSERT_EQ(Layout.Shards.size(), 1u);
  EXPECT_TRUE(readHeader(Layout.Shards[0], Tensors).empty());
}

TEST(OutputLayout, DataBeginAtABlockWhateverTheHeadersLength) {
  for (size_t Length = 3950; Length != 4070; ++Length) {
    std::string Name(Length, 'n');
    std::vector<OutputTensor> Tensors = {tensor(Name, {}, DType::F32)};
    OutputLayout Layout = layOut(Tensors, 1 << 20);
    readHeader(Layout.Shards[0], Tensors);
    EXPECT_EQ(Tensors[0].Offset % 4096, 0u);
    EXPECT_LE(Tensors[0].Offset, 8192u);
  }
}

// A million tensors need more header than readers accept in one file.
TEST(OutputLayout, AMillionTensors) {
  constexpr size_t Count = 1'000'000;
  int64_t Shape[] = {2, 3};
  std::vector<std::string> Names;
  std::vector<OutputTensor> Tensors;
  for (size_t I = 0; I != Count; ++I)
    Names.push_back("model.layers." + std::to_string(I / 100) +
                    ".block_sparse_moe.experts." + std::to_string(I % 100) +
                    ".w1.weight");
  for (const std::string &Name : Names)
    Tensors.push_back(tensor(Name, Shape, DType::BF16));
  auto Start = std::chrono::steady_clock::now();
  OutputLayout Layout = layOut(Tensors, UINT64_MAX);
  std::chrono::duration<double> Seconds =
      std::chrono::steady_clock::now() - Start;
  // Far above what it takes, and far below what quadratic time would.
  EXPECT_LT(Seconds.count(), 20);
  EXPECT_EQ(Layout.Shards.size(), 2u);
  for (const OutputShard &Shard : Layout.Shards) {
    EXPECT_LE(Shard.Header.size(), 100'000'000u);
    EXPECT_EQ(Shard.Header.size() % 4096, 0u);
  }
  EXPECT_EQ(Layout.TensorBytes, Count * 12);
}
