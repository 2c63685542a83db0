//===- PlanFixture.h - Plans from text --------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_PLANFIXTURE_H
#define MERGEC_TEST_UNIT_PLANFIXTURE_H

#include "mergec/Plan/Plan.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

namespace mergec::test {

/// Parses text as a file. A part of the result points into the diagnostics.
class PlanTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("plan", "yml", Path));
  }
  void TearDown() override { llvm::sys::fs::remove(Path); }

  bool write(llvm::StringRef Text) {
    // A file that is cut to nothing and written again is flushed to disk by
    // some file systems; a new one is not.
    llvm::sys::fs::remove(Path);
    std::error_code Failed;
    llvm::raw_fd_ostream(Path, Failed) << Text;
    return !Failed;
  }

  std::optional<Plan> parse(llvm::StringRef Text, Diagnostics &Diags) {
    EXPECT_TRUE(write(Text));
    std::optional<PlanFile> File = readPlanFile(Path, Diags);
    if (!File)
      return std::nullopt;
    return File->Plans.front();
  }

  /// A plan without mistakes.
  Plan good(llvm::StringRef Text) {
    std::optional<Plan> P = parse(Text, Diags);
    std::string Said;
    llvm::raw_string_ostream OS(Said);
    Diags.flush(OS);
    EXPECT_EQ(Said, "");
    EXPECT_TRUE(P);
    return P ? *P : Plan();
  }

  llvm::SmallString<64> Path;
  Diagnostics Diags;
};

} // namespace mergec::test

#endif // MERGEC_TEST_UNIT_PLANFIXTURE_H
