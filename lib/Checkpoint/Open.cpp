//===- Open.cpp - From a directory to a checkpoint ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the configuration, then the header of each weight file, then holds the
// index against them. Nothing stops at the first fault: a directory that has
// five broken shards and a broken configuration says so in one go. What rests
// on the tensors (layers, tied head) is looked at only when all of them are
// sound.
//
//===----------------------------------------------------------------------===//

#include "Config.h"
#include "Index.h"
#include "InputFile.h"
#include "Structure.h"
#include "WeightFiles.h"
#include "mergec/Checkpoint/Safetensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mergec;

namespace {

constexpr llvm::StringLiteral MissingHint =
    "the model was not downloaded completely: fetch it again";

class Opener {
public:
  Opener(Checkpoint &Into, llvm::SMRange Where, Diagnostics &Diags)
      : Into(Into), Where(Where), Diags(Diags),
        Subject("model " + quotedName(Into.Name)) {}

  bool open() {
    readConfig();
    readWeights();
    if (!Sound)
      return false;
    findStructure();
    return Sound;
  }

private:
  void fail(const Faults &Found, Kind K, const llvm::Twine &What) {
    Found.report(Diags, K, Where, What);
    Sound &= Found.empty();
  }
  void cannotRead(llvm::StringRef Path, std::error_code Error) {
    Diags.report(Kind::CannotRead, Where,
                 Subject + ": cannot read `" + Path + "`: " + reason(Error));
    Sound = false;
  }
  std::string path(llvm::StringRef File) const {
    llvm::SmallString<128> Path(Into.Directory);
    llvm::sys::path::append(Path, File);
    return Path.str().str();
  }
  /// A file's path below the model's directory.
  std::string shortPath(uint32_t File) const {
    llvm::StringRef Path = Into.Files[File].Path;
    Path.consume_front(Into.Directory);
    return Path.ltrim('/').str();
  }

  void readConfig();
  void readWeights();
  void readShards(llvm::ArrayRef<std::string> Shards, const ShardIndex *Index,
                  Faults &IndexFaults);
  llvm::StringRef absence(llvm::StringRef File) const;
  void checkIndex(const ShardIndex &Index, Faults &Found) const;
  void sortTensors(const ShardIndex *Index);
  void findStructure();

