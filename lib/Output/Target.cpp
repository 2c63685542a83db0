//===- Target.cpp - Where the result is to stand --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that can be known about the place before something is written to
// it. Nothing here changes the disk.
//
//===----------------------------------------------------------------------===//

#include "Target.h"
#include "Files.h"
#include "Leftovers.h"
#include "ModelFiles.h"
#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace mergec;
namespace fs = std::filesystem;

std::string mergec::temporaryPrefix(llvm::StringRef Final) {
  // The whole name must not pass the 255 bytes that file systems allow.
  llvm::StringRef Name = llvm::sys::path::filename(Final).take_front(200);
  return ("." + Name + ".mergec-").str();
}

std::optional<std::vector<std::string>>
mergec::listDirectory(const std::string &Directory, llvm::StringRef Final,
                      llvm::StringRef Shown, Diagnostics &Diags) {
  std::string OurPrefix = temporaryPrefix(Final);
  std::vector<std::string> Names;
  std::error_code Error;
  fs::directory_iterator At(Directory, Error);
  while (!Error && At != fs::directory_iterator()) {
    std::string Name = At->path().filename().string();
    if (!llvm::StringRef(Name).starts_with(OurPrefix))
      Names.push_back(std::move(Name));
    At.increment(Error);
  }
  if (Error) {
    Diags.report(Kind::CannotRead, "cannot list the directory `" + Shown +
                                       "`: " + errorText(Error.value()));
    return std::nullopt;
  }
  llvm::sort(Names);
  return Names;
}

/// True if `Path` is `Directory` or below it; both without symbolic links.
static bool isAtOrBelow(llvm::StringRef Path, llvm::StringRef Directory) {
  return Path.consume_front(Directory) &&
         (Path.empty() || Path.starts_with("/") || Directory.ends_with("/"));
}

/// Refuses, `--force` or not, to write over something that is read.
static bool isApartFromInputs(const Target &T,
                              llvm::ArrayRef<const Checkpoint *> Inputs,
                              Diagnostics &Diags) {
  bool Apart = true;
  for (const Checkpoint *Input : Inputs) {
    auto Report = [&](llvm::StringRef Relation) {
      Diags
          .report(Kind::OutputIsInput, "the output `" + T.Shown + "` " +
                                           Relation + " model `" +
                                           Input->name() + "`")
          .hint("choose another directory for the result; `--force` does not "
                "replace a model that is read");
      Apart = false;
    };
    std::error_code Error;
    std::string Directory =
        fs::canonical(Input->directory().str(), Error).string();
    if (Error)
      continue;
    if (T.Final == Directory)
      Report("is the directory of");
    else if (isAtOrBelow(T.Final, Directory))
      Report("lies inside the directory of");
    else if (isAtOrBelow(Directory, T.Final))
      Report("contains the directory of");
    // The files of a cached model are links to blobs that lie elsewhere.
    else if (llvm::any_of(Input->files(), [&](const CheckpointFile &File) {
               std::string Real = fs::canonical(File.Path, Error).string();
               return !Error && isAtOrBelow(Real, T.Final);
             }))
      Report("contains files of");
  }
  return Apart;
}

/// True for a directory that is empty or may be replaced.
static bool isFreeToUse(const Target &T, bool Force, Diagnostics &Diags) {
  auto Names = listDirectory(T.Final, T.Final, T.Shown, Diags);
  if (!Names)
    return false;
  if (Names->empty())
    return true;
  if (!Force) {
    Diags
        .report(Kind::OutputExists,
                "the output `" + T.Shown + "` exists and is not empty")
        .hint("choose another directory, or replace the model in it with "
              "`--force`");
    return false;
  }
  if (llvm::any_of(*Names, marksModelDirectory))
    return true;
  Diags
      .report(Kind::OutputExists,
              "`--force` replaces models, and the output `" + T.Shown +
                  "` does not look like one: it has no weights, `config.json` "
                  "or `mergekit_config.yml`")
      .hint("choose another directory, or empty this one");
  return false;
}

/// Nothing, and why in `Errno`, if the path leads nowhere.
static std::optional<Target> locate(llvm::StringRef Path, int &Errno) {
  Target T;
  T.Shown = Path.rtrim('/').empty() ? "/" : Path.rtrim('/').str();
  std::error_code Error;
  fs::path Absolute = fs::absolute(T.Shown, Error);
  if (!Error)
    T.Final = fs::weakly_canonical(Absolute, Error).string();
  Errno = Error.value();
  if (Error)
    return std::nullopt;
  T.Exists = fs::is_directory(T.Final, Error);
  return T;
}

/// The innermost directory there is, in or below which the result is made.
static fs::path home(const Target &T) {
  std::error_code Error;
  fs::path Home = T.Final;
  if (!T.Exists)
    do
      Home = Home.parent_path();
    while (!fs::exists(fs::symlink_status(Home, Error)));
  return Home;
}

static uint64_t fileBytes(const OutputLayout &Layout) {
  uint64_t Bytes = 0;
  for (const OutputShard &Shard : Layout.Shards)
    Bytes += Shard.Bytes;
  return Bytes;
}

/// What is left on a file system; nothing if it does not know, as some network
/// file systems do, which say 0 for their size.
static std::optional<uint64_t> freeBytes(const fs::path &Home) {
  struct statvfs Room;
  if (::statvfs(Home.c_str(), &Room) != 0 || Room.f_blocks == 0)
    return std::nullopt;
  return uint64_t(Room.f_bavail) * Room.f_frsize;
}

