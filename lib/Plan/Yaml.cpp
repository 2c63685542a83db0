//===- Yaml.cpp - YAML with locations -------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one file that uses yaml-cpp, of which it takes the event parser: its own
// tree keeps no ends of nodes and no places of keys. yaml-cpp lets two mistakes
// pass that would change what a plan means, so they are looked for here: a
// quote that is never closed, and a key without `:`.
//
//===----------------------------------------------------------------------===//

#include "Yaml.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <sstream>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

using namespace mergec;
using namespace mergec::yaml;

const Entry *Node::find(llvm::StringRef Key) const {
  for (const Entry &E : Entries)
    if (E.Key == Key)
      return &E;
  return nullptr;
}

llvm::SMRange Node::part(llvm::StringRef Part) const {
  size_t Offset = Part.data() - Text.data();
  const char *Begin = Where.Start.getPointer();
  llvm::StringRef Source(Begin, Where.End.getPointer() - Begin);
  if (Source.size() == Text.size() + 2) // Quoted.
    Source = Source.drop_front().drop_back();
  if (Source != Text)
    return Where;
  return rangeOf(Source, Offset, Offset + Part.size());
}

llvm::StringRef Node::shapeName() const {
  switch (Is) {
  case Shape::Null:
    return "empty";
  case Shape::Scalar:
    return "text";
  case Shape::List:
    return "a list";
  case Shape::Mapping:
    return "a mapping";
  }
  llvm_unreachable("not a shape");
}

llvm::SMRange yaml::rangeOf(llvm::StringRef Text, size_t Begin, size_t End) {
  return {llvm::SMLoc::getFromPointer(Text.data() + Begin),
          llvm::SMLoc::getFromPointer(Text.data() + End)};
}

namespace {

/// Aliases multiply: a tree may have this many nodes when all are followed.
constexpr size_t MaxNodes = 100000;

/// Thrown to leave the parser after a mistake that has been reported.
struct Stop {};

/// Builds the tree of one document from the parser's events.
class Builder : public YAML::EventHandler {
public:
  /// `Text` without a byte order mark, so that offsets agree with the parser's.
  Builder(llvm::StringRef Text, Document &Doc, Diagnostics &Diags)
      : Text(Text), Doc(Doc), Diags(Diags) {}

private:
  /// A list or mapping that is still open.
  struct Frame {
    Node *Open;
    std::optional<Entry> Pending; ///< A key that waits for its value.
    bool SkipValue = false;       ///< The key was not usable.
    YAML::anchor_t Anchor;
    size_t Weight = 1;
  };

  /// What `*name` stands for, and how many nodes that is.
  struct Anchored {
    const Node *Target;
    size_t Weight;
  };

  void OnDocumentStart(const YAML::Mark &Mark) override {
    if (!Doc.root())
      return;
    Diags
        .report(Kind::YamlSyntax, rangeOf(Text, Mark.pos, Mark.pos),
                "the document has ended, and another begins here")
        .hint("put a line `---` between two documents");
    throw Stop();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark &Mark, YAML::anchor_t Anchor) override {
    Node &N = Doc.make();
    if (!Frames.empty() && Frames.back().Pending) {
      N.Where = Frames.back().Pending->KeyWhere;
    } else {
      size_t At = std::min<size_t>(Mark.pos, Text.size());
      N.Where = rangeOf(Text, At, std::min(At + 1, Text.size()));
    }
    place(N, 1, Anchor);
  }

  void OnScalar(const YAML::Mark &Mark, const std::string &,
                YAML::anchor_t Anchor, const std::string &Value) override {
    Node &N = Doc.make();
    N.Is = Node::Shape::Scalar;
    N.Text = Value;
    N.Flow = inFlow();
    size_t Begin = skipProperties(Mark.pos);
    N.Where = rangeOf(Text, Begin, scalarEnd(Begin, Value));
    place(N, 1, Anchor);
  }

  void OnAlias(const YAML::Mark &Mark, YAML::anchor_t Anchor) override {
    auto Found = Anchors.find(Anchor);
    if (Found == Anchors.end()) {
      llvm::StringRef Name = Text.substr(Mark.pos).take_until(
          [](char C) { return llvm::isSpace(C) || C == ',' || C == ']'; });
      Diags.report(Kind::YamlSyntax,
                   rangeOf(Text, Mark.pos, Mark.pos + Name.size()),
                   "`" + Name + "` is used inside of what it stands for");
      throw Stop();
    }
    place(*Found->second.Target, Found->second.Weight, 0, /*Aliased=*/true);
  }

  void OnSequenceStart(const YAML::Mark &Mark, const std::string &,
                       YAML::anchor_t Anchor,
                       YAML::EmitterStyle::value Style) override {
    open(Node::Shape::List, Mark, Anchor, Style);
  }
  void OnSequenceEnd() override { close(']'); }

