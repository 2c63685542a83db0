//===- ReadTokenizer.cpp - A tokenizer from its files ---------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mergec;
using namespace mergec::tokenizer;

namespace {
/// The files of one directory, each read when it is asked for.
class Files {
public:
  Files(llvm::StringRef Directory, Faults &Found)
      : Directory(Directory), Found(Found) {}

  std::unique_ptr<llvm::MemoryBuffer> read(llvm::StringRef Name) {
    std::string Path = (Directory + "/" + Name).str();
    // Into memory of our own: a mapped file may change while it is read.
    auto Buffer = llvm::MemoryBuffer::getFile(Path, /*IsText=*/false,
                                              /*RequiresNullTerminator=*/false,
                                              /*IsVolatile=*/true);
    if (Buffer)
      return std::move(*Buffer);
    if (Buffer.getError() != std::errc::no_such_file_or_directory) {
      std::string Reason = Buffer.getError().message();
      Reason[0] = llvm::toLower(Reason[0]);
      Found.add("can't read `" + Name + "`: " + Reason, MendHint);
    }
    return nullptr;
  }

private:
  llvm::StringRef Directory;
  Faults &Found;
};
} // namespace

/// The vocabulary proper comes first: of a token that stands there as well an
/// added one takes the id.
static void addAdded(Tokenizer &T, llvm::ArrayRef<AddedEntry> Entries,
                     Faults &Found) {
  llvm::DenseSet<uint32_t> Seen;
  for (const AddedEntry &E : Entries) {
    if (E.Id >= MostIds) {
      Found.add("added token " + quotedName(E.Text) + " has the id " +
                    llvm::Twine(E.Id) + ", which no vocabulary reaches",
                MendHint);
      continue;
    }
    std::optional<uint32_t> Known = T.find(E.Text);
    if (Known && *Known != E.Id) {
      Found.add("added token " + quotedName(E.Text) + " has ids " +
                    llvm::Twine(*Known) + " and " + llvm::Twine(E.Id),
                "remove the wrong one from the tokenizer's files");
      continue;
    }
    if (!T.add(E.Text, E.Id)) {
      Found.add("tokens " + quotedName(T.text(E.Id)) + " and " +
                    quotedName(E.Text) + " have the same id " +
                    llvm::Twine(E.Id),
                "remove the wrong one from the tokenizer's files");
      continue;
    }
    // Files are read in the order in which they count.
    if (Seen.insert(uint32_t(E.Id)).second)
      T.Added.push_back({uint32_t(E.Id), E.Flags});
  }
  llvm::sort(T.Added, [](const AddedToken &A, const AddedToken &B) {
    return A.Id < B.Id;
  });
}

std::unique_ptr<Tokenizer> mergec::readTokenizer(llvm::StringRef Directory,
                                                 Faults &Found) {
  Files In(Directory, Found);
  auto T = std::make_unique<Tokenizer>();
  T->Directory = Directory.str();
  std::vector<AddedEntry> Added;
  if (auto File = In.read("tokenizer.json")) {
    readTokenizerJson(File->getBuffer(), *T, Added, Found);
  } else if (auto File = In.read("tokenizer.model")) {
    readSentencePiece(File->getBuffer(), *T, Found);
  } else {
    auto Vocab = In.read("vocab.json"), Merges = In.read("merges.txt");
    if (!Vocab || !Merges)
      return nullptr;
    readVocabAndMerges(Vocab->getBuffer(), Merges->getBuffer(), *T, Found);
  }
  if (auto File = In.read("tokenizer_config.json"))
    readTokenizerConfig(File->getBuffer(), *T, Added, Found);
  if (auto File = In.read("special_tokens_map.json"))
    readSpecialTokens(File->getBuffer(), *T, Found);
  if (auto File = In.read("added_tokens.json"))
    readAddedTokens(File->getBuffer(), Added, Found);
  // Newer models keep the template in a file of its own, which then counts.
  if (auto File = In.read("chat_template.jinja"))
    T->ChatTemplate = File->getBuffer().str();
  addAdded(*T, Added, Found);
  if (!Found.empty())
    return nullptr;
  return T;
}

bool mergec::haveSameTokenizerFiles(llvm::StringRef A, llvm::StringRef B) {
  if (llvm::sys::fs::equivalent(A, B))
    return true;
  for (llvm::StringRef Name :
       {"tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt",
        "tokenizer_config.json", "added_tokens.json"}) {
    // Mapped, not copied: they are compared once and are rarely short.
    auto InA = llvm::MemoryBuffer::getFile(A + "/" + Name, false, false);
    auto InB = llvm::MemoryBuffer::getFile(B + "/" + Name, false, false);
    if (bool(InA) != bool(InB))
      return false;
    if (InA && (*InA)->getBuffer() != (*InB)->getBuffer())
      return false;
  }
  return true;
}
