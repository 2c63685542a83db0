//===- Directory.cpp - A model directory being written --------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Files.h"
#include "Journal.h"
#include "Leftovers.h"
#include "ModelFiles.h"
#include "Target.h"
#include "mergec/Output/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace mergec;
namespace fs = std::filesystem;

bool OutputDirectory::check(llvm::StringRef Path, bool Force,
                            const OutputLayout &Layout,
                            llvm::ArrayRef<const Checkpoint *> Inputs,
                            Diagnostics &Diags) {
  return findTarget(Path, Force, Layout, Inputs, Diags).has_value();
}

std::unique_ptr<OutputDirectory>
OutputDirectory::begin(llvm::StringRef Path, bool Force,
                       const OutputLayout &Layout,
                       llvm::ArrayRef<const Checkpoint *> Inputs,
                       Diagnostics &Diags, llvm::StringRef Key) {
  auto Place = findTarget(Path, Force, Layout, Inputs, Diags);
  if (!Place)
    return nullptr;
  std::unique_ptr<OutputDirectory> Directory(new OutputDirectory);
  Directory->Final = Place->Final;
  Directory->Shown = Place->Shown;
  Directory->Existed = Place->Exists;
  Directory->Force = Force;
  for (const Leftover &L : findLeftovers(*Place))
    if (L.Run == Leftover::Dead && !Directory->takeOver(L.Path, Layout, Key))
      removeLeftover(L);
  if (!Directory->Temporary.empty())
    return Directory;
  if (!Directory->makeTemporary(Diags) || !Directory->create(Layout, Diags))
    return nullptr;
  if (int Errno = Key.empty() ? 0 : beginJournal(Directory->Temporary, Key)) {
    reportCannotWrite(Diags, Directory->Shown, Errno);
    return nullptr;
  }
  return Directory;
}

OutputDirectory::~OutputDirectory() {
  std::error_code Ignored;
  if (!Temporary.empty() && !Kept)
    fs::remove_all(Temporary, Ignored);
  if (Lock >= 0)
    ::close(Lock);
  // What others have put there in the meantime keeps a directory alive.
  for (const std::string &Parent : llvm::reverse(CreatedParents))
    ::rmdir(Parent.c_str());
}

/// Makes `Directory` and those above it that are missing; outermost first.
static int makeDirectories(const fs::path &Directory,
                           std::vector<std::string> &Created) {
  std::error_code Error;
  if (fs::is_directory(Directory, Error))
    return 0;
  if (int Errno = makeDirectories(Directory.parent_path(), Created))
    return Errno;
  if (::mkdir(Directory.c_str(), 0777) == 0)
    Created.push_back(Directory.string());
  else if (errno != EEXIST)
    return errno;
  return 0;
}

/// Where a run for `Final` builds: names of directories that may exist.
static std::string temporaryPath(const std::string &Final, bool Existed,
                                 unsigned Attempt) {
  fs::path Home = Existed ? fs::path(Final) : fs::path(Final).parent_path();
  std::string Path =
      (Home / temporaryPrefix(Final)).string() + std::to_string(::getpid());
  return Attempt == 1 ? Path : Path + "-" + std::to_string(Attempt);
}