  void OnMapStart(const YAML::Mark &Mark, const std::string &,
                  YAML::anchor_t Anchor,
                  YAML::EmitterStyle::value Style) override {
    open(Node::Shape::Mapping, Mark, Anchor, Style);
  }
  void OnMapEnd() override {
    expandMergeKeys(*Frames.back().Open);
    close('}');
  }

  bool expectsKey() const {
    return !Frames.empty() && Frames.back().Open->isMapping() &&
           !Frames.back().Pending && !Frames.back().SkipValue;
  }

  bool inFlow() const { return !Frames.empty() && Frames.back().Open->Flow; }

  void open(Node::Shape Shape, const YAML::Mark &Mark, YAML::anchor_t Anchor,
            YAML::EmitterStyle::value Style) {
    Node &N = Doc.make();
    N.Is = Shape;
    N.Flow = inFlow() || Style == YAML::EmitterStyle::Flow;
    size_t Begin = skipProperties(Mark.pos);
    N.Where = rangeOf(Text, Begin, Begin);
    if (expectsKey()) {
      Diags
          .report(Kind::YamlSyntax, N.Where,
                  "a key is text, and this one is " + N.shapeName())
          .hint("put quotes around text that begins with `{` or `[`");
      throw Stop();
    }
    Frames.push_back({&N, std::nullopt, false, Anchor});
  }

  void close(char Bracket) {
    Frame F = std::move(Frames.back());
    Frames.pop_back();
    Node &N = *F.Open;
    if (N.Flow) {
      size_t End = offset(N.Where.End);
      End = Text.find(Bracket, End);
      if (End != llvm::StringRef::npos)
        N.Where.End = llvm::SMLoc::getFromPointer(Text.data() + End + 1);
    }
    place(N, F.Weight, F.Anchor);
  }

  /// Puts a finished node where it belongs: as a key, a value, an item, or the
  /// root.
  void place(const Node &N, size_t Weight, YAML::anchor_t Anchor,
             bool Aliased = false) {
    if (Anchor)
      Anchors[Anchor] = {&N, Weight};
    if (Frames.empty()) {
      Doc.setRoot(&N);
      return;
    }
    Frame &F = Frames.back();
    if ((F.Weight += Weight) > MaxNodes) {
      Diags.report(Kind::YamlSyntax, F.Open->Where,
                   "the aliases below this stand for more than " +
                       llvm::Twine(MaxNodes) + " values");
      throw Stop();
    }
    bool Key = expectsKey();
    // An alias's target stands further up.
    if (offset(N.Where.End) > offset(F.Open->Where.End))
      F.Open->Where.End = N.Where.End;
    if (F.Open->isList())
      F.Open->Items.push_back(&N);
    else if (Key)
      takeKey(F, N, Aliased);
    else if (F.SkipValue)
      F.SkipValue = false;
    else {
      F.Pending->Value = &N;
      F.Open->Entries.push_back(std::move(*F.Pending));
      F.Pending.reset();
    }
  }

  void takeKey(Frame &F, const Node &N, bool Aliased) {
    F.SkipValue = true;
    if (!N.isScalar()) {
      Diags
          .report(Kind::YamlSyntax, N.Where,
                  "a key is text, and this one is " + N.shapeName())
          .hint("write `key: value`");
      return;
    }
    if (!Aliased &&
        !Text.substr(offset(N.Where.End)).ltrim().starts_with(":")) {
      Diags.report(Kind::YamlSyntax, N.Where, "`" + N.Text + "` has no `:`")
          .hint("write `" + N.Text + ": …`, or remove the line");
      return;
    }
    if (const Entry *First = F.Open->find(N.Text)) {
      Diags
          .report(Kind::DuplicateKey, N.Where,
                  "`" + N.Text + "` stands twice in one mapping")
          .note("it is here for the first time", First->KeyWhere)
          .hint("keep one of the two");
      return;
    }
    F.SkipValue = false;
    F.Pending = Entry{N.Text, N.Where, nullptr};
  }

  /// `<<: *defaults`: the keys of another mapping, or of several, where this
  /// one has none of its own.
  void expandMergeKeys(Node &Mapping) {
    const Entry *Merge = Mapping.find("<<");
    if (!Merge)
      return;
    const Node *From = Merge->Value;
    llvm::SMRange KeyWhere = Merge->KeyWhere;
    llvm::erase_if(Mapping.Entries,
                   [](const Entry &E) { return E.Key == "<<"; });
    llvm::ArrayRef<const Node *> Sources = From;
    if (From->isList())
      Sources = From->Items;
    for (const Node *Source : Sources) {
      if (!Source->isMapping()) {
        Diags
            .report(Kind::WrongType, KeyWhere,
                    "`<<` merges a mapping, and this is " + Source->shapeName())
            .hint("write `<<: *name` for a mapping marked with `&name`");
        continue;
      }
      for (const Entry &E : Source->Entries)
        if (!Mapping.find(E.Key))
          Mapping.Entries.push_back(E);
    }
  }

