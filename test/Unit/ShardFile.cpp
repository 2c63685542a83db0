//===- ShardFile.cpp - Direct writes of pieces that share blocks ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/ShardFile.h"
#include "CheckpointDirectory.h"
#include "mergec/Schedule/Program.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

using namespace mergec;

namespace {
struct Piece {
  uint64_t Begin, End;
};

/// Some of a byte, some of a few blocks.
std::vector<Piece> cut(uint64_t Size, std::mt19937 &Random) {
  std::vector<Piece> Pieces;
  for (uint64_t At = 0; At != Size;) {
    uint64_t Most = Random() % 3 == 0   ? 5
                    : Random() % 2 == 0 ? 3 * FileBlockBytes
                                        : 2 * BounceBytes;
    uint64_t N = std::min<uint64_t>(Size - At, 1 + Random() % Most);
    Pieces.push_back({At, At + N});
    At += N;
  }
  std::shuffle(Pieces.begin(), Pieces.end(), Random);
  return Pieces;
}

struct Blocks {
  explicit Blocks(uint64_t Bytes)
      : P(static_cast<char *>(std::aligned_alloc(FileBlockBytes, Bytes))) {}
  ~Blocks() { std::free(P); }
  char *P;
};

void writePieces(ShardFile &File, const std::string &Bytes,
                 const std::vector<Piece> &Pieces, std::atomic<size_t> &Next) {
  Blocks Buffer(2 * BounceBytes + 3 * FileBlockBytes), Bounce(BounceBytes);
  for (size_t I; (I = Next++) < Pieces.size();) {
    auto [Begin, End] = Pieces[I];
    // Every other piece lies where direct writes don't want it.
    char *From = Buffer.P + (Begin + I % 2) % FileBlockBytes;
    std::memcpy(From, Bytes.data() + Begin, End - Begin);
    // And every third goes through the page cache.
    EXPECT_EQ(File.writeAt(From, End - Begin, Begin, Bounce.P,
                           /*Directly=*/I % 3 != 0),
              0);
  }
}
} // namespace

TEST(ShardFile, PiecesMakeTheFileInAnyOrder) {
  CheckpointDirectory Directory;
  std::mt19937 Random(1);
  for (uint64_t Size : {uint64_t(1), FileBlockBytes - 1, FileBlockBytes,
                        3 * FileBlockBytes + 7, uint64_t(5'000'001)})
    for (IOMode Mode : {IOMode::Buffered, IOMode::Direct, IOMode::Auto}) {
      std::string Bytes(Size, '\0');
      for (char &C : Bytes)
        C = char(Random());
      std::string Path = Directory.path("out");
      Directory.write("out", std::string(Size, '\0'));
      RunProgress Progress;
      ShardFile File;
      int Error = File.open(Path, Mode, Progress);
      if (Error == EINVAL && Mode == IOMode::Direct)
        GTEST_SKIP() << "no direct writes on this file system";
      ASSERT_EQ(Error, 0);
      EXPECT_EQ(File.mayWriteDirectly(),
                Mode == IOMode::Direct && Size >= FileBlockBytes);
      std::vector<Piece> Pieces = cut(Size, Random);
      std::atomic<size_t> Next = 0;
      std::vector<std::thread> Threads;
      for (unsigned I = 0; I != 4; ++I)
        Threads.emplace_back([&] { writePieces(File, Bytes, Pieces, Next); });
      for (std::thread &T : Threads)
        T.join();
      std::ifstream In(Path, std::ios::binary);
      std::string Got(std::istreambuf_iterator<char>(In), {});
      EXPECT_EQ(Got.size(), Size);
      EXPECT_TRUE(Got == Bytes) << Size << " bytes";
    }
}

// Part of a value that others are making the rest of.
TEST(ShardFile, LeavesWhatIsAroundAPieceAlone) {
  CheckpointDirectory Directory;
  Directory.write("out", std::string(4 * FileBlockBytes, '\0'));
  RunProgress Progress;
  ShardFile File;
  if (File.open(Directory.path("out"), IOMode::Direct, Progress) == EINVAL)
    GTEST_SKIP() << "no direct writes on this file system";
  const uint64_t Edge = FileBlockBytes + 100, End = 4 * FileBlockBytes;
  Blocks Value(End), Bounce(BounceBytes);
  std::memset(Value.P, 1, End);
  EXPECT_EQ(File.writeAt(Value.P, Edge, 0, Bounce.P, true, false), 0);
  std::memset(Value.P, 2, End);
  EXPECT_EQ(
      File.writeAt(Value.P + Edge, End - Edge, Edge, Bounce.P, true, false), 0);
  EXPECT_EQ(std::count(Value.P, Value.P + End, 2), ptrdiff_t(End));
  std::ifstream In(Directory.path("out"), std::ios::binary);
  std::string Got(std::istreambuf_iterator<char>(In), {});
  EXPECT_TRUE(Got == std::string(Edge, 1) + std::string(End - Edge, 2));
}

TEST(ShardFile, NoCallCrossesAPieceOfThePageCache) {
  CheckpointDirectory Directory;
  constexpr uint64_t Piece = ShardFile::PieceBytes;
  Directory.write("out", std::string(6 * Piece, '\0'));
  Blocks Bytes(4 * Piece), Bounce(BounceBytes);
  std::memset(Bytes.P, 1, 4 * Piece);
  for (auto [Offset, Size, Calls] : {std::array<uint64_t, 3>{0, 4 * Piece, 4},
                                     {100'000, 4 * Piece, 5},
                                     {Piece - 1, 2, 2},
                                     {Piece + 1, Piece - 1, 1}}) {
    RunProgress Progress;
    ShardFile File;
    ASSERT_EQ(File.open(Directory.path("out"), IOMode::Buffered, Progress), 0);
    EXPECT_EQ(File.writeAt(Bytes.P, Size, Offset, Bounce.P, false), 0);
    EXPECT_EQ(Progress.Writes, Calls) << Size << " at " << Offset;
  }
}
