//===- Journal.h - Which tensors are complete -------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file in a result's temporary directory. Its first line holds the key of the
// run, every other one the index of a tensor whose data are on the disk. A line
// that a dying machine has cut off ends what is believed.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_OUTPUT_JOURNAL_H
#define MERGEC_LIB_OUTPUT_JOURNAL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// The journal's name, in no use by models.
inline constexpr llvm::StringLiteral JournalName = ".mergec-journal";

/// Begins one in a directory that has none. 0, or errno.
int beginJournal(const std::string &Directory, llvm::StringRef Key);

/// The tensors that the directory's journal names, sorted; nothing if there is
/// none, or one of another key. What follows a broken line is cut off.
std::optional<std::vector<uint32_t>> readJournal(const std::string &Directory,
                                                 llvm::StringRef Key);

/// Adds lines. 0, or errno.
int addToJournal(const std::string &Directory,
                 llvm::ArrayRef<uint32_t> Tensors);

} // namespace mergec

#endif // MERGEC_LIB_OUTPUT_JOURNAL_H