  Checkpoint &Into;
  llvm::SMRange Where;
  Diagnostics &Diags;
  std::string Subject;
  ModelConfig Config;
  /// By index of `Into.Files`: whether its tensors can be relied on.
  std::vector<bool> SoundFiles;
  bool Sound = true;
};

/// How a file that ought to be there is not.
llvm::StringRef Opener::absence(llvm::StringRef File) const {
  return llvm::sys::fs::is_symlink_file(path(File))
             ? "is a link to a file that is not there"
             : "is not there";
}

void Opener::readConfig() {
  constexpr uint64_t MostBytes = 64 << 20;
  std::string Path = path("config.json");
  std::error_code Error = readSmallFile(Path, MostBytes, Into.ConfigText);
  bool IsAbsent = Error == std::errc::no_such_file_or_directory;
  if (IsAbsent && !llvm::sys::fs::is_symlink_file(Path))
    return;
  Faults Found;
  if (IsAbsent)
    Found.add(absence("config.json"), MissingHint);
  else if (Error == std::errc::file_too_large)
    Found.add("larger than any configuration",
              "download the model's configuration");
  else if (Error)
    return cannotRead(Path, Error);
  else
    Config = mergec::readConfig(Into.ConfigText, Found);
  fail(Found, Kind::BadConfig, Subject + ": `config.json`");
}

void Opener::readWeights() {
  std::optional<WeightFiles> Files =
      findWeights(Into.Directory, Subject, Where, Diags);
  if (!Files) {
    Sound = false;
    return;
  }
  std::optional<ShardIndex> Index;
  Faults IndexFaults;
  std::string IndexSubject = Subject + ": " + quotedName(Files->Index);
  if (!Files->Index.empty()) {
    constexpr uint64_t MostBytes = 1 << 30;
    std::string Text, Path = path(Files->Index);
    std::error_code Error = readSmallFile(Path, MostBytes, Text);
    if (Error == std::errc::no_such_file_or_directory) {
      IndexFaults.add(absence(Files->Index), MissingHint);
      return fail(IndexFaults, Kind::BadIndex, IndexSubject);
    }
    if (Error)
      return cannotRead(Path, Error);
    Index.emplace();
    parseIndex(Text, *Index, IndexFaults);
    Files->Shards = Index->Files;
  }
  readShards(Files->Shards, Index ? &*Index : nullptr, IndexFaults);
  sortTensors(Index ? &*Index : nullptr);
  if (Index)
    checkIndex(*Index, IndexFaults);
  fail(IndexFaults, Kind::BadIndex, IndexSubject);
  if (Sound && Into.Tensors.empty()) {
    Diags
        .report(Kind::NoWeights, Where,
                Subject + ": its weight files hold no tensors")
        .hint("download the model's weights again");
    Sound = false;
  }
}

void Opener::readShards(llvm::ArrayRef<std::string> Shards,
                        const ShardIndex *Index, Faults &IndexFaults) {
  Faults Missing;
  std::vector<llvm::StringRef> Pointers;
  std::vector<size_t> TensorsOf(Shards.size());
  if (Index) {
    Into.Tensors.reserve(Index->Entries.size());
    for (const ShardIndex::Entry &E : Index->Entries)
      ++TensorsOf[E.File];
  }

  for (auto [Number, Shard] : llvm::enumerate(Shards)) {
    Faults Found;
    std::error_code Error;
    HeaderStatus Status = readSafetensors(path(Shard), Into, Found, Error);
    fail(Found, Kind::BadSafetensors, Subject + ": " + quotedName(Shard));
    if (Status == HeaderStatus::Unreadable)
      cannotRead(path(Shard), Error);
    else if (Status == HeaderStatus::LfsPointer)
      Pointers.push_back(Shard);
    else if (Status == HeaderStatus::Missing && Index)
      IndexFaults.add(quotedName(Shard) + ", to which it assigns " +
                          counted(TensorsOf[Number], "tensor") + ", " +
                          absence(Shard),
                      MissingHint);
    else if (Status == HeaderStatus::Missing)
      Missing.add(quotedName(Shard) + " " + absence(Shard), MissingHint);
    // Files are numbered alike here and in the index.
    if (Status == HeaderStatus::Missing)
      Into.Files.push_back({path(Shard), 0, 0, 0});
    SoundFiles.push_back(Status == HeaderStatus::Sound);
  }
  fail(Missing, Kind::NoWeights, Subject);
  if (!Pointers.empty()) {
    std::string Others =
        Pointers.size() == 1
            ? std::string()
            : " (and " + counted(Pointers.size() - 1, "other") + ")";
    Diags
        .report(Kind::NoWeights, Where,
                Subject + ": " + quotedName(Pointers[0]) + Others +
                    " is a Git LFS pointer, not weights")
        .hint("run `git lfs pull` in `" + Into.Directory + "`");
    Sound = false;
  }
}

/// Sorts by name over all files and keeps one tensor of each name: the one that
/// the index assigns the name to. Without an index a name in two files is a
/// fault; within one file, the header's own check has complained.
void Opener::sortTensors(const ShardIndex *Index) {
  auto ByName = [](const TensorInfo &A, const TensorInfo &B) {
    int Order = A.Name.compare(B.Name);
    return Order < 0 || (Order == 0 && A.File < B.File);
  };
  std::vector<TensorInfo> &Tensors = Into.Tensors;
  if (!llvm::is_sorted(Tensors, ByName))
    llvm::sort(Tensors, ByName);

  Faults Twice;
  auto Choose = [&](llvm::ArrayRef<TensorInfo> Same) {
    const TensorInfo &First = Same.front(), &Last = Same.back();
    if (First.File == Last.File)
      return First;
    if (std::optional<uint32_t> File =
            Index ? Index->fileOf(First.Name) : std::nullopt)
      for (const TensorInfo &T : Same)
        if (T.File == *File)
          return T;
    Twice.add("tensor " + quotedName(First.Name) + " is both in " +
                  quotedName(shortPath(First.File)) + " and in " +
                  quotedName(shortPath(Last.File)),
              "remove the file that is not the model's, or add the "
              "`model.safetensors.index.json` that says which one counts");
    return First;
  };
  size_t Kept = 0;
  for (size_t Begin = 0, End; Begin != Tensors.size(); Begin = End) {
    End = Begin + 1;
    while (End != Tensors.size() && Tensors[End].Name == Tensors[Begin].Name)
      ++End;
    Tensors[Kept++] = Choose(llvm::ArrayRef(Tensors).slice(Begin, End - Begin));
  }
  Tensors.resize(Kept);
  fail(Twice, Kind::BadSafetensors, Subject);

  // Of the foreign dtypes, those of tensors that were kept.
  llvm::erase_if(Into.ForeignTypes, [&](const ForeignDType &F) {
    return Into.find(F.Tensor)->Name.data() != F.Tensor.data();
  });
  llvm::sort(Into.ForeignTypes,
             [](const auto &A, const auto &B) { return A.Tensor < B.Tensor; });
}

/// Both sides are sorted by name: one walk over them together.
void Opener::checkIndex(const ShardIndex &Index, Faults &Found) const {
  auto T = Into.Tensors.begin();
  for (const ShardIndex::Entry &E : Index.Entries) {
    if (!SoundFiles[E.File])
      continue;
    while (T != Into.Tensors.end() && T->Name < E.Tensor)
      ++T;
    bool IsSomewhere = T != Into.Tensors.end() && T->Name == E.Tensor;
    if (IsSomewhere && T->File == E.File)
      continue;
    Found.add("tensor " + quotedName(E.Tensor) + " is assigned to " +
                  quotedName(Index.Files[E.File]) + ", which does not hold it" +
                  (IsSomewhere ? ": it is in " + quotedName(shortPath(T->File))
                               : std::string()),
              "the index belongs to another version of the model: download "
              "both again");
  }
}

void Opener::findStructure() {
  Faults Found;
  mergec::findStructure(Into, Config, Found);
  fail(Found, Kind::NoLayers, Subject);
}

} // namespace

std::unique_ptr<Checkpoint> mergec::openCheckpoint(llvm::StringRef Directory,
                                                   llvm::StringRef Name,
                                                   llvm::SMRange Where,
                                                   Diagnostics &Diags) {
  auto Result = std::make_unique<Checkpoint>();
  Result->Directory = Directory.str();
  Result->Name = Name.str();
  if (!Opener(*Result, Where, Diags).open())
    return nullptr;
  return Result;
}
