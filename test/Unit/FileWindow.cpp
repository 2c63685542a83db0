//===- FileWindow.cpp - Files read where they are cached ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/File.h"
#include "CheckpointDirectory.h"
#include "mergec/Runtime/Runtime.h"
#include "gtest/gtest.h"
#include <cerrno>
#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace mergec;

namespace {
constexpr uint64_t Bytes = 5 * FileWindow::LargestPageBytes + 1234;

class FileWindowTest : public testing::Test {
protected:
  FileWindowTest() : Contents(Bytes, '\0') {
    for (uint64_t I = 0; I != Bytes; ++I)
      Contents[I] = static_cast<char>(I * 7 + I / 4096);
    Directory.write("data", Contents);
    EXPECT_EQ(Data.openForReading(path()), 0);
    EXPECT_EQ(Data.map(Mapping), 0);
  }
  std::string path() const { return Directory.path("data"); }
  void shorten(uint64_t To) const {
    ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(To)), 0);
  }
  bool shows(uint64_t Offset, uint64_t Count) const {
    return std::memcmp(Mapping.begin() + Offset, Contents.data() + Offset,
                       Count) == 0;
  }

  CheckpointDirectory Directory;
  std::string Contents;
  File Data;
  FileMapping Mapping;
};

/// Of the process's memory what files are mapped to, in KiB.
uint64_t fileKiB() {
  std::ifstream Status("/proc/self/status");
  std::string Word;
  uint64_t Value = 0;
  while (Status >> Word)
    if (Word == "RssFile:") {
      Status >> Value;
      break;
    }
  return Value;
}

TEST_F(FileWindowTest, ShowsBytesAnywhere) {
  EXPECT_EQ(Mapping.end() - Mapping.begin(), static_cast<ptrdiff_t>(Bytes));
  FileWindow Window;
  for (auto [Offset, Count] : {std::pair<uint64_t, uint64_t>{0, 1},
                               {4095, 2},
                               {123457, 3000000},
                               {Bytes - 5, 5},
                               {0, Bytes}}) {
    ASSERT_EQ(Window.open(Mapping, Offset, Count), 0);
    EXPECT_TRUE(Window.isOpenAt(Mapping.begin() + Offset, Count));
    EXPECT_FALSE(Window.isOpenAt(Mapping.begin() + Offset, Count + 1));
    EXPECT_TRUE(shows(Offset, Count));
  }
}

TEST_F(FileWindowTest, TakesNoMemoryOnceItIsClosed) {
  const uint64_t Before = fileKiB();
  FileWindow Window;
  uint64_t Most = 0;
  constexpr uint64_t Step = 300000;
  for (uint64_t At = 0; At + Step < Bytes; At += Step) {
    ASSERT_EQ(Window.open(Mapping, At, Step), 0);
    EXPECT_TRUE(shows(At, Step));
    Most = std::max(Most, fileKiB() - Before);
  }
  EXPECT_GE(Most, Step >> 10);
  // The test itself may take another page of its own program.
  constexpr uint64_t Others = 1024;
  EXPECT_LE(Most, ((Step + FileWindow::MostUnasked) >> 10) + Others);
  Window.close();
  EXPECT_LE(fileKiB(), Before + Others);
}

TEST_F(FileWindowTest, ASecondWindowSurvivesTheFirst) {
  FileWindow First, Second;
  ASSERT_EQ(First.open(Mapping, 0, 100000), 0);
  ASSERT_EQ(Second.open(Mapping, 100000, 100000), 0);
  First.close(); // And with it pages that lie around.
  EXPECT_TRUE(shows(100000, 100000));
}

TEST_F(FileWindowTest, AFileThatHasBecomeShorter) {
  shorten(Bytes / 2);
  FileWindow Window;
  EXPECT_EQ(Window.open(Mapping, Bytes / 2 + 4096, 10000), EFAULT);
  EXPECT_FALSE(Window.isOpenAt(Mapping.begin() + Bytes / 2 + 4096, 1));
  ASSERT_EQ(Window.open(Mapping, 0, 10000), 0);
  EXPECT_TRUE(shows(0, 10000));
}

using FileWindowDeathTest = FileWindowTest;

TEST_F(FileWindowDeathTest, BytesThatAreLostWhileTheyAreRead) {
  EXPECT_EXIT(
      {
        explainLostInputs();
        FileWindow Window;
        if (Window.open(Mapping, 0, Bytes) != 0)
          std::_Exit(1);
        shorten(4096);
        std::_Exit(shows(0, Bytes) ? 0 : 1);
      },
      testing::ExitedWithCode(2),
      "error: an input became shorter while it was merged, or its disk can't "
      "be read any more");
}

TEST(FileMapping, AnEmptyFileHasNone) {
  CheckpointDirectory Directory;
  Directory.write("empty", "");
  File Data;
  ASSERT_EQ(Data.openForReading(Directory.path("empty")), 0);
  FileMapping Mapping;
  EXPECT_NE(Data.map(Mapping), 0);
  EXPECT_EQ(Mapping.begin(), nullptr);
}

TEST(File, KnowsWhatIsCached) {
  CheckpointDirectory Directory;
  Directory.write("data", std::string(1 << 20, 'x'));
  File Data;
  ASSERT_EQ(Data.openForReading(Directory.path("data")), 0);
  if (!Data.isCached(1 << 20, 0))
    GTEST_SKIP() << "the kernel can't say what is cached";
  EXPECT_TRUE(Data.isCached(100, 123456));
  ::sync(); // What was not written can't be dropped.
  Data.forget(1 << 20, 0);
  EXPECT_FALSE(Data.isCached(1 << 20, 0));
}
} // namespace
