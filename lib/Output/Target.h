//===- Target.h - Where the result is to stand ------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_TARGET_H
#define MERGEC_LIB_OUTPUT_TARGET_H

#include "mergec/Output/Output.h"

namespace mergec {

/// The place that `-o` names, found fit to be written to.
struct Target {
  std::string Final; ///< Absolute, without symbolic links or trailing slash.
  std::string Shown; ///< As the user spelt it, without trailing slash.
  bool Exists;       ///< An empty directory, or one that may be replaced.
};

/// Reports everything that speaks against writing to `Path`; nothing then.
std::optional<Target> findTarget(llvm::StringRef Path, bool Force,
                                 const OutputLayout &Layout,
                                 llvm::ArrayRef<const Checkpoint *> Inputs,
                                 Diagnostics &Diags);

/// `.<name>.mergec-`: how the names of the target's temporary directories
/// begin. What follows is the id of the process.
std::string temporaryPrefix(llvm::StringRef Final);

/// What a directory holds, temporary directories of the target `Final` aside:
/// sorted names. Reports when it can't be read.
std::optional<std::vector<std::string>>
listDirectory(const std::string &Directory, llvm::StringRef Final,
              llvm::StringRef Shown, Diagnostics &Diags);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_TARGET_H