/// What `begin` will remove, or use.
static uint64_t leftoverBytes(const Target &T) {
  uint64_t Bytes = 0;
  for (const Leftover &L : findLeftovers(T))
    if (L.Run == Leftover::Dead)
      Bytes += diskUsage(L);
  return Bytes;
}

static bool hasRoom(const Target &T, const fs::path &Home,
                    const OutputLayout &Layout, Diagnostics &Diags) {
  uint64_t Needed = fileBytes(Layout);
  std::optional<uint64_t> Free = freeBytes(Home);
  if (!Free)
    return true;
  *Free += leftoverBytes(T);
  if (Needed <= *Free)
    return true;
  Diagnostic &D =
      Diags.report(Kind::DiskFull, "the result needs " + formatBytes(Needed) +
                                       ", and the file system of `" + T.Shown +
                                       "` has " + formatBytes(*Free) + " free");
  D.hint("make " + formatBytes(Needed - *Free) +
         " more room, or choose a directory on another file system");
  std::error_code Error;
  if (T.Exists && !fs::is_empty(T.Final, Error) && !Error)
    D.note("an older result is kept until the new one is complete");
  return false;
}

bool OutputDirectory::checkRoom(
    llvm::ArrayRef<std::pair<std::string, const OutputLayout *>> Places,
    Diagnostics &Diags) {
  struct Sum {
    uint64_t Needed = 0, Free = 0, Most = 0;
    unsigned Results = 0;
    std::string First;
  };
  std::map<dev_t, Sum> ByFileSystem;
  for (const auto &[Path, Layout] : Places) {
    int Errno;
    std::optional<Target> T = locate(Path, Errno);
    struct stat Status;
    if (!T || ::stat(home(*T).c_str(), &Status) != 0)
      continue; // Said elsewhere.
    std::optional<uint64_t> Free = freeBytes(home(*T));
    if (!Free)
      continue;
    Sum &S = ByFileSystem[Status.st_dev];
    if (!S.Results++) {
      S.First = T->Shown;
      S.Free = *Free;
    }
    S.Free += leftoverBytes(*T);
    S.Needed += fileBytes(*Layout);
    S.Most = std::max(S.Most, fileBytes(*Layout));
  }
  bool Fits = true;
  for (const auto &[Device, S] : ByFileSystem) {
    if (S.Needed <= S.Free || S.Most > S.Free)
      continue;
    Fits = false;
    Diags
        .report(Kind::DiskFull, "the " + llvm::Twine(S.Results) +
                                    " results need " + formatBytes(S.Needed) +
                                    ", and the file system of `" + S.First +
                                    "` has " + formatBytes(S.Free) + " free")
        .hint("make " + formatBytes(S.Needed - S.Free) +
              " more room, or make fewer results at a time");
  }
  return Fits;
}

/// Two runs would replace each other's result.
static bool isOursAlone(const Target &T, Diagnostics &Diags) {
  for (const Leftover &L : findLeftovers(T))
    if (L.Run == Leftover::Alive) {
      Diags
          .report(Kind::OutputExists, "another run of mergec is writing the "
                                      "output `" +
                                          T.Shown + "`")
          .hint("wait until it is done, or choose another directory");
      return false;
    }
  return true;
}

/// Whether the innermost directory there is, below which everything is made,
/// can take the result.
static bool canHold(const Target &T, const OutputLayout &Layout,
                    Diagnostics &Diags) {
  std::error_code Error;
  fs::path Parent = home(T);
  if (!fs::is_directory(Parent, Error)) {
    Diags
        .report(Kind::OutputExists,
                "the output `" + T.Shown + "` can't be made, because `" +
                    Parent.string() + "` is not a directory")
        .hint("choose another directory");
    return false;
  }
  if (::access(Parent.c_str(), W_OK | X_OK) != 0) {
    reportCannotWrite(Diags, Parent.string(), errno);
    return false;
  }
  return hasRoom(T, Parent, Layout, Diags);
}

/// Reports a name that stands for something other than a directory.
static bool isDirectoryOrNothing(const Target &T, Diagnostics &Diags) {
  std::error_code Error;
  fs::file_status Status = fs::symlink_status(T.Final, Error);
  if (fs::is_directory(Status) || !fs::exists(Status))
    return true;
  // Links that lead somewhere have been followed.
  if (fs::is_symlink(Status))
    Diags
        .report(Kind::OutputExists,
                "the output `" + T.Shown + "` is a symbolic link to nothing")
        .hint("remove the link, or make the directory it should lead to");
  else
    Diags
        .report(Kind::OutputExists,
                "the output `" + T.Shown + "` is a file, not a directory")
        .hint("choose another name; the result is a directory");
  return false;
}

std::optional<Target>
mergec::findTarget(llvm::StringRef Path, bool Force, const OutputLayout &Layout,
                   llvm::ArrayRef<const Checkpoint *> Inputs,
                   Diagnostics &Diags) {
  if (Path.empty()) {
    Diags.report(Kind::BadOption, "the name of the output directory is empty")
        .hint("name a directory, as in `-o merged`");
    return std::nullopt;
  }
  int Errno;
  std::optional<Target> Found = locate(Path, Errno);
  if (!Found) {
    reportCannotWrite(Diags, Path, Errno);
    return std::nullopt;
  }
  const Target &T = *Found;

  bool Fine = isDirectoryOrNothing(T, Diags);
  Fine &= isApartFromInputs(T, Inputs, Diags);
  if (T.Exists)
    Fine &= isFreeToUse(T, Force, Diags);
  Fine &= isOursAlone(T, Diags);
  Fine &= canHold(T, Layout, Diags);
  if (!Fine)
    return std::nullopt;
  return T;
}
