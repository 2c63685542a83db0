//===- SourceFile.cpp - A file that weights are read from -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SourceFile.h"
#include "mergec/Schedule/Program.h"
#include <cerrno>

using namespace mergec;

int SourceFile::open(const std::string &Path, IOMode Wanted) {
  if (int Error = Cached.openForReading(Path))
    return Error;
  if (Wanted == IOMode::Buffered ||
      (Wanted == IOMode::Auto && !Cached.isOnLocalDisk()))
    return 0;
  int Error = Direct.openForReading(Path, /*Direct=*/true);
  if (!Error)
    Mode = Wanted;
  return Wanted == IOMode::Direct ? Error : 0;
}

int SourceFile::readDirectlyAt(char *To, uint64_t Size, uint64_t Offset) const {
  uint64_t Before = Offset % FileBlockBytes;
  uint64_t Blocks = (Before + Size + FileBlockBytes - 1) / FileBlockBytes;
  int Error = Direct.readAt(To - Before, Blocks * FileBlockBytes,
                            Offset - Before, Before + Size);
  // Some file systems ask for more than blocks of the usual size.
  return Error == EINVAL ? readAt(To, Size, Offset) : Error;
}
