//===- FindModel.cpp - From a model's name to its directory ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A reference is a directory or a name in the local Hugging Face cache, which
// looks like this:
//
//   hub/models--org--name/refs/main            the commit that `main` stands
//   for hub/models--org--name/snapshots/<commit>/  the model, as links to blobs
//
// Nothing is downloaded: that a merge of a hundred gigabytes fetches them
// without being asked would surprise.
//
//===----------------------------------------------------------------------===//

#include "InputFile.h"
#include "mergec/Checkpoint/Checkpoint.h"
#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace mergec;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {

std::string pathOf(const llvm::Twine &A, const llvm::Twine &B = "",
                   const llvm::Twine &C = "") {
  llvm::SmallString<128> Path;
  path::append(Path, A, B, C);
  return Path.str().str();
}

std::string variable(llvm::StringRef Name) {
  return llvm::sys::Process::GetEnv(Name).value_or("");
}

/// `~` and `~/…` by HOME; any other path as it is.
std::string withoutTilde(llvm::StringRef Path) {
  llvm::SmallString<128> Home;
  llvm::StringRef Rest = Path;
  if (Rest.consume_front("~") && (Rest.empty() || Rest.front() == '/') &&
      path::home_directory(Home))
    return pathOf(Home, Rest.ltrim('/'));
  return Path.str();
}

/// The names in a directory, sorted; none if it can't be listed.
std::vector<std::string> namesIn(llvm::StringRef Directory) {
  std::vector<std::string> Names;
  std::error_code Error;
  for (fs::directory_iterator I(Directory, Error), End; !Error && I != End;
       I.increment(Error))
    Names.push_back(path::filename(I->path()).str());
  llvm::sort(Names);
  return Names;
}

