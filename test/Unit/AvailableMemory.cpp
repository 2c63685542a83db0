//===- AvailableMemory.cpp - What a cgroup leaves -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/Runtime/AvailableMemory.h"
#include "CheckpointDirectory.h"
#include "gtest/gtest.h"

using namespace mergec;

namespace {
class AvailableMemory : public testing::Test {
protected:
  uint64_t available(const std::string &Membership) {
    Directory.write("cgroup", Membership);
    return cgroupAvailable(Directory.path("cgroup"), Directory.root());
  }
  static constexpr uint64_t All = ~uint64_t(0);
  CheckpointDirectory Directory;
};
} // namespace

TEST_F(AvailableMemory, Version2) {
  Directory.write("a/b/memory.max", "1000\n");
  Directory.write("a/b/memory.current", "600\n");
  Directory.write("a/b/memory.stat", "anon 100\nfile 450\nslab 50\n");
  EXPECT_EQ(available("0::/a/b\n"), 850u);
  // A limit above it, and no more than that is used.
  Directory.write("a/memory.max", "700\n");
  Directory.write("a/memory.current", "900\n");
  EXPECT_EQ(available("0::/a/b\n"), 0u);
  Directory.write("a/memory.max", "max\n");
  EXPECT_EQ(available("0::/a/b\n"), 850u);
  EXPECT_EQ(available("0::/\n"), All);
}

TEST_F(AvailableMemory, Version1) {
  Directory.write("memory/a/memory.limit_in_bytes", "1000\n");
  Directory.write("memory/a/memory.usage_in_bytes", "600\n");
  Directory.write("memory/a/memory.stat",
                  "cache 1\nrss 150\ntotal_cache 450\ntotal_rss 150\n");
  EXPECT_EQ(available("5:cpu,memory:/a\n4:devices:/\n0::/\n"), 850u);
  EXPECT_EQ(available("5:cpu:/a\n0::/\n"), All);
  // As it is unlimited.
  Directory.write("memory/a/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(available("4:memory:/a\n"), 9223372036854771712u - 150);
}

// There the path is that of the host, and what is mounted is the container's.
TEST_F(AvailableMemory, InAContainer) {
  Directory.write("memory/memory.limit_in_bytes", "1000\n");
  Directory.write("memory.max", "2000\n");
  EXPECT_EQ(available("4:memory:/docker/0123\n"), 1000u);
  EXPECT_EQ(available("0::/docker/0123\n"), 2000u);
}

TEST_F(AvailableMemory, WithoutCgroups) {
  EXPECT_EQ(cgroupAvailable(Directory.path("none"), Directory.root()), All);
  EXPECT_EQ(available("garbage\n\n:\n"), All);
}
