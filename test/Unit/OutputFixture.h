//===- OutputFixture.h - Places and models for the tests of Output -*- C++
//-*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_OUTPUTFIXTURE_H
#define MERGEC_TEST_UNIT_OUTPUTFIXTURE_H

#include "mergec/Output/Output.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <unistd.h>

namespace mergec::test {

inline std::string contentsOf(const std::filesystem::path &Path) {
  std::ifstream In(Path, std::ios::binary);
  return {std::istreambuf_iterator<char>(In), {}};
}

inline void writeTo(const std::filesystem::path &Path,
                    const std::string &Text = "x") {
  std::filesystem::create_directories(Path.parent_path());
  std::ofstream(Path, std::ios::binary) << Text;
}

/// The names in a directory, hidden ones too.
inline std::set<std::string> namesIn(const std::filesystem::path &Directory) {
  std::set<std::string> Names;
  for (const auto &Entry : std::filesystem::directory_iterator(Directory))
    Names.insert(Entry.path().filename());
  return Names;
}

/// All that was reported: `kind-name: message`, one a line.
inline std::string reported(const Diagnostics &Diags) {
  std::string Text;
  for (const Diagnostic &D : Diags.all())
    Text += kindName(D.Id).str() + ": " + D.Message + "\n";
  return Text;
}

/// Each test has an empty directory of its own.
class OutputTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string Pattern =
        (std::filesystem::temp_directory_path() / "mergec-output-XXXXXX");
    ASSERT_NE(::mkdtemp(Pattern.data()), nullptr);
    Root = std::filesystem::canonical(Pattern);
  }
  void TearDown() override { std::filesystem::remove_all(Root); }

  std::string at(const std::string &Name) const { return Root / Name; }

  std::filesystem::path Root;
  Diagnostics Diags;
};

} // namespace mergec::test

#endif // MERGEC_TEST_UNIT_OUTPUTFIXTURE_H
