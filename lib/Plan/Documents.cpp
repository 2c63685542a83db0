//===- Documents.cpp - The documents of a file
//-----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A line that begins with `---` or `...` is a marker wherever it stands: YAML
// allows no text to hold one, not even between quotes. So a file can be cut
// into its documents without being parsed, each can be read on its own, and a
// mistake of syntax in one does not hide those in the others.
//
//===----------------------------------------------------------------------===//

#include "Yaml.h"
#include "llvm/ADT/StringExtras.h"

using namespace mergec;

static bool isMarker(llvm::StringRef Line, llvm::StringRef Marker) {
  return Line.consume_front(Marker) &&
         (Line.empty() || llvm::isSpace(Line.front()));
}

/// False for what is blank or a comment.
static bool saysSomething(llvm::StringRef Line) {
  Line = Line.ltrim();
  return !Line.empty() && !Line.starts_with("#");
}

std::vector<llvm::StringRef> yaml::splitDocuments(llvm::StringRef Text) {
  std::vector<llvm::StringRef> Documents;
  // Comments and directives (`%YAML`) belong to the document that they precede.
  size_t Begin = 0;
  bool Marked = false, Content = false;
  auto Close = [&](size_t End, size_t Next) {
    if (Content)
      Documents.push_back(Text.slice(Begin, End));
    Begin = Next;
    Marked = Content = false;
  };
  for (size_t At = 0; At < Text.size();) {
    size_t End = std::min(Text.find('\n', At), Text.size() - 1) + 1;
    llvm::StringRef Line = Text.slice(At, End);
    if (At == 0)
      Line.consume_front("\xef\xbb\xbf");
    if (isMarker(Line, "---")) {
      if (Content || Marked)
        Close(At, At);
      Marked = true;
      Content = saysSomething(Line.drop_front(3));
    } else if (isMarker(Line, "...")) {
      Close(At, End);
    } else {
      Content |= saysSomething(Line) && (Marked || !Line.starts_with("%"));
    }
    At = End;
  }
  Close(Text.size(), Text.size());
  if (Documents.empty())
    Documents.push_back(Text);
  return Documents;
}
