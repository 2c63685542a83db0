//===- Journal.cpp - Which tensors are complete ---------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Journal.h"
#include "Files.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cerrno>
#include <unistd.h>

using namespace mergec;

static std::string pathIn(const std::string &Directory) {
  return Directory + "/" + JournalName.str();
}

static std::string firstLine(llvm::StringRef Key) {
  return ("mergec " + Key + "\n").str();
}

int mergec::beginJournal(const std::string &Directory, llvm::StringRef Key) {
  return writeNewFile(pathIn(Directory), firstLine(Key));
}

std::optional<std::vector<uint32_t>>
mergec::readJournal(const std::string &Directory, llvm::StringRef Key) {
  auto File = llvm::MemoryBuffer::getFile(pathIn(Directory));
  if (!File)
    return std::nullopt;
  llvm::StringRef Text = (*File)->getBuffer(), Rest = Text;
  if (!Rest.consume_front(firstLine(Key)))
    return std::nullopt;
  std::vector<uint32_t> Tensors;
  size_t Sound = Text.size() - Rest.size();
  while (Rest.contains('\n')) {
    auto [Line, Behind] = Rest.split('\n');
    uint32_t Tensor;
    if (Line.getAsInteger(10, Tensor))
      break;
    Tensors.push_back(Tensor);
    Rest = Behind;
    Sound = Text.size() - Rest.size();
  }
  if (::truncate(pathIn(Directory).c_str(), Sound) != 0)
    return std::nullopt;
  llvm::sort(Tensors);
  Tensors.erase(llvm::unique(Tensors), Tensors.end());
  return Tensors;
}

int mergec::addToJournal(const std::string &Directory,
                         llvm::ArrayRef<uint32_t> Tensors) {
  std::string Lines;
  for (uint32_t T : Tensors)
    Lines += std::to_string(T) + "\n";
  return appendToFile(pathIn(Directory), Lines);
}
