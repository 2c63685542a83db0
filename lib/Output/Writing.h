//===- Writing.h - The directories being written ----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_WRITING_H
#define MERGEC_LIB_OUTPUT_WRITING_H

#include "mergec/Output/Output.h"
#include <mutex>

namespace mergec {

/// All directories begun and neither committed nor destroyed. The mutex guards
/// the list and everything that creates, renames or removes files in one of
/// them.
struct WritingDirectories {
  static WritingDirectories &get();

  std::mutex Mutex;
  std::vector<OutputDirectory *> Members;
};

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_WRITING_H