/// The directory gets a name of this process: where there are no locks, it says
/// whose it is.
bool OutputDirectory::takeOver(const std::string &Path,
                               const OutputLayout &Layout,
                               llvm::StringRef Key) {
  if (Key.empty() || !Temporary.empty())
    return false;
  int Handle =
      ::open(Path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  FileHandle Opened(Handle);
  if (Handle < 0 || tryLock(Handle) == LockState::HeldElsewhere)
    return false;
  auto Tensors = readJournal(Path, Key);
  if (!Tensors || Tensors->empty())
    return false;
  std::set<std::string> Keeps = {JournalName.str()};
  for (const OutputShard &Shard : Layout.Shards) {
    Keeps.insert(Shard.FileName);
    if (!restoreReserved(Path + "/" + Shard.FileName, Shard.Bytes,
                         Shard.Header))
      return false;
  }
  // The rest is written again.
  std::error_code Error;
  for (fs::directory_iterator At(Path, Error), End; !Error && At != End;
       At.increment(Error))
    if (!Keeps.count(At->path().filename().string()))
      fs::remove_all(At->path(), Error);
  if (Error)
    return false;
  std::string Ours = temporaryPath(Final, Existed, 1);
  for (unsigned Attempt = 2;
       Ours != Path && fs::exists(fs::symlink_status(Ours, Error)); ++Attempt)
    Ours = temporaryPath(Final, Existed, Attempt);
  if (::rename(Path.c_str(), Ours.c_str()) != 0)
    return false;
  Temporary = Ours;
  Lock = ::fcntl(Handle, F_DUPFD_CLOEXEC, 0); // Shares the lock.
  Finished = std::move(*Tensors);
  Recorded = Finished.size();
  Kept = true; // Whatever becomes of this run.
  for (const OutputShard &Shard : Layout.Shards)
    Paths.push_back(Temporary + "/" + Shard.FileName);
  return true;
}

int OutputDirectory::record(llvm::ArrayRef<uint32_t> Done,
                            llvm::ArrayRef<OutputTensor> Tensors) {
  std::set<uint32_t> Shards;
  for (uint32_t T : Done)
    Shards.insert(Tensors[T].Shard);
  for (uint32_t S : Shards)
    if (int Errno = syncToDisk(Paths[S]))
      return Errno;
  // The names of the files, too, before the first line.
  if (!Recorded)
    if (int Errno = syncToDisk(Temporary))
      return Errno;
  Recorded += Done.size();
  return addToJournal(Temporary, Done);
}

std::string OutputDirectory::keep() {
  if (!Recorded || Temporary.empty())
    return "";
  Kept = true;
  CreatedParents.clear();
  return Temporary;
}

bool OutputDirectory::makeTemporary(Diagnostics &Diags) {
  fs::path Home = Existed ? fs::path(Final) : fs::path(Final).parent_path();
  if (int Errno = makeDirectories(Home, CreatedParents)) {
    reportCannotWrite(Diags, Home.string(), Errno);
    return false;
  }
  for (unsigned Attempt = 1;; ++Attempt) {
    std::string Path = temporaryPath(Final, Existed, Attempt);
    if (::mkdir(Path.c_str(), 0777) != 0) {
      if (errno == EEXIST)
        continue;
      reportCannotWrite(Diags, Home.string(), errno);
      return false;
    }
    Temporary = Path;
    Lock = ::open(Path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // Another run may have taken the directory for a dead run's before it was
    // locked, and be removing it or have done so.
    struct stat Ours, There;
    if (Lock < 0 && errno != ENOENT) {
      reportCannotWrite(Diags, Home.string(), errno);
      return false;
    }
    bool Free = Lock >= 0 && tryLock(Lock) != LockState::HeldElsewhere;
    if (Free && ::fstat(Lock, &Ours) == 0 &&
        ::stat(Path.c_str(), &There) == 0 && Ours.st_ino == There.st_ino &&
        Ours.st_dev == There.st_dev)
      return true;
    if (Lock >= 0)
      ::close(Lock);
    if (!Free)
      ::rmdir(Path.c_str());
    Lock = -1;
    Temporary.clear();
  }
}

bool OutputDirectory::create(const OutputLayout &Layout, Diagnostics &Diags) {
  for (const OutputShard &Shard : Layout.Shards) {
    Paths.push_back(Temporary + "/" + Shard.FileName);
    if (int Errno = createReserved(Paths.back(), Shard.Bytes, Shard.Header)) {
      reportCannotWrite(Diags, Shown + "/" + Shard.FileName, Errno);
      return false;
    }
  }
  return true;
}

bool OutputDirectory::syncAll(llvm::ArrayRef<std::string> Names,
                              Diagnostics &Diags) {
  auto Sync = [&](const std::string &Path, const std::string &Called) {
    int Errno = syncToDisk(Path);
    if (Errno)
      reportCannotWrite(Diags, Called, Errno);
    return Errno == 0;
  };
  return llvm::all_of(Names,
                      [&](const std::string &Name) {
                        return Sync(Temporary + "/" + Name, Shown + "/" + Name);
                      }) &&
         Sync(Temporary, Shown);
}

bool OutputDirectory::commit(Diagnostics &Diags, bool Sync) {
  auto Names = listDirectory(Temporary, Final, Shown, Diags);
  if (!Names)
    return false;
  llvm::erase(*Names, JournalName);
  if (Sync && !syncAll(*Names, Diags))
    return false;
  ::unlink((Temporary + "/" + JournalName.str()).c_str());
  if (Existed) {
    if (!moveIntoExisting(*Names, Diags))
      return false;
  } else if (::rename(Temporary.c_str(), Final.c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
      Diags
          .report(Kind::OutputExists, "something else has been written to the "
                                      "output `" +
                                          Shown + "` during the merge")
          .hint("choose another directory and merge again");
    else
      reportCannotWrite(Diags, Shown, errno);
    return false;
  }
  // The result stands; that its name survives a power failure is all that is
  // left to ask for, and no reason to take it away again.
  if (Sync)
    syncToDisk(Existed ? Final : fs::path(Final).parent_path().string());
  ::close(Lock);
  Lock = -1;
  Temporary.clear();
  CreatedParents.clear();
  return true;
}

/// The order in which a result's files appear: loaders and people take a
/// directory for a model by its config.json.
static bool appearsBefore(const std::string &A, const std::string &B) {
  return (A == ConfigName) < (B == ConfigName);
}

bool OutputDirectory::moveIntoExisting(std::vector<std::string> Names,
                                       Diagnostics &Diags) {
  auto Old = listDirectory(Final, Final, Shown, Diags);
  if (!Old)
    return false;
  if (!Old->empty() && !Force) {
    Diags
        .report(Kind::OutputExists, "something else has been written to the "
                                    "output `" +
                                        Shown + "` during the merge")
        .hint("choose another directory and merge again");
    return false;
  }
  // The earlier result stops being a model before its weights go, and the new
  // one becomes a model when all its files are there.
  llvm::stable_sort(*Old, [](const std::string &A, const std::string &B) {
    return appearsBefore(B, A);
  });
  for (const std::string &Name : *Old) {
    std::string Path = Final + "/" + Name;
    std::error_code Error;
    if (!isStaleBesideResult(Name) ||
        fs::is_directory(fs::symlink_status(Path, Error)))
      continue;
    if (::unlink(Path.c_str()) != 0 && errno != ENOENT) {
      reportCannotWrite(Diags, Shown + "/" + Name, errno);
      return false;
    }
  }
  llvm::stable_sort(Names, appearsBefore);
  for (size_t I = 0; I != Names.size(); ++I) {
    std::string To = Final + "/" + Names[I];
    if (::rename((Temporary + "/" + Names[I]).c_str(), To.c_str()) == 0)
      continue;
    reportCannotWrite(Diags, Shown + "/" + Names[I], errno);
    while (I-- != 0)
      ::unlink((Final + "/" + Names[I]).c_str());
    return false;
  }
  ::rmdir(Temporary.c_str());
  return true;
}
