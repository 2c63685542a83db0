//===- ResumeKey.cpp - What the bytes of a result follow from -------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The graph says what is computed: plans, seeds, and whatever models'
// configurations and tokenizers have led to are in it, and options that change
// no byte are not. With the places of the results, the files that are read, and
// the program that computes, it is all that the bytes of a tensor follow from.
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"
#include <sys/stat.h>

using namespace mergec;

static void addProgram(llvm::raw_ostream &OS) {
  OS << version();
  struct stat Status; // Of a version there may be several builds.
  if (::stat("/proc/self/exe", &Status) == 0)
    OS << " " << Status.st_size << " " << Status.st_mtim.tv_sec << "."
       << Status.st_mtim.tv_nsec;
  OS << "\n";
}

static void addModel(const Checkpoint &M, llvm::raw_ostream &OS) {
  OS << M.name() << " " << M.directory() << "\n";
  for (const CheckpointFile &F : M.files())
    OS << F.Path << " " << F.Bytes << " " << F.ModifiedNs << " " << F.Inode
       << "\n";
  for (const TensorInfo &T : M.tensors())
    OS << T.Name << " " << T.File << " " << T.Offset << " " << T.Bytes << "\n";
}

std::string mergec::resumeKey(const Compilation &C) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  addProgram(OS);
  for (const Checkpoint *M : C.Models)
    addModel(*M, OS);
  for (const RunResult &R : C.Results)
    for (const OutputShard &S : R.Layout.Shards)
      OS << R.Name << " " << S.FileName << " " << S.Header << "\n";
  printGraph(C.G, OS);
  llvm::XXH128_hash_t Hash =
      llvm::xxh3_128bits(llvm::arrayRefFromStringRef(Text));
  return llvm::utohexstr(Hash.high64, true, 16) +
         llvm::utohexstr(Hash.low64, true, 16);
}
