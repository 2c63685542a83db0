//===- OutputDirectory.cpp - Directories that appear whole or not at all --===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutputFixture.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace mergec;
using namespace mergec::test;
namespace fs = std::filesystem;

namespace {
class OutputDirectoryTest : public OutputTest {
protected:
  void SetUp() override {
    OutputTest::SetUp();
    Tensors = {{"a", Shape, DType::F32, {}, 4096},
               {"b", Shape, DType::F32, {}, 4096}};
    Layout = layOut(Tensors, 4096);

    Donor.Name = "donor";
    Donor.Directory = at("donor");
    Donor.ConfigText = R"({"torch_dtype": "float32"})";
    writeTo(at("donor/config.json"), Donor.ConfigText);
    writeTo(at("donor/model.safetensors"), "weights");
    Donor.Files.emplace_back().Path = at("donor/model.safetensors");

    Contents.PlanText = "merge_method: linear\n";
    Contents.Donor = &Donor;
    Contents.ThePlan = &ThePlan;
    Contents.Models = {"donor"};
    Contents.Version = "1.0";
  }

  std::unique_ptr<OutputDirectory> begin(const std::string &Path,
                                         bool Force = false) {
    return OutputDirectory::begin(Path, Force, Layout, {&Donor}, Diags);
  }

  std::unique_ptr<OutputDirectory> resume(const std::string &Name,
                                          llvm::StringRef Key = "a key") {
    return OutputDirectory::begin(at(Name), false, Layout, {&Donor}, Diags,
                                  Key);
  }

  void putData(const OutputDirectory &Directory, uint32_t Tensor,
               const std::string &Data) {
    const OutputTensor &T = Tensors[Tensor];
    std::fstream File(Directory.shardPaths()[T.Shard],
                      std::ios::binary | std::ios::in | std::ios::out);
    File.seekp(T.Offset);
    File << Data;
  }

  /// What an interrupted run leaves that has completed tensor 1; its path.
  std::string leaveOneComplete(const std::string &Name) {
    auto Directory = resume(Name);
    EXPECT_TRUE(Directory) << reported(Diags);
    EXPECT_EQ(Directory->record({1}, Tensors), 0);
    return Directory->keep();
  }

  /// Writes a whole result.
  bool write(const std::string &Path, bool Force = false) {
    auto Directory = begin(Path, Force);
    return Directory &&
           Directory->writeContents(Layout, Tensors, Contents, Diags) &&
           Directory->commit(Diags);
  }

  /// Expects a refusal of both `check` and `begin` that changes nothing.
  void expectRefused(const std::string &Path, bool Force,
                     const std::string &Report) {
    Diagnostics FromCheck, FromBegin;
    EXPECT_FALSE(
        OutputDirectory::check(Path, Force, Layout, {&Donor}, FromCheck));
    EXPECT_EQ(reported(FromCheck), Report);
    auto Before = namesIn(Root);
    EXPECT_EQ(OutputDirectory::begin(Path, Force, Layout, {&Donor}, FromBegin),
              nullptr);
    EXPECT_EQ(reported(FromBegin), Report);
    EXPECT_EQ(namesIn(Root), Before);
  }

  int64_t Shape[1] = {1024};
  std::vector<OutputTensor> Tensors;
  OutputLayout Layout;
  Checkpoint Donor;
  Plan ThePlan;
  OutputContents Contents;
};

const std::set<std::string> ResultNames = {"README.md",
                                           "config.json",
                                           "mergekit_config.yml",
                                           "model-00001-of-00002.safetensors",
                                           "model-00002-of-00002.safetensors",
                                           "model.safetensors.index.json"};

std::string temporaryName(const std::string &Name) {
  return "." + Name + ".mergec-" + std::to_string(::getpid());
}

/// The id of a process that is no more.
pid_t deadProcess() {
  pid_t Child = ::fork();
  if (Child == 0)
    ::_exit(0);
  ::waitpid(Child, nullptr, 0);
  return Child;
}
} // namespace

