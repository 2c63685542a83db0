//===- YamlSyntax.cpp - Syntax errors in plain words ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A YAML parser says where it could not go on, in the words of the grammar. The
// mistake is often a line above, and the person who made it thinks in lines and
// indentation: from the lines around the place, this file guesses what was
// meant.
//
//===----------------------------------------------------------------------===//

#include "Yaml.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace mergec;
using namespace mergec::yaml;

namespace {

/// A line that has more than a comment.
struct Line {
  size_t Begin;            ///< Of the line in the text.
  llvm::StringRef Content; ///< Without indentation, comment, trailing space.
  size_t Indent;           ///< Letters before `Content`.
  size_t Spaces;           ///< Those before the first tab among them.

  size_t contentBegin() const { return Begin + Indent; }
  bool hasTab() const { return Indent != Spaces; }
  bool isItem() const { return Content == "-" || Content.starts_with("- "); }
  /// Where the keys of an item's mapping stand.
  size_t keyIndent() const {
    return isItem() ? Indent + Content.size() -
                          Content.drop_front().ltrim(' ').size()
                    : Indent;
  }
};

std::vector<Line> linesOf(llvm::StringRef Text) {
  std::vector<Line> Lines;
  for (size_t Begin = 0; Begin < Text.size();) {
    size_t End = std::min(Text.find('\n', Begin), Text.size());
    llvm::StringRef All = Text.slice(Begin, End);
    size_t Indent = All.size() - All.ltrim(" \t").size();
    llvm::StringRef Content = All.substr(Indent);
    if (Content.starts_with("#"))
      Content = "";
    Content = Content.substr(0, Content.find(" #")).rtrim();
    if (!Content.empty())
      Lines.push_back({Begin, Content, Indent,
                       std::min(All.find_first_not_of(' '), Indent)});
    Begin = End + 1;
  }
  return Lines;
}

/// The last bracket that is open at the end of the text.
std::optional<size_t> openBracket(llvm::StringRef Text) {
  llvm::SmallVector<size_t> Open;
  char Quote = 0;
  for (size_t I = 0; I != Text.size(); ++I) {
    char C = Text[I];
    bool AtStart = I == 0 || llvm::StringRef(" \t\n,[{:").contains(Text[I - 1]);
    if (Quote) {
      if (C == '\\' && Quote == '"' && I + 1 != Text.size())
        ++I;
      else if (C == Quote)
        Quote = 0;
    } else if ((C == '"' || C == '\'') && AtStart)
      Quote = C;
    else if (C == '#' && AtStart)
      I = std::min(Text.find('\n', I), Text.size() - 1);
    else if ((C == '[' || C == '{') && (AtStart || !Open.empty()))
      Open.push_back(I);
    else if ((C == ']' || C == '}') && !Open.empty())
      Open.pop_back();
  }
  if (Open.empty())
    return std::nullopt;
  return Open.back();
}

class Explainer {
public:
  Explainer(llvm::StringRef Text, size_t At, Diagnostics &Diags)
      : Text(Text), At(At), Diags(Diags), Lines(linesOf(Text)) {
    while (Here + 1 < Lines.size() && Lines[Here + 1].Begin <= At)
      ++Here;
  }

  void run(SyntaxError::Cause Why) {
    using Cause = SyntaxError::Cause;
    if (Lines.empty())
      return other();
    if (Why == Cause::Tab || Lines[Here].hasTab() ||
        (Here && Lines[Here - 1].hasTab()))
      return tabs();
    switch (Why) {
    case Cause::Tab:
      return tabs();
    case Cause::StrayColon:
      return strayColon();
    case Cause::LostKey:
      return lostKey();
    case Cause::LostItem:
      return lostItem();
    case Cause::StrayDash:
      report(At, 1, "a list item cannot begin here")
          .hint("put each `- ` on a line of its own");
      return;
    case Cause::OpenBracket:
      return unclosed();
    case Cause::StrayClose:
      report(At, 1, "this bracket closes nothing")
          .hint("remove it, or open the list with `[` or the mapping with `{`");
      return;
    case Cause::Anchor:
      report(At, word().size(),
             "there is no `&" + word().drop_front() + "` above that `" +
                 word() + "` could stand for")
          .hint("put quotes around text that begins with `*`");
      return;
    case Cause::BareStar:
      report(At - 1, 1, "a `*` begins the name of an alias, and none follows")
          .hint("for the text itself write `\"*\"`, with quotes");
      return;
    case Cause::Escape:
      // The parser has read the two letters.
      report(At - 2, 2,
             "`" + Text.substr(At - 2, 2) + "` is no escape sequence")
          .hint("write `\\\\` for a backslash, or use single quotes");
      return;
    case Cause::BadStart:
      report(At, 1, "text cannot begin with `" + Text.substr(At, 1) + "`")
          .hint("put quotes around it");
      return;
    case Cause::TooDeep:
      report(At, 1, "lists and mappings are nested too deeply here");
      return;
    case Cause::Other:
      return other();
    }
  }

private:
  Diagnostic &report(size_t Begin, size_t Size, const llvm::Twine &Message) {
    Begin = std::min(Begin, Text.size());
    return Diags.report(
        Kind::YamlSyntax,
        rangeOf(Text, Begin, std::min(Begin + Size, Text.size())), Message);
  }
  Diagnostic &report(const Line &L, const llvm::Twine &Message) {
    return report(L.contentBegin(), L.Content.size(), Message);
  }

