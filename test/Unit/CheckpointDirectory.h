//===- CheckpointDirectory.h - Model directories for tests ------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_CHECKPOINTDIRECTORY_H
#define MERGEC_TEST_UNIT_CHECKPOINTDIRECTORY_H

#include "mergec/Checkpoint/Checkpoint.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <fstream>

namespace mergec {

/// A temporary directory, removed at the end of the test.
class CheckpointDirectory {
public:
  CheckpointDirectory() {
    llvm::SmallString<128> Path;
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("checkpoint", Path));
    Root = Path.str().str();
  }
  ~CheckpointDirectory() { llvm::sys::fs::remove_directories(Root); }

  const std::string &root() const { return Root; }
  std::string path(llvm::StringRef Name) const {
    return (Root + "/" + Name).str();
  }

  void write(llvm::StringRef Name, llvm::StringRef Bytes) const {
    std::string Path = path(Name);
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(Path));
    // A file system may write a file to the disk at once when it is cut to zero
    // and written again.
    llvm::sys::fs::remove(Path);
    std::ofstream(Path, std::ios::binary)
        .write(Bytes.data(), static_cast<std::streamsize>(Bytes.size()));
  }

  /// A safetensors file: length, `Json`, and `DataBytes` zeros.
  void writeSafetensors(llvm::StringRef Name, llvm::StringRef Json,
                        size_t DataBytes) const {
    char Length[8];
    llvm::support::endian::write64le(Length, Json.size());
    write(Name,
          std::string(Length, 8) + Json.str() + std::string(DataBytes, '\0'));
  }

  /// A model.safetensors of these tensors, each F32 [4].
  void writeTensors(llvm::ArrayRef<std::string> Names,
                    llvm::StringRef File = "model.safetensors") const {
    std::string Json = "{";
    size_t Offset = 0;
    for (const std::string &Name : Names) {
      Json += (Json.size() > 1 ? ",\"" : "\"") + Name +
              "\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[" +
              std::to_string(Offset) + "," + std::to_string(Offset + 16) + "]}";
      Offset += 16;
    }
    writeSafetensors(File, Json + "}", Offset);
  }

  std::unique_ptr<Checkpoint> open(Diagnostics &Diags) const {
    return openCheckpoint(Root, "m", {}, Diags);
  }

  /// Opens what must be sound.
  std::unique_ptr<Checkpoint> open() const {
    Diagnostics Diags;
    auto Model = open(Diags);
    for (const Diagnostic &D : Diags.all())
      ADD_FAILURE() << D.Message;
    return Model;
  }

private:
  std::string Root;
};

/// `Prefix` + 0 to Count-1 + `Rest`, behind `Others`.
inline std::vector<std::string> layered(llvm::StringRef Prefix, int Count,
                                        llvm::StringRef Rest,
                                        std::vector<std::string> Others = {}) {
  for (int I = 0; I != Count; ++I)
    Others.push_back((Prefix + llvm::Twine(I) + "." + Rest).str());
  return Others;
}

} // namespace mergec

#endif // MERGEC_TEST_UNIT_CHECKPOINTDIRECTORY_H
