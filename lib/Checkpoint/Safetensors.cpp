//===- Safetensors.cpp - The header of a safetensors file -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Checkpoint/Safetensors.h"
#include "InputFile.h"
#include "llvm/Support/Endian.h"

using namespace mergec;

/// What a file is that is no safetensors file, by how it begins.
static llvm::StringRef otherFormat(llvm::StringRef Start) {
  if (Start.starts_with("PK\x03\x04"))
    return "a zip archive, as PyTorch writes";
  if (Start.starts_with("GGUF"))
    return "a GGUF file";
  if (Start.starts_with("<!DOCTYPE") || Start.starts_with("<html"))
    return "a web page";
  return "";
}

/// The length of the header; nothing, and a fault, if the file can't have it.
static std::optional<uint64_t>
headerLength(const InputFile &File, llvm::StringRef Start, Faults &Found) {
  constexpr llvm::StringLiteral Hint = "this is not a safetensors file, or its "
                                       "beginning is damaged: download or "
                                       "convert it again";
  if (File.size() == 0) {
    Found.add("the file is empty", "it was not downloaded: fetch it again");
    return std::nullopt;
  }
  if (llvm::StringRef Other = otherFormat(Start); !Other.empty()) {
    Found.add("this is " + Other + ", whatever its name says",
              "download the safetensors file, or convert this one");
    return std::nullopt;
  }
  if (Start.size() < LengthBytes) {
    Found.add("the file has " + counted(File.size(), "byte") +
                  ", too few for a header's length",
              Hint);
    return std::nullopt;
  }
  uint64_t Length = llvm::support::endian::read64le(Start.data());
  if (Length == 0)
    Found.add("the header's length is 0", Hint);
  else if (Length > MaxSafetensorsHeader)
    Found.add("the header's length is " + llvm::Twine(Length) +
                  ", beyond the format's limit of " +
                  llvm::Twine(MaxSafetensorsHeader),
              Hint);
  else if (Length > File.size() - LengthBytes)
    Found.add("the header's length is " + llvm::Twine(Length) +
                  ", but the file has " + counted(File.size(), "byte"),
              "the file was not written or downloaded to its end: fetch it "
              "again");
  else
    return Length;
  return std::nullopt;
}

HeaderStatus mergec::readSafetensors(llvm::StringRef Path, Checkpoint &Into,
                                     Faults &Found, std::error_code &Error) {
  InputFile File;
  Error = File.open(Path);
  if (Error == std::errc::no_such_file_or_directory ||
      Error == std::errc::not_a_directory)
    return HeaderStatus::Missing;
  uint32_t Index = Into.Files.size();
  Into.Files.push_back(
      {Path.str(), File.size(), File.modifiedNs(), File.inode()});
  if (Error == std::errc::is_a_directory ||
      Error == std::errc::invalid_argument) {
    Found.add(Error == std::errc::is_a_directory ? "this is a directory"
                                                 : "this is not a regular file",
              "put the weights' file in its place");
    return HeaderStatus::Faulty;
  }
  if (Error)
    return HeaderStatus::Unreadable;

  char Start[64];
  llvm::MutableArrayRef<char> Got(Start);
  if ((Error = File.read(0, Got)))
    return HeaderStatus::Unreadable;
  llvm::StringRef Text(Got.data(), Got.size());
  if (Text.starts_with("version https://git-lfs.github.com/"))
    return HeaderStatus::LfsPointer;
  std::optional<uint64_t> Length = headerLength(File, Text, Found);
  if (!Length)
    return HeaderStatus::Faulty;

  std::unique_ptr<char[]> Buffer(new char[*Length]);
  llvm::MutableArrayRef<char> Json(Buffer.get(), *Length);
  if ((Error = File.read(LengthBytes, Json)))
    return HeaderStatus::Unreadable;
  size_t FaultsBefore = Found.size();
  parseSafetensorsHeader({Json.data(), Json.size()}, LengthBytes + *Length,
                         File.size(), Index, Into, Found);
  return Found.size() == FaultsBefore ? HeaderStatus::Sound
                                      : HeaderStatus::Faulty;
}