TEST_F(OutputDirectoryTest, AppearsWhenCommitted) {
  auto Directory = begin(at("out"));
  ASSERT_TRUE(Directory) << reported(Diags);
  EXPECT_EQ(namesIn(Root),
            (std::set<std::string>{"donor", temporaryName("out")}));
  ASSERT_EQ(Directory->shardPaths().size(), 2u);
  for (size_t I = 0; I != 2; ++I) {
    std::string Bytes = contentsOf(Directory->shardPaths()[I]);
    EXPECT_EQ(Bytes.size(), Layout.Shards[I].Bytes);
    EXPECT_EQ(Bytes.substr(0, Layout.Shards[I].Header.size()),
              Layout.Shards[I].Header);
  }
  EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  EXPECT_TRUE(Directory->commit(Diags));
  EXPECT_EQ(namesIn(Root), (std::set<std::string>{"donor", "out"}));
  EXPECT_EQ(namesIn(at("out")), ResultNames);
  EXPECT_EQ(contentsOf(at("out/mergekit_config.yml")), Contents.PlanText);
  EXPECT_EQ(contentsOf(at("out/model.safetensors.index.json")),
            "{\n"
            "  \"metadata\": {\n"
            "    \"total_size\": 8192\n"
            "  },\n"
            "  \"weight_map\": {\n"
            "    \"a\": \"model-00001-of-00002.safetensors\",\n"
            "    \"b\": \"model-00002-of-00002.safetensors\"\n"
            "  }\n"
            "}\n");
  Directory.reset();
  EXPECT_EQ(namesIn(at("out")), ResultNames);
  EXPECT_EQ(Diags.size(), 0u) << reported(Diags);
}

TEST_F(OutputDirectoryTest, IsGoneWithoutCommit) {
  {
    auto Directory = begin(at("new/parents/out"));
    ASSERT_TRUE(Directory);
    EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  }
  EXPECT_EQ(namesIn(Root), std::set<std::string>{"donor"});
}

TEST_F(OutputDirectoryTest, ParentsAndTrailingSlashes) {
  EXPECT_TRUE(write(at("new/parents/out///"))) << reported(Diags);
  EXPECT_EQ(namesIn(at("new/parents/out")), ResultNames);
  EXPECT_EQ(namesIn(at("new/parents")), std::set<std::string>{"out"});
}

TEST_F(OutputDirectoryTest, AParentThatOthersUseIsKept) {
  auto Directory = begin(at("new/out"));
  ASSERT_TRUE(Directory);
  writeTo(at("new/other"));
  Directory.reset();
  EXPECT_EQ(namesIn(at("new")), std::set<std::string>{"other"});
}

TEST_F(OutputDirectoryTest, AnEmptyDirectoryKeepsItsIdentity) {
  fs::create_directory(at("out"));
  fs::permissions(at("out"), fs::perms::owner_all);
  fs::create_directory_symlink("out", at("link"));
  struct stat Before, After;
  ASSERT_EQ(::stat(at("out").c_str(), &Before), 0);
  { EXPECT_TRUE(begin(at("link/"))); }
  EXPECT_TRUE(namesIn(at("out")).empty());
  EXPECT_TRUE(write(at("link/"))) << reported(Diags);
  EXPECT_EQ(namesIn(at("out")), ResultNames);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  ASSERT_EQ(::stat(at("out").c_str(), &After), 0);
  EXPECT_EQ(Before.st_ino, After.st_ino);
  EXPECT_EQ(After.st_mode & 0777, 0700u);
}

TEST_F(OutputDirectoryTest, TheWorkingDirectory) {
  fs::create_directory(at("out"));
  fs::path Here = fs::current_path();
  fs::current_path(at("out"));
  EXPECT_TRUE(write(".")) << reported(Diags);
  EXPECT_EQ(namesIn("."), ResultNames);
  fs::current_path(Here);
}