  /// The word at the place of the error.
  llvm::StringRef word() const {
    return Text.substr(At).take_until(
        [](char C) { return llvm::isSpace(C) || C == ',' || C == ']'; });
  }

  void other() {
    report(At, 1, "this is not YAML from here on")
        .hint("check the quotes, brackets and indentation of this line");
  }

  void tabs() {
    auto Report = [&](size_t Begin, size_t Size) {
      report(Begin, Size, "a tab is used for indentation")
          .hint("YAML is indented with spaces");
    };
    bool Any = false;
    for (const Line &L : Lines)
      if (L.hasTab()) {
        Report(L.Begin + L.Spaces, L.Indent - L.Spaces);
        Any = true;
      }
    if (!Any) // It stands in a line that is otherwise empty.
      Report(At, 1);
  }

  void strayColon() {
    const Line &L = Lines[Here];
    if (L.contentBegin() + L.Content.find(':') < At) {
      report(At, 1, "a second `:` in one line")
          .hint("put quotes around text that holds `: `");
      return;
    }
    // The line above was read as text that goes on in this one.
    if (Here && !Lines[Here - 1].Content.contains(": ") &&
        !Lines[Here - 1].Content.ends_with(":")) {
      const Line &Above = Lines[Here - 1];
      report(Above, "`" + Above.Content + "` has no `:`")
          .hint("write `key: value`, with a space behind the `:`");
      return;
    }
    if (Here && L.Indent > Lines[Here - 1].keyIndent()) {
      report(L, "this line is indented, but the line above already has a value")
          .note("the value is here",
                rangeOf(Text, Lines[Here - 1].contentBegin(),
                        Lines[Here - 1].contentBegin() +
                            Lines[Here - 1].Content.size()))
          .hint("indent both lines alike");
      return;
    }
    report(At, 1, "there is no key before this `:`")
        .hint("put quotes around text that holds `: `");
  }

  /// The nearest line above that begins a list item no deeper than `Indent`.
  const Line *itemAbove(size_t Indent) const {
    for (size_t I = Here; I--;)
      if (Lines[I].isItem() && Lines[I].Indent <= Indent)
        return &Lines[I];
    return nullptr;
  }

  void lostKey() {
    const Line &L = Lines[Here];
    if (L.isItem()) {
      report(L, "a list item stands among the keys of a mapping")
          .hint("put the list below a key, as in `models:`");
      return;
    }
    if (const Line *Item = itemAbove(L.Indent);
        Item && Item->Indent == L.Indent)
      return besideDash(L, *Item);
    unaligned(L);
  }

  void lostItem() {
    const Line &L = Lines[Here];
    const Line *Item = itemAbove(L.Indent);
    if (Item && !L.isItem() && L.Indent < Item->keyIndent())
      return besideDash(L, *Item);
    unaligned(L);
  }

  void besideDash(const Line &L, const Line &Item) {
    report(L, "`" + L.Content.take_until([](char C) { return C == ':'; }) +
                  "` is not indented as far as the item above")
        .note("the item's keys begin in column " +
                  llvm::Twine(Item.keyIndent() + 1),
              rangeOf(Text, Item.Begin + Item.keyIndent(),
                      Item.contentBegin() + Item.Content.size()))
        .hint("indent it by " + llvm::Twine(Item.keyIndent()) + " spaces");
  }

  void unaligned(const Line &L) {
    report(L, "this line is indented like none of the lines it could belong to")
        .hint("line it up with the keys, or the dashes, that it stands beside");
  }

  void unclosed() {
    std::optional<size_t> Open = openBracket(Text.substr(0, At));
    if (!Open)
      return other();
    bool List = Text[*Open] == '[';
    report(*Open, 1,
           List ? "this `[` is never closed" : "this `{` is never closed")
        .hint(List ? "end the list with `]`" : "end the mapping with `}`");
  }

  llvm::StringRef Text;
  size_t At;
  Diagnostics &Diags;
  std::vector<Line> Lines;
  size_t Here = 0; ///< The line that holds `At`.
};

} // namespace

void yaml::explain(const SyntaxError &Error, llvm::StringRef Text,
                   Diagnostics &Diags) {
  Explainer(Text, Error.Offset, Diags).run(Error.Why);
}

bool yaml::checkEncoding(llvm::StringRef Text, Diagnostics &Diags) {
  for (size_t I = 0; I != Text.size();) {
    unsigned char C = Text[I];
    const auto *At = reinterpret_cast<const llvm::UTF8 *>(Text.data() + I);
    size_t Bytes = llvm::getNumBytesForUTF8(C);
    if (Bytes > Text.size() - I || !llvm::isLegalUTF8Sequence(At, At + Bytes)) {
      Diags
          .report(Kind::YamlSyntax, rangeOf(Text, I, I + 1),
                  "the plan is not UTF-8 text from here on")
          .hint("save it with the encoding UTF-8");
      return false;
    }
    if ((C < 0x20 && C != '\t' && C != '\n' && C != '\r') || C == 0x7f) {
      Diags
          .report(Kind::YamlSyntax, rangeOf(Text, I, I + 1),
                  "the plan holds a control character, 0x" +
                      llvm::utohexstr(C, /*LowerCase=*/true, /*Width=*/2))
          .hint("remove it");
      return false;
    }
    I += Bytes;
  }
  return true;
}
