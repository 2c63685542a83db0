//===- Contents.cpp - What stands beside the weights ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Config.h"
#include "Files.h"
#include "JsonText.h"
#include "ModelFiles.h"
#include "Target.h"
#include "mergec/Output/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <filesystem>
#include <numeric>

using namespace mergec;
namespace fs = std::filesystem;

/// model.safetensors.index.json: which shard holds a tensor, sorted by name.
static std::string indexText(const OutputLayout &Layout,
                             llvm::ArrayRef<OutputTensor> Tensors) {
  std::vector<uint32_t> Order(Tensors.size());
  std::iota(Order.begin(), Order.end(), 0);
  llvm::sort(Order, [&](uint32_t A, uint32_t B) {
    return Tensors[A].Name < Tensors[B].Name;
  });
  std::string Text = "{\n  \"metadata\": {\n    \"total_size\": " +
                     std::to_string(Layout.TensorBytes) +
                     "\n  },\n  \"weight_map\": {";
  llvm::ListSeparator Comma(",");
  for (uint32_t I : Order) {
    Text += llvm::StringRef(Comma);
    Text += "\n    ";
    appendJsonString(Text, Tensors[I].Name);
    Text += ": ";
    appendJsonString(Text, Layout.Shards[Tensors[I].Shard].FileName);
  }
  Text += "\n  }\n}\n";
  return Text;
}

/// True if loading the donor runs Python files of its own.
static bool hasCustomCode(const Checkpoint &Donor) {
  auto TokenizerConfig =
      llvm::MemoryBuffer::getFile(Donor.directory() + "/tokenizer_config.json");
  return namesCustomCode(Donor.configText()) ||
         (TokenizerConfig && namesCustomCode((*TokenizerConfig)->getBuffer()));
}

bool OutputDirectory::writeContents(const OutputLayout &Layout,
                                    llvm::ArrayRef<OutputTensor> Tensors,
                                    const OutputContents &Contents,
                                    Diagnostics &Diags) {
  bool Fine = true;
  auto Write = [&](llvm::StringRef Name, llvm::StringRef Text) {
    if (int Errno = writeNewFile(Temporary + "/" + Name.str(), Text)) {
      reportCannotWrite(Diags, Shown + "/" + Name.str(), Errno);
      Fine = false;
    }
  };
  if (Layout.Shards.size() > 1)
    Write(IndexName, indexText(Layout, Tensors));
  Write(CardName, modelCard(Contents));
  if (Contents.ThePlan)
    Write(PlanName, Contents.PlanText);
  if (!Contents.Donor)
    return Fine;

  const Checkpoint &Donor = *Contents.Donor;
  if (Donor.configText().empty())
    Diags.report(Kind::NoConfig, "model `" + Donor.name() +
                                     "` has no `config.json`, so the result "
                                     "has none");
  else if (auto Text = editConfig(Donor, Contents.Facts, Diags))
    Write(ConfigName, *Text);
  else
    Fine = false;

  for (const auto &[Name, Text] : Contents.Files)
    Write(Name, Text);
  // A tokenizer may be another model's than the donor.
  std::string OwnDirectory = Donor.directory().str();
  std::string TokenizerDirectory = Contents.TokenizerDirectory.empty()
                                       ? OwnDirectory
                                       : Contents.TokenizerDirectory;
  bool OneDirectory = TokenizerDirectory == OwnDirectory;
  // All of them, not those that `auto_map` names: they import one another.
  bool CopyCode = hasCustomCode(Donor);
  auto CopyFrom = [&](const std::string &Directory,
                      llvm::function_ref<bool(llvm::StringRef)> Takes) {
    auto Names = listDirectory(Directory, Final, Directory, Diags);
    Fine &= Names.has_value();
    for (const std::string &Name : Names.value_or(std::vector<std::string>())) {
      if (!Takes(Name) || llvm::is_contained(Contents.LeftOut, Name) ||
          llvm::any_of(Contents.Files,
                       [&](const auto &File) { return File.first == Name; }))
        continue;
      std::string From = Directory + "/" + Name, To = Temporary + "/" + Name;
      if (Name == GenerationName && !Contents.Generation.TokenIds.empty()) {
        if (auto File = llvm::MemoryBuffer::getFile(From)) {
          Write(Name, editGenerationConfig((*File)->getBuffer(), Contents.Facts,
                                           Diags));
          continue;
        }
      }
      const std::string *Culprit;
      int Errno = copyToNewFile(From, To, Culprit);
      if (Errno == 0)
        continue;
      Fine = false;
      if (Culprit == &From)
        Diags.report(Kind::CannotRead,
                     "cannot read `" + From + "`: " + errorText(Errno));
      else
        reportCannotWrite(Diags, Shown + "/" + Name, Errno);
    }
  };
  CopyFrom(OwnDirectory, [&](llvm::StringRef Name) {
    return (isCopiedFromDonor(Name) &&
            (OneDirectory || !isTokenizerFile(Name))) ||
           (CopyCode && Name.ends_with(".py"));
  });
  if (!OneDirectory)
    CopyFrom(TokenizerDirectory, isTokenizerFile);
  return Fine;
}