TEST_F(OutputDirectoryTest, FilesAndFullDirectoriesAreRefused) {
  writeTo(at("file"));
  writeTo(at("full/config.json"));
  fs::create_symlink("nowhere", at("dangling"));
  expectRefused("", false,
                "bad-option: the name of the output directory is empty\n");
  expectRefused(at("file"), true,
                "output-exists: the output `" + at("file") +
                    "` is a file, not a directory\n");
  expectRefused(at("file/out"), true,
                "output-exists: the output `" + at("file/out") +
                    "` can't be made, because `" + at("file") +
                    "` is not a directory\n");
  expectRefused(at("dangling"), true,
                "output-exists: the output `" + at("dangling") +
                    "` is a symbolic link to nothing\n");
  expectRefused(at("full/"), false,
                "output-exists: the output `" + at("full") +
                    "` exists and is not empty\n");
}

TEST_F(OutputDirectoryTest, ForceReplacesModelsOnly) {
  writeTo(at("home/letters.txt"));
  expectRefused(at("home"), true,
                "output-exists: `--force` replaces models, and the output `" +
                    at("home") +
                    "` does not look like one: it has no weights, "
                    "`config.json` or `mergekit_config.yml`\n");
}

TEST_F(OutputDirectoryTest, ForceRemovesWhatIsStaleAndKeepsTheRest) {
  for (const char *Name :
       {"out/config.json", "out/model-00001-of-00003.safetensors",
        "out/model-00001-of-00002.safetensors", "out/notes.txt",
        "out/model.safetensors.index.json", "out/tokenizer.model",
        "out/logs/run.txt", "out/pytorch_model.bin"})
    writeTo(at(Name), "old");
  auto Directory = begin(at("out"), true);
  ASSERT_TRUE(Directory) << reported(Diags);
  EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  // Until the commit the old model is as it was.
  EXPECT_EQ(contentsOf(at("out/config.json")), "old");
  EXPECT_TRUE(fs::exists(at("out/tokenizer.model")));
  EXPECT_TRUE(Directory->commit(Diags)) << reported(Diags);
  auto Expected = ResultNames;
  Expected.insert({"notes.txt", "logs"});
  EXPECT_EQ(namesIn(at("out")), Expected);
  EXPECT_EQ(fs::file_size(at("out/model-00001-of-00002.safetensors")),
            Layout.Shards[0].Bytes);
}

TEST_F(OutputDirectoryTest, ForceWithoutCommitChangesNothing) {
  writeTo(at("out/config.json"), "old");
  {
    auto Directory = begin(at("out"), true);
    ASSERT_TRUE(Directory);
    EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  }
  EXPECT_EQ(namesIn(at("out")), std::set<std::string>{"config.json"});
  EXPECT_EQ(contentsOf(at("out/config.json")), "old");
}

TEST_F(OutputDirectoryTest, AModelThatIsReadIsNeverReplaced) {
  auto Refusal = [&](const std::string &Path, const std::string &Relation) {
    return "output-is-input: the output `" + Path + "` " + Relation +
           " model `donor`\n";
  };
  fs::create_directory_symlink("donor", at("link"));
  expectRefused(at("donor"), true, Refusal(at("donor"), "is the directory of"));
  expectRefused(at("link"), true, Refusal(at("link"), "is the directory of"));
  expectRefused(at("donor/../donor/"), true,
                Refusal(at("donor/../donor"), "is the directory of"));
  expectRefused(at("donor/merged"), true,
                Refusal(at("donor/merged"), "lies inside the directory of"));
  writeTo(at("config.json"));
  expectRefused(Root.string(), true,
                Refusal(Root.string(), "contains the directory of"));
  // A sibling whose name begins alike is another directory.
  EXPECT_TRUE(write(at("donor2"))) << reported(Diags);
}

