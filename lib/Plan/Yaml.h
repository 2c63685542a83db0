//===- Yaml.h - YAML with locations -----------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A YAML document as a tree in which every node knows its place in the text.
// Aliases are followed, merge keys (`<<`) expanded, and duplicate keys
// reported, so that a reader of the tree sees plain mappings, lists and text.
// What a scalar means (a number, a flag) is for its reader to say.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_PLAN_YAML_H
#define MERGEC_LIB_PLAN_YAML_H

#include "mergec/Diagnostics/Diagnostics.h"
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace mergec::yaml {

struct Node;

struct Entry {
  std::string Key;
  llvm::SMRange KeyWhere;
  const Node *Value;
};

struct Node {
  enum class Shape : uint8_t { Null, Scalar, List, Mapping };
  Shape Is = Shape::Null;
  std::string Text; ///< Of a scalar, without quotes and escapes.
  std::vector<const Node *> Items;
  std::vector<Entry> Entries; ///< In file order, keys unique.
  /// From the node's first letter to the end of its last. For a null, the key
  /// or dash that has no value.
  llvm::SMRange Where;
  /// True of `{…}` and `[…]`, and of all that stands inside.
  bool Flow = false;

  bool isNull() const { return Is == Shape::Null; }
  bool isScalar() const { return Is == Shape::Scalar; }
  bool isList() const { return Is == Shape::List; }
  bool isMapping() const { return Is == Shape::Mapping; }

  /// Null when a mapping has no such key.
  const Entry *find(llvm::StringRef Key) const;

  /// Where `Part`, a piece of `Text`, stands in the file; the whole scalar if
  /// escapes or line folding have moved it.
  llvm::SMRange part(llvm::StringRef Part) const;

  /// `a number`, `a list`: for messages.
  llvm::StringRef shapeName() const;
};

/// Owns the nodes of one document.
class Document {
public:
  Document() = default;
  // A copy would point into the nodes of the original.
  Document(Document &&) = default;
  Document &operator=(Document &&) = default;
  const Node *root() const { return Root; }
  Node &make() { return Nodes.emplace_back(); }
  void setRoot(const Node *N) { Root = N; }

private:
  std::deque<Node> Nodes;
  const Node *Root = nullptr;
};

/// The documents of a file, without those that hold nothing but comments; at
/// least one.
std::vector<llvm::StringRef> splitDocuments(llvm::StringRef Text);

/// Reads `Text`, part of a buffer of `Diags`, and reports every mistake of
/// syntax that can be found. Nothing if the text is no single document.
std::optional<Document> read(llvm::StringRef Text, Diagnostics &Diags);

/// What is known of a syntax error: where the parser stopped, and why.
struct SyntaxError {
  enum class Cause : uint8_t {
    Tab,         ///< A tab in the indentation.
    StrayColon,  ///< A `:` where no key ended.
    LostKey,     ///< A line that is not part of the mapping above it.
    LostItem,    ///< A line that is not part of the list above it.
    StrayDash,   ///< `- ` where no list item can begin.
    OpenBracket, ///< `[` or `{` is not closed.
    StrayClose,  ///< `]` or `}` closes nothing.
    Anchor,      ///< `*name` without `&name`.
    BareStar,    ///< `*` without a name.
    Escape,      ///< A backslash sequence that is none.
    BadStart,    ///< A letter no text may begin with, such as `@`.
    TooDeep,     ///< More nesting than is read.
    Other,
  } Why;
  size_t Offset;
};

/// Reports `Error` in plain words, at the place that caused it rather than
/// where it was noticed.
void explain(const SyntaxError &Error, llvm::StringRef Text,
             Diagnostics &Diags);

/// Reports text that is not UTF-8 or has control characters; true if none.
bool checkEncoding(llvm::StringRef Text, Diagnostics &Diags);

/// The place of `Text[Begin, End)`.
llvm::SMRange rangeOf(llvm::StringRef Text, size_t Begin, size_t End);

} // namespace mergec::yaml

#endif // MERGEC_LIB_PLAN_YAML_H
