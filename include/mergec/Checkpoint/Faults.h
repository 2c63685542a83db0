//===- Faults.h - Everything wrong with one file ----------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A damaged header tends to be damaged in thousands of places. They become one
// diagnostic: the first few in words, the others as a number.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_CHECKPOINT_FAULTS_H
#define MERGEC_CHECKPOINT_FAULTS_H

#include "mergec/Diagnostics/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace mergec {

class Faults {
public:
  /// So many are put in words.
  static constexpr size_t Shown = 8;

  /// `Hint` says how to mend it; the first given is printed.
  void add(const llvm::Twine &Text, llvm::StringRef Hint = {}) {
    if (Count++ < Shown)
      Texts.push_back(Text.str());
    if (TheHint.empty())
      TheHint = Hint.str();
  }

  bool empty() const { return Count == 0; }
  size_t size() const { return Count; }
  llvm::ArrayRef<std::string> texts() const { return Texts; }
  llvm::StringRef hint() const { return TheHint; }

  /// One diagnostic; none if there are no faults. `Subject` is what they are
  /// faults of.
  void report(Diagnostics &Diags, Kind K, llvm::SMRange Where,
              const llvm::Twine &Subject) const;

private:
  std::vector<std::string> Texts;
  size_t Count = 0;
  std::string TheHint;
};

/// A name out of a file, between backticks and fit to be printed: control
/// characters escaped, a very long one shortened.
std::string quotedName(llvm::StringRef Name);

/// `1 tensor`, `3 tensors`.
std::string counted(uint64_t Count, llvm::StringRef Noun);

} // namespace mergec

#endif // MERGEC_CHECKPOINT_FAULTS_H