TEST_F(OutputDirectoryTest, FilesThatAModelLinksToAreNeverReplaced) {
  writeTo(at("blobs/config.json"));
  writeTo(at("blobs/1234"), "weights");
  fs::remove(at("donor/model.safetensors"));
  fs::create_symlink("../blobs/1234", at("donor/model.safetensors"));
  expectRefused(at("blobs"), true,
                "output-is-input: the output `" + at("blobs") +
                    "` contains files of model `donor`\n");
}

TEST_F(OutputDirectoryTest, EverythingWrongIsReportedAtOnce) {
  Layout.Shards[0].Bytes = uint64_t(1) << 60;
  expectRefused(
      at("donor"), false,
      "output-is-input: the output `" + at("donor") +
          "` is the directory of model `donor`\noutput-exists: the output `" +
          at("donor") + "` exists and is not empty\n" + [&] {
            Diagnostics Room;
            OutputDirectory::check(at("out"), false, Layout, {}, Room);
            std::string Text = reported(Room);
            return Text.replace(Text.find(at("out")), at("out").size(),
                                at("donor"));
          }());
}

TEST_F(OutputDirectoryTest, TooLittleRoomIsSeenBefore) {
  Layout.Shards[0].Bytes = uint64_t(1) << 60;
  EXPECT_EQ(begin(at("new/out")), nullptr);
  ASSERT_EQ(Diags.size(), 1u);
  EXPECT_EQ(Diags.all()[0].Id, Kind::DiskFull);
  EXPECT_EQ(Diags.exitCode(), 2);
  EXPECT_EQ(Diags.all()[0].Message.rfind("the result needs 1.00 EiB, and the "
                                         "file system of `",
                                         0),
            0u)
      << reported(Diags);
  EXPECT_EQ(namesIn(Root), std::set<std::string>{"donor"});
}

