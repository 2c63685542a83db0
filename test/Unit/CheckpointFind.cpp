//===- CheckpointFind.cpp - Where models are looked for -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"
#include <cstdlib>

using namespace mergec;

namespace {

/// Sets an environment variable, or unsets it, for the time of a test.
class Variable {
public:
  Variable(const char *Name, const std::string &Value) : Name(Name) {
    if (const char *Before = std::getenv(Name))
      Old = Before;
    Value.empty() ? unsetenv(Name) : setenv(Name, Value.c_str(), 1);
  }
  ~Variable() { Old ? setenv(Name, Old->c_str(), 1) : unsetenv(Name); }

private:
  const char *Name;
  std::optional<std::string> Old;
};

class CheckpointFind : public testing::Test {
protected:
  /// The directory, below the temporary one; empty if not found.
  std::string find(llvm::StringRef Path, llvm::StringRef Revision = "") {
    Diagnostics Diags;
    auto Found = findModel(Path, Revision, Dir.path("plans"), {}, Diags);
    EXPECT_EQ(Found.has_value(), Diags.exitCode() == 0);
    if (!Found)
      return "";
    llvm::StringRef Short = *Found;
    Short.consume_front(Dir.root() + "/");
    return Short.str();
  }
  void cache(llvm::StringRef Hub, llvm::StringRef Folder,
             llvm::StringRef Commit, llvm::StringRef Ref = "") {
    Dir.write(
        (Hub + "/" + Folder + "/snapshots/" + Commit + "/config.json").str(),
        "{}");
    if (!Ref.empty())
      Dir.write((Hub + "/" + Folder + "/refs/" + Ref).str(),
                (Commit + "\n").str());
  }

  CheckpointDirectory Dir;
  // None of the user's own.
  Variable HubCache{"HF_HUB_CACHE", ""}, OldCache{"HUGGINGFACE_HUB_CACHE", ""},
      HfHome{"HF_HOME", ""}, Xdg{"XDG_CACHE_HOME", ""},
      Home{"HOME", Dir.root()};
};

TEST_F(CheckpointFind, Directories) {
  Dir.write("plans/near/config.json", "{}");
  Dir.write("models/org/m/config.json", "{}");
  EXPECT_EQ(find(Dir.path("models/org/m")), "models/org/m");
  EXPECT_EQ(find("~/models/org/m"), "models/org/m");
  EXPECT_EQ(find("near"), "plans/near");
  EXPECT_EQ(find("./near/"), "plans/./near/");
  EXPECT_EQ(find("../models/org/m"), "plans/../models/org/m");
  EXPECT_EQ(find("org/m"), "");
}

TEST_F(CheckpointFind, PlacesOfTheCache) {
  std::string Folder = "models--org--m", Snapshot = "/snapshots/c0";
  cache(".cache/huggingface/hub", Folder, "c0", "main");
  EXPECT_EQ(find("org/m"), ".cache/huggingface/hub/" + Folder + Snapshot);
  cache("xdg/huggingface/hub", Folder, "c0", "main");
  Variable XdgSet("XDG_CACHE_HOME", Dir.path("xdg"));
  EXPECT_EQ(find("org/m"), "xdg/huggingface/hub/" + Folder + Snapshot);
  cache("hf/hub", Folder, "c0", "main");
  Variable HomeSet("HF_HOME", "~/hf");
  EXPECT_EQ(find("org/m"), "hf/hub/" + Folder + Snapshot);
  cache("hub", Folder, "c0", "main");
  Variable HubSet("HF_HUB_CACHE", Dir.path("hub"));
  EXPECT_EQ(find("org/m"), "hub/" + Folder + Snapshot);
}

TEST_F(CheckpointFind, Revisions) {
  Variable HubSet("HF_HUB_CACHE", Dir.path("hub"));
  std::string Snapshots = "hub/models--gpt2/snapshots/";
  cache("hub", "models--gpt2", "c0");
  EXPECT_EQ(find("gpt2"), Snapshots + "c0");
  cache("hub", "models--gpt2", "c1", "v1.0");
  EXPECT_EQ(find("gpt2"), "");
  cache("hub", "models--gpt2", "c2", "main");
  EXPECT_EQ(find("gpt2"), Snapshots + "c2");
  EXPECT_EQ(find("gpt2", "v1.0"), Snapshots + "c1");
  EXPECT_EQ(find("gpt2", "c0"), Snapshots + "c0");
  EXPECT_EQ(find("gpt2", "c9"), "");
  EXPECT_EQ(find("gpt2", "../snapshots/c0"), "");
  EXPECT_EQ(find("../gpt2"), "");
}

TEST_F(CheckpointFind, ARefDoesNotLeadOutOfTheCache) {
  Variable HubSet("HF_HUB_CACHE", Dir.path("hub"));
  Dir.write("hub/models--m/refs/main", "../../../outside");
  Dir.write("outside/config.json", "{}");
  EXPECT_EQ(find("m"), "");
}

TEST_F(CheckpointFind, DirectoryGoesBeforeTheCache) {
  Variable HubSet("HF_HUB_CACHE", Dir.path("hub"));
  cache("hub", "models--org--m", "c0", "main");
  Dir.write("plans/org/m/config.json", "{}");
  EXPECT_EQ(find("org/m"), "plans/org/m");
  EXPECT_EQ(find("org/m", "main"), "hub/models--org--m/snapshots/c0");
}

} // namespace
