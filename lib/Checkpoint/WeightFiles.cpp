//===- WeightFiles.cpp - Which files of a directory are the model's -------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightFiles.h"
#include "InputFile.h"
#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <map>

using namespace mergec;

namespace {

/// `model-00002-of-00003.safetensors`: number 2 of 3 of `model`.
struct ShardName {
  llvm::StringRef Stem;
  unsigned Number, Total;
};

std::optional<ShardName> parseShardName(llvm::StringRef File) {
  if (!File.consume_back(".safetensors"))
    return std::nullopt;
  auto [Front, Total] = File.rsplit("-of-");
  auto [Stem, Number] = Front.rsplit('-');
  ShardName Name{Stem, 0, 0};
  if (Number.getAsInteger(10, Name.Number) ||
      Total.getAsInteger(10, Name.Total))
    return std::nullopt;
  return Name;
}

/// What a directory without safetensors files may hold instead.
struct ForeignWeights {
  llvm::StringLiteral Suffix, What, Hint;
};
constexpr ForeignWeights Foreign[] = {
    {"adapter_model.safetensors", "is an adapter, not a model",
     "name the model it was made for, with the adapter behind it: "
     "`model+adapter`"},
    {"adapter_model.bin", "is an adapter, not a model",
     "name the model it was made for, with the adapter behind it: "
     "`model+adapter`"},
    {".bin", "holds weights in PyTorch's format, which is not read yet",
     "convert them: load the model with transformers and call "
     "`save_pretrained(directory, safe_serialization=True)`"},
    {".pth", "holds weights in PyTorch's format, which is not read yet",
     "convert them: load the model with transformers and call "
     "`save_pretrained(directory, safe_serialization=True)`"},
    {".pt", "holds weights in PyTorch's format, which is not read yet",
     "convert them: load the model with transformers and call "
     "`save_pretrained(directory, safe_serialization=True)`"},
    {".gguf", "holds weights in the GGUF format, which is not read yet",
     "use the model that the GGUF file was made from"},
};

void reportNoWeights(llvm::StringRef Directory,
                     llvm::ArrayRef<std::string> Names, llvm::StringRef Subject,
                     llvm::SMRange Where, Diagnostics &Diags) {
  for (const ForeignWeights &Row : Foreign)
    for (llvm::StringRef Name : Names)
      if (Name.ends_with(Row.Suffix)) {
        Diags
            .report(Kind::NoWeights, Where,
                    Subject + ": " + quotedName(Name) + " " + Row.What)
            .hint(Row.Hint);
        return;
      }
  Diags
      .report(Kind::NoWeights, Where,
              Subject + ": no safetensors file in `" + Directory + "`")
      .hint("download the model's weights, or name the directory they are in");
}

/// Reports shards that their own numbers promise and the directory lacks.
bool checkNumbers(llvm::ArrayRef<std::string> Shards, llvm::StringRef Subject,
                  llvm::SMRange Where, Diagnostics &Diags) {
  std::map<std::pair<llvm::StringRef, unsigned>, std::vector<unsigned>> Sets;
  for (llvm::StringRef File : Shards) {
    ShardName Name = *parseShardName(File);
    Sets[{Name.Stem, Name.Total}].push_back(Name.Number);
  }
  Faults Missing;
  for (const auto &[Set, Numbers] : Sets) {
    // A total beyond any model's is not believed, and not counted up to.
    unsigned Total = std::min<unsigned>(Set.second, 100'000);
    for (unsigned Number = 1; Number <= Total; ++Number)
      if (!llvm::is_contained(Numbers, Number))
        Missing.add("shard " + llvm::Twine(Number) + " of " +
                        llvm::Twine(Set.second) + " of " +
                        quotedName(Set.first) + " is not there",
                    "download the missing files");
  }
  Missing.report(Diags, Kind::NoWeights, Where, Subject);
  return Missing.empty();
}

} // namespace

std::optional<WeightFiles> mergec::findWeights(llvm::StringRef Directory,
                                               llvm::StringRef Subject,
                                               llvm::SMRange Where,
                                               Diagnostics &Diags) {
  std::vector<std::string> Names;
  std::error_code Error;
  for (llvm::sys::fs::directory_iterator I(Directory, Error), End;
       !Error && I != End; I.increment(Error))
    Names.push_back(llvm::sys::path::filename(I->path()).str());
  if (Error) {
    Diags.report(Kind::CannotRead, Where,
                 Subject + ": cannot list `" + Directory +
                     "`: " + reason(Error));
    return std::nullopt;
  }
  llvm::sort(Names);

  auto IsHere = [&](llvm::StringRef Name) {
    return std::binary_search(Names.begin(), Names.end(), Name);
  };
  if (IsHere("model.safetensors"))
    return WeightFiles{"", {"model.safetensors"}};
  std::string Index = "model.safetensors.index.json";
  if (IsHere(Index))
    return WeightFiles{Index, {}};

  std::vector<std::string> Numbered, All;
  for (const std::string &Name : Names) {
    llvm::StringRef N = Name;
    if (!N.ends_with(".safetensors") || N.starts_with(".") ||
        N == "adapter_model.safetensors")
      continue;
    All.push_back(Name);
    if (parseShardName(Name))
      Numbered.push_back(Name);
  }
  if (!Numbered.empty()) {
    if (!checkNumbers(Numbered, Subject, Where, Diags))
      return std::nullopt;
    return WeightFiles{"", std::move(Numbered)};
  }
  if (!All.empty())
    return WeightFiles{"", std::move(All)};
  reportNoWeights(Directory, Names, Subject, Where, Diags);
  return std::nullopt;
}