  size_t offset(llvm::SMLoc Place) const {
    return Place.getPointer() - Text.data();
  }

  /// The parser's mark stands before a node's anchor and tag.
  size_t skipProperties(size_t At) const {
    At = std::min(At, Text.size());
    while (At != Text.size() && (Text[At] == '&' || Text[At] == '!')) {
      llvm::StringRef Rest =
          Text.substr(At).drop_until([](char C) { return llvm::isSpace(C); });
      At = offset(llvm::SMLoc::getFromPointer(Rest.ltrim().data()));
    }
    return At;
  }

  /// Where the scalar that begins at `Begin` ends in the text.
  size_t scalarEnd(size_t Begin, llvm::StringRef Value) {
    llvm::StringRef Rest = Text.substr(Begin);
    if (Rest.starts_with("\"") || Rest.starts_with("'")) {
      char Quote = Rest[0];
      for (size_t I = 1; I < Rest.size(); ++I) {
        if (Quote == '"' && Rest[I] == '\\')
          ++I;
        else if (Rest[I] == Quote && Quote == '\'' &&
                 Rest.substr(I + 1).starts_with("'"))
          ++I;
        else if (Rest[I] == Quote)
          return Begin + I + 1;
      }
      Diags
          .report(Kind::YamlSyntax, rangeOf(Text, Begin, Begin + 1),
                  "this quote is never closed")
          .hint("end the text with `" + llvm::Twine(Quote) + "`");
      throw Stop();
    }
    if (Rest.starts_with(Value))
      return Begin + Value.size();
    // Folded over several lines: the first stands for it.
    return Begin +
           Rest.take_until([](char C) { return C == '\n'; }).rtrim().size();
  }

  llvm::StringRef Text;
  Document &Doc;
  Diagnostics &Diags;
  std::vector<Frame> Frames;
  llvm::DenseMap<YAML::anchor_t, Anchored> Anchors;
};

SyntaxError::Cause causeOf(const YAML::ParserException &E) {
  using Cause = SyntaxError::Cause;
  namespace Msg = YAML::ErrorMsg;
  static const std::pair<llvm::StringRef, Cause> Table[] = {
      {Msg::TAB_IN_INDENTATION, Cause::Tab},
      {Msg::MAP_VALUE, Cause::StrayColon},
      {Msg::MAP_KEY, Cause::StrayColon},
      {Msg::END_OF_MAP, Cause::LostKey},
      {Msg::END_OF_SEQ, Cause::LostItem},
      {Msg::BLOCK_ENTRY, Cause::StrayDash},
      {Msg::END_OF_MAP_FLOW, Cause::OpenBracket},
      {Msg::END_OF_SEQ_FLOW, Cause::OpenBracket},
      {Msg::FLOW_END, Cause::StrayClose},
      {Msg::UNKNOWN_ANCHOR, Cause::Anchor},
      {Msg::ALIAS_NOT_FOUND, Cause::BareStar},
      {Msg::INVALID_ESCAPE, Cause::Escape},
      {Msg::UNKNOWN_TOKEN, Cause::BadStart},
  };
  // Some of them end with the name that is meant.
  const auto *Row = llvm::find_if(Table, [&](const auto &Row) {
    return llvm::StringRef(E.msg).starts_with(Row.first);
  });
  return Row == std::end(Table) ? Cause::Other : Row->second;
}

} // namespace

std::optional<Document> yaml::read(llvm::StringRef Text, Diagnostics &Diags) {
  if (!checkEncoding(Text, Diags))
    return std::nullopt;
  llvm::StringRef Body = Text;
  Body.consume_front("\xef\xbb\xbf");

  Document Doc;
  Builder Events(Body, Doc, Diags);
  size_t Before = Diags.size();
  auto Explain = [&](SyntaxError::Cause Why, int Position) {
    // One cause, one message: what was already seen explains what followed.
    if (Diags.size() == Before)
      explain({Why, std::min<size_t>(std::max(Position, 0), Body.size())}, Body,
              Diags);
  };
  try {
    std::istringstream Stream{Body.str()};
    YAML::Parser Parser(Stream);
    while (Parser.HandleNextDocument(Events))
      ;
    return Doc;
  } catch (const Stop &) {
  } catch (const YAML::DeepRecursion &E) {
    Explain(SyntaxError::Cause::TooDeep, E.mark.pos);
  } catch (const YAML::ParserException &E) {
    Explain(causeOf(E), E.mark.pos);
  }
  return std::nullopt;
}