/// The cache's directory, as huggingface_hub finds it.
std::string cacheDirectory() {
  for (llvm::StringRef Name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (std::string Hub = variable(Name); !Hub.empty())
      return withoutTilde(Hub);
  if (std::string Home = variable("HF_HOME"); !Home.empty())
    return pathOf(withoutTilde(Home), "hub");
  if (std::string Xdg = variable("XDG_CACHE_HOME"); !Xdg.empty())
    return pathOf(withoutTilde(Xdg), "huggingface", "hub");
  return pathOf(withoutTilde("~/.cache"), "huggingface", "hub");
}

/// `name` or `org/name`, as the hub allows them. Any other text is a path.
bool isHubName(llvm::StringRef Name) {
  auto IsPart = [](llvm::StringRef Part) {
    return !Part.empty() && !Part.starts_with(".") && !Part.contains("..") &&
           llvm::all_of(Part, [](char C) {
             return llvm::isAlnum(C) || C == '-' || C == '_' || C == '.';
           });
  };
  auto [First, Second] = Name.split('/');
  return IsPart(First) && (First.size() == Name.size() || IsPart(Second));
}

std::string cacheFolder(llvm::StringRef Name) {
  std::string Folder = "models--";
  for (char C : Name)
    if (C == '/')
      Folder += "--";
    else
      Folder += C;
  return Folder;
}

class ModelFinder {
public:
  ModelFinder(llvm::StringRef Path, llvm::StringRef Revision,
              llvm::StringRef PlanDirectory, llvm::SMRange Where,
              Diagnostics &Diags)
      : Path(Path), Revision(Revision), PlanDirectory(PlanDirectory),
        Where(Where), Diags(Diags) {}

  std::optional<std::string> find();

private:
  std::optional<std::string> findDirectory();
  std::optional<std::string> findCached();
  std::optional<std::string> snapshotOf(llvm::StringRef Folder);
  void reportNotFound();
  std::string download() const {
    std::string At = Revision.empty() ? "" : " --revision " + Revision.str();
    return "`hf download " + Path.str() + At + "`";
  }
  std::string nearName() const;

  const llvm::StringRef Path, Revision, PlanDirectory;
  const llvm::SMRange Where;
  Diagnostics &Diags;
  std::vector<std::string> Places; ///< The directories that were tried.
  std::vector<std::string> Looked; ///< All that was tried, and what is there.
  std::string Advice;              ///< If what was found suggests any.
};

std::optional<std::string> ModelFinder::findDirectory() {
  std::string Plain = withoutTilde(Path);
  Places = {Plain};
  if (!path::is_absolute(Plain) && !PlanDirectory.empty() &&
      PlanDirectory != ".")
    Places.push_back(pathOf(PlanDirectory, Plain));
  for (const std::string &Place : Places) {
    if (fs::is_directory(Place))
      return Place;
    llvm::SmallString<128> Absolute(Place);
    fs::make_absolute(Absolute);
    path::remove_dots(Absolute, /*remove_dot_dot=*/true);
    bool IsFile = fs::exists(Place);
    std::string Note =
        "`" + Absolute.str().str() + "` " +
        (IsFile ? "is a file, not a directory" : "does not exist");
    // The plan often stands in the working directory.
    if (!llvm::is_contained(Looked, Note))
      Looked.push_back(std::move(Note));
    if (IsFile)
      Advice = "name the directory that holds the file";
  }
  return std::nullopt;
}

/// The directory of the revision below a cached model's folder.
std::optional<std::string> ModelFinder::snapshotOf(llvm::StringRef Folder) {
  // A revision becomes part of a path, and must not leave it.
  llvm::StringRef Wanted = Revision.empty() ? "main" : Revision;
  bool Escapes = Wanted.starts_with("/") || Wanted.contains("..");
  std::string Commit;
  constexpr uint64_t MostBytes = 4096;
  if (!Escapes &&
      !readSmallFile(pathOf(Folder, "refs", Wanted), MostBytes, Commit)) {
    std::string Snapshot = pathOf(
        Folder, "snapshots", path::filename(llvm::StringRef(Commit).trim()));
    if (fs::is_directory(Snapshot))
      return Snapshot;
    Looked.push_back("`" + Snapshot + "` does not exist, though `refs/" +
                     Wanted.str() + "` names it");
    Advice = "download it again: " + download();
    return std::nullopt;
  }
  if (!Escapes && !Revision.empty()) {
    std::string Snapshot = pathOf(Folder, "snapshots", Revision);
    if (fs::is_directory(Snapshot))
      return Snapshot;
  }
  std::vector<std::string> Snapshots = namesIn(pathOf(Folder, "snapshots"));
  if (Revision.empty() && Snapshots.size() == 1)
    return pathOf(Folder, "snapshots", Snapshots[0]);
  std::vector<std::string> Present = namesIn(pathOf(Folder, "refs"));
  llvm::append_range(Present, Snapshots);
  if (!Present.empty())
    Advice = "name a revision that is there (`" + llvm::join(Present, "`, `") +
             "`), or download this one: " + download();
  Looked.push_back("`" + Folder.str() + "` has no revision " +
                   quotedName(Wanted));
  return std::nullopt;
}

std::optional<std::string> ModelFinder::findCached() {
  if (!isHubName(Path))
    return std::nullopt;
  std::string Folder = pathOf(cacheDirectory(), cacheFolder(Path));
  if (fs::is_directory(Folder))
    return snapshotOf(Folder);
  Looked.push_back("`" + Folder + "` does not exist (the Hugging Face cache)");
  return std::nullopt;
}

/// A directory beside those looked for, or a cached model, that may be meant.
std::string ModelFinder::nearName() const {
  std::vector<std::string> Known;
  for (const std::string &Place : Places) {
    llvm::StringRef Trimmed = llvm::StringRef(Place).rtrim('/');
    llvm::StringRef Parent = path::parent_path(Trimmed);
    llvm::StringRef Before = Path.rtrim('/');
    Before = Before.drop_back(path::filename(Before).size());
    for (const std::string &Name : namesIn(Parent.empty() ? "." : Parent))
      if (fs::is_directory(pathOf(Parent, Name)))
        Known.push_back((Before + Name).str());
  }
  for (llvm::StringRef Folder : namesIn(cacheDirectory()))
    if (Folder.consume_front("models--")) {
      auto [Org, Name] = Folder.split("--");
      Known.push_back(Name.empty() ? Org.str() : (Org + "/" + Name).str());
    }
  std::vector<llvm::StringRef> Refs(Known.begin(), Known.end());
  return Diagnostics::nearest(Path, Refs).str();
}

void ModelFinder::reportNotFound() {
  std::string Spelt =
      Revision.empty() ? Path.str() : (Path + "@" + Revision).str();
  Diagnostic &D = Diags.report(Kind::ModelNotFound, Where,
                               "model " + quotedName(Spelt) + " not found");
  for (const std::string &Note : Looked)
    D.note(Note);
  if (!Advice.empty())
    D.hint(Advice);
  else if (std::string Near = nearName(); !Near.empty())
    D.hint("did you mean `" + Near + "`?");
  else if (isHubName(Path))
    D.hint("download it with " + download());
  else
    D.hint("name a directory with a model's config.json and weights");
}

std::optional<std::string> ModelFinder::find() {
  if (Revision.empty())
    if (auto Directory = findDirectory())
      return Directory;
  if (auto Snapshot = findCached())
    return Snapshot;
  if (!Revision.empty())
    if (auto Directory = findDirectory()) {
      Looked.push_back("`" + *Directory +
                       "` exists, but a directory has no revisions");
      Advice = "leave out `@" + Revision.str() + "`";
    }
  reportNotFound();
  return std::nullopt;
}

} // namespace

std::optional<std::string> mergec::findModel(llvm::StringRef Path,
                                             llvm::StringRef Revision,
                                             llvm::StringRef PlanDirectory,
                                             llvm::SMRange Where,
                                             Diagnostics &Diags) {
  return ModelFinder(Path, Revision, PlanDirectory, Where, Diags).find();
}