TEST_F(OutputDirectoryTest, AnUnwritableParent) {
  if (::geteuid() == 0)
    GTEST_SKIP() << "root may write anywhere";
  fs::create_directory(at("locked"));
  fs::permissions(at("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  expectRefused(at("locked/new/out"), false,
                "cannot-write: cannot write `" + at("locked") +
                    "`: permission denied\n");
  // But a writable directory in it will do.
  fs::permissions(at("locked"), fs::perms::owner_all);
  fs::create_directory(at("locked/out"));
  fs::permissions(at("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_TRUE(write(at("locked/out"))) << reported(Diags);
  fs::permissions(at("locked"), fs::perms::owner_all);
}

TEST_F(OutputDirectoryTest, FailingMidwayLeavesNothing) {
  // A name no file system takes: the second shard can't be created.
  Layout.Shards[1].FileName = std::string(300, 'x');
  EXPECT_EQ(begin(at("new/out")), nullptr);
  EXPECT_EQ(Diags.all()[0].Id, Kind::CannotWrite);
  EXPECT_EQ(Diags.exitCode(), 2);
  EXPECT_EQ(namesIn(Root), std::set<std::string>{"donor"});
}

TEST_F(OutputDirectoryTest, SomethingElseInThePlaceAtCommit) {
  auto New = begin(at("new"));
  fs::create_directory(at("old"));
  auto Old = begin(at("old"));
  ASSERT_TRUE(New && Old);
  writeTo(at("new/theirs"));
  writeTo(at("old/theirs"));
  EXPECT_FALSE(New->commit(Diags));
  EXPECT_FALSE(Old->commit(Diags));
  EXPECT_EQ(reported(Diags),
            "output-exists: something else has been written to the output `" +
                at("new") +
                "` during the merge\n"
                "output-exists: something else has been written to the "
                "output `" +
                at("old") + "` during the merge\n");
  New.reset();
  Old.reset();
  EXPECT_EQ(namesIn(Root), (std::set<std::string>{"donor", "new", "old"}));
  EXPECT_EQ(namesIn(at("new")), std::set<std::string>{"theirs"});
  EXPECT_EQ(namesIn(at("old")), std::set<std::string>{"theirs"});
}

TEST_F(OutputDirectoryTest, ADirectoryInAFilesPlaceLeavesNoHalfResult) {
  writeTo(at("out/mergekit_config.yml/inside"));
  writeTo(at("out/config.json"));
  auto Directory = begin(at("out"), true);
  ASSERT_TRUE(Directory);
  EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  EXPECT_FALSE(Directory->commit(Diags));
  EXPECT_EQ(reported(Diags), "cannot-write: cannot write `" + at("out") +
                                 "/mergekit_config.yml`: is a directory\n");
  Directory.reset();
  EXPECT_EQ(namesIn(at("out")), std::set<std::string>{"mergekit_config.yml"});
}

TEST_F(OutputDirectoryTest, LeftoversOfKilledRunsAreRemoved) {
  std::string Dead = ".out.mergec-" + std::to_string(deadProcess());
  writeTo(at(Dead + "/model.safetensors"));
  // A reused process id: the lock decides, not the id.
  writeTo(at(".out.mergec-1/model.safetensors"));
  writeTo(at(".out.mergec-backup/model.safetensors"));
  writeTo(at(".other.mergec-1/model.safetensors"));
  fs::create_directory(at("out"));
  writeTo(at("out/" + Dead + "/model.safetensors"));
  EXPECT_TRUE(write(at("out"))) << reported(Diags);
  EXPECT_EQ(namesIn(Root),
            (std::set<std::string>{"donor", "out", ".out.mergec-backup",
                                   ".other.mergec-1"}));
  EXPECT_EQ(namesIn(at("out")), ResultNames);
}

TEST_F(OutputDirectoryTest, TwoRunsDoNotWriteTheSameOutput) {
  auto First = begin(at("out"));
  ASSERT_TRUE(First);
  expectRefused(at("out"), true,
                "output-exists: another run of mergec is writing the output `" +
                    at("out") + "`\n");
  EXPECT_TRUE(write(at("out2"))) << reported(Diags);
  First.reset();
  EXPECT_TRUE(write(at("out"))) << reported(Diags);
}

TEST_F(OutputDirectoryTest, ADeadRunOfTheSameProcessId) {
  // As in a container, where every run is process 1.
  fs::create_directories(at(temporaryName("out")));
  EXPECT_TRUE(write(at("out"))) << reported(Diags);
  EXPECT_EQ(namesIn(Root), (std::set<std::string>{"donor", "out"}));
}

TEST_F(OutputDirectoryTest, WithoutCommitEverythingIsRemoved) {
  fs::create_directory(at("old"));
  {
    auto New = begin(at("parent/new"));
    auto Old = begin(at("old"));
    ASSERT_TRUE(New && Old);
    EXPECT_FALSE(namesIn(at("old")).empty());
  }
  EXPECT_EQ(namesIn(Root), (std::set<std::string>{"donor", "old"}));
  EXPECT_TRUE(namesIn(at("old")).empty());
}

TEST_F(OutputDirectoryTest, WhatWasCompleteServesTheNextRun) {
  {
    auto First = resume("out");
    ASSERT_TRUE(First) << reported(Diags);
    EXPECT_TRUE(First->finished().empty());
    EXPECT_EQ(First->keep(), ""); // Nothing is complete.
    ASSERT_TRUE(First->writeContents(Layout, Tensors, Contents, Diags));
    putData(*First, 1, "bbbb");
    EXPECT_EQ(First->record({1}, Tensors), 0);
    EXPECT_EQ(First->keep(), at(temporaryName("out")));
  }
  EXPECT_EQ(namesIn(Root),
            (std::set<std::string>{"donor", temporaryName("out")}));
  auto Second = resume("out");
  ASSERT_TRUE(Second) << reported(Diags);
  EXPECT_EQ(Second->finished(), (llvm::ArrayRef<uint32_t>{1}));
  EXPECT_EQ(Second->record({0}, Tensors), 0);
  Second->keep();
  Second.reset();
  auto Third = resume("out");
  ASSERT_TRUE(Third) << reported(Diags);
  EXPECT_EQ(Third->finished(), (llvm::ArrayRef<uint32_t>{0, 1}));
  EXPECT_TRUE(Third->writeContents(Layout, Tensors, Contents, Diags));
  EXPECT_TRUE(Third->commit(Diags)) << reported(Diags);
  EXPECT_EQ(namesIn(Root), (std::set<std::string>{"donor", "out"}));
  EXPECT_FALSE(namesIn(at("out")).count(".mergec-journal"));
  std::string Data = contentsOf(at("out/" + Layout.Shards[1].FileName));
  EXPECT_EQ(Data.substr(Tensors[1].Offset, 4), "bbbb");
  EXPECT_EQ(Data.substr(0, Layout.Shards[1].Header.size()),
            Layout.Shards[1].Header);
}

TEST_F(OutputDirectoryTest, AnotherKeyStartsAnew) {
  leaveOneComplete("out");
  auto Other = resume("out", "other key");
  ASSERT_TRUE(Other) << reported(Diags);
  EXPECT_TRUE(Other->finished().empty());
  EXPECT_EQ(namesIn(Root).size(), 2u);
  Other.reset();
  leaveOneComplete("out");
  auto Without = begin(at("out"));
  ASSERT_TRUE(Without) << reported(Diags);
  EXPECT_TRUE(Without->finished().empty());
  EXPECT_FALSE(namesIn(at(temporaryName("out"))).count(".mergec-journal"));
}

TEST_F(OutputDirectoryTest, WhatIsBrokenStartsAnew) {
  std::string Left = leaveOneComplete("out");
  fs::resize_file(Left + "/" + Layout.Shards[0].FileName, 100);
  auto Directory = resume("out");
  ASSERT_TRUE(Directory) << reported(Diags);
  EXPECT_TRUE(Directory->finished().empty());
  EXPECT_EQ(fs::file_size(Directory->shardPaths()[0]), Layout.Shards[0].Bytes);
}

// As a power failure leaves them.
TEST_F(OutputDirectoryTest, LostHeadersAndBrokenLines) {
  std::string Left = leaveOneComplete("out");
  std::fstream Shard(Left + "/" + Layout.Shards[0].FileName,
                     std::ios::binary | std::ios::in | std::ios::out);
  Shard << std::string(64, '\0');
  Shard.close();
  std::ofstream(Left + "/.mergec-journal", std::ios::app) << "0";
  auto Directory = resume("out");
  ASSERT_TRUE(Directory) << reported(Diags);
  // The last line might have become 01 or 07.
  EXPECT_EQ(Directory->finished(), (llvm::ArrayRef<uint32_t>{1}));
  EXPECT_EQ(Directory->record({0}, Tensors), 0);
  EXPECT_EQ(contentsOf(Directory->shardPaths()[0])
                .substr(0, Layout.Shards[0].Header.size()),
            Layout.Shards[0].Header);
  Directory->keep();
  Directory.reset();
  Directory = resume("out");
  EXPECT_EQ(Directory->finished(), (llvm::ArrayRef<uint32_t>{0, 1}));
}

TEST_F(OutputDirectoryTest, GoesOnInADirectoryThatExists) {
  fs::create_directory(at("out"));
  leaveOneComplete("out");
  EXPECT_EQ(namesIn(at("out")), (std::set<std::string>{temporaryName("out")}));
  auto Directory = resume("out");
  ASSERT_TRUE(Directory) << reported(Diags);
  EXPECT_EQ(Directory->finished().size(), 1u);
  EXPECT_TRUE(Directory->writeContents(Layout, Tensors, Contents, Diags));
  EXPECT_TRUE(Directory->commit(Diags)) << reported(Diags);
  EXPECT_FALSE(namesIn(at("out")).count(".mergec-journal"));
}

TEST_F(OutputDirectoryTest, LongNames) {
  EXPECT_TRUE(write(at(std::string(255, 'n')))) << reported(Diags);
}
