//===- Diagnostics.h - What mergec tells its user ---------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every mistake in a plan or a checkpoint, and every failure of the machine,
// becomes one `Diagnostic`: an observation, where it stands, notes, and a hint
// that says how to mend it. They are collected while the phases run and printed
// together, in source order, each with file, line, caret:
//
//   plan.yml:7:14: error: `weight` is missing for model `a` [missing-parameter]
//     - model: a
//              ^
//   plan.yml:7:14: hint: add `parameters: {weight: 1.0}` below the model
//
// Wording: lower case, no full stop, names in backticks, first what was seen,
// then what to do. The kinds are listed in Kinds.def; each has a golden test.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_DIAGNOSTICS_DIAGNOSTICS_H
#define MERGEC_DIAGNOSTICS_DIAGNOSTICS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SMLoc.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

/// `Failure` is an error of the environment (disk, network, permissions).
enum class Severity : uint8_t { Failure, Error, Warning, Remark };

/// One per row of Kinds.def.
enum class Kind : uint16_t {
#define MERGEC_DIAGNOSTIC(Id, Name, Sev) Id,
#include "mergec/Diagnostics/Kinds.def"
};

/// `missing-parameter`, as printed in brackets behind the message.
llvm::StringRef kindName(Kind K);
/// The severity before `--strict` is applied.
Severity defaultSeverity(Kind K);

struct Diagnostic {
  Kind Id;
  Severity Level;
  llvm::SMRange Where; ///< Invalid: the diagnostic has no place in a file.
  std::string Message;
  struct Note {
    llvm::SMRange Where;
    std::string Text;
  };
  std::vector<Note> Notes;
  std::string Hint;

  Diagnostic &note(const llvm::Twine &Text, llvm::SMRange At = {}) {
    Notes.push_back({At, Text.str()});
    return *this;
  }
  Diagnostic &hint(const llvm::Twine &Text) {
    Hint = Text.str();
    return *this;
  }
};

/// Collects diagnostics and owns the text of the files they point into.
/// `report` may be called from any thread; the reference it returns is for the
/// reporting thread alone.
class Diagnostics {
public:
  Diagnostics();

  /// Takes a copy of `Text` under the name `Path`; locations are pointers into
  /// the returned reference, which lives as long as this object and ends with a
  /// NUL that is not part of it.
  llvm::StringRef addFile(llvm::StringRef Path, llvm::StringRef Text);

  /// Reads a file; nothing, and a diagnostic, if that fails: an error when
  /// there is no such file, a failure when it is there and cannot be read.
  std::optional<llvm::StringRef> readFile(llvm::StringRef Path);

  Diagnostic &report(Kind K, llvm::SMRange Where, const llvm::Twine &Message);
  Diagnostic &report(Kind K, const llvm::Twine &Message) {
    return report(K, llvm::SMRange(), Message);
  }

  /// `--strict`: warnings reported from now on are errors.
  void setStrict(bool On) { Strict = On; }
  bool strict() const { return Strict; }
  /// `--quiet`: remarks are not printed.
  void setQuiet(bool On) { Quiet = On; }

  /// Any error or failure so far, of those reported when `size` was `From` or
  /// later.
  bool hasErrors(size_t From = 0) const;
  /// 0 no error, 1 the user's input is wrong, 2 the environment failed.
  int exitCode() const;
  size_t size() const { return All.size(); }
  const std::deque<Diagnostic> &all() const { return All; }

  /// Prints what has been reported since the last flush: by file, line, column;
  /// those without a place last; equal ones once.
  void flush(llvm::raw_ostream &OS, bool Colours = false);
  /// The same as one JSON object per line.
  void flushJson(llvm::raw_ostream &OS);

  /// The nearest of `Known` to `Name` if it is near enough to be meant.
  static llvm::StringRef nearest(llvm::StringRef Name,
                                 llvm::ArrayRef<llvm::StringRef> Known);

private:
  std::vector<size_t> takeInOrder();

  llvm::SourceMgr Sources;
  std::deque<Diagnostic> All;
  size_t Flushed = 0;
  bool Strict = false;
  bool Quiet = false;
  mutable std::mutex Mutex;
};

} // namespace mergec

#endif // MERGEC_DIAGNOSTICS_DIAGNOSTICS_H
