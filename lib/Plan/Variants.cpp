//===- Variants.cpp - One plan with several values
//--------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A variant is made by editing the plan's text, not its tree: what is kept
// beside the result must be the plan that makes it, comments and all, and
// mistakes in a value are shown where they stand.
//
//===----------------------------------------------------------------------===//

#include "Variants.h"
#include "Reading.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

namespace {

/// One setting and the values it takes in turn.
struct Axis {
  std::string Path, Label;
  std::vector<std::string> Values, ValueLabels;
  llvm::SMRange Where; ///< Of a `matrix`; invalid for the command line's.
};

/// Sets values in one text.
class TextEditor {
public:
  TextEditor(StringRef Text) : Text(Text) {}

  /// Puts `Value` under the dotted `Path`; what prevents it, if anything does.
  std::string set(StringRef Path, StringRef Value);
  void remove(const Entry &E);
  std::string take() { return std::move(Text); }

private:
  std::string place(const Node &In, StringRef Path, StringRef Value);
  size_t offset(llvm::SMLoc At) const {
    return At.getPointer() - Buffer.data();
  }

  std::string Text;
  StringRef Buffer; ///< The text, where the tree that is edited points.
};

} // namespace

/// `b: {c: value}` for the path `b.c`.
static std::string nested(StringRef Path, StringRef Value) {
  auto [Key, Rest] = Path.split('.');
  return (Key + ": " +
          (Rest.empty() ? Value.str() : "{" + nested(Rest, Value) + "}"))
      .str();
}

std::string TextEditor::set(StringRef Path, StringRef Value) {
  Diagnostics Unsaid;
  Buffer = Unsaid.addFile("", Text);
  std::optional<yaml::Document> Doc = yaml::read(Buffer, Unsaid);
  if (!Doc || !Doc->root())
    return "the value before it is not valid YAML";
  return place(*Doc->root(), Path, Value);
}

std::string TextEditor::place(const Node &In, StringRef Path, StringRef Value) {
  auto [Key, Rest] = Path.split('.');
  if (In.isList()) {
    size_t Index;
    if (Key.getAsInteger(10, Index) || Rest.empty())
      return ("`" + Key +
              "` stands for an item of a list, which is chosen by "
              "its number, as in `models.0.parameters.weight`")
          .str();
    if (Index >= In.Items.size())
      return ("there is no item " + Key + " in a list of " +
              std::to_string(In.Items.size()) + ", which are counted from 0")
          .str();
    return place(*In.Items[Index], Rest, Value);
  }
  if (!In.isMapping())
    return ("there is nothing that could hold `" + Key + "`").str();

  const Entry *E = In.find(Key);
  if (!E) {
    std::string New = nested(Path, Value);
    if (In.Entries.empty()) {
      Text.insert(offset(In.Where.Start) + 1, New);
      return "";
    }
    // Before the first key, as far to the right.
    size_t At = offset(In.Entries.front().KeyWhere.Start);
    size_t Column = At - (StringRef(Text).take_front(At).rfind('\n') + 1);
    Text.insert(At, New + (In.Flow ? ", " : "\n" + std::string(Column, ' ')));
    return "";
  }
  size_t KeyEnd = offset(E->KeyWhere.End);
  const Node &Old = *E->Value;
  if (!Rest.empty() && !Old.isNull())
    return place(Old, Rest, Value);
  std::string New =
      Rest.empty() ? Value.str() : "{" + nested(Rest, Value) + "}";
  if (Old.isNull()) {
    Text.insert(Text.find(':', KeyEnd) + 1, " " + New);
    return "";
  }
  size_t Begin = offset(Old.Where.Start);
  if (Begin < KeyEnd)
    return ("the value of `" + Key + "` is an alias (`*name`)").str();
  Text.replace(Begin, offset(Old.Where.End) - Begin, New);
  return "";
}

/// The text without an entry of its top level.
static std::string without(StringRef Text, const Node &Root, const Entry &E) {
  size_t Begin = E.KeyWhere.Start.getPointer() - Text.data();
  size_t End = E.Value->Where.End.getPointer() - Text.data();
  if (Root.Flow) { // With one of the commas around it.
    StringRef Behind = Text.drop_front(End).ltrim();
    if (Behind.starts_with(","))
      End = Behind.data() + 1 - Text.data();
    else
      Begin = Text.take_front(Begin).rtrim(" \t\r\n,").size();
  } else if (Text.drop_front(End).ltrim(" \t\r").starts_with("\n")) {
    End = Text.find('\n', End) + 1;
  }
  return (Text.take_front(Begin) + Text.drop_front(End)).str();
}

/// A value as part of a directory's name.
static std::string fileName(StringRef Value) {
  std::string Name;
  for (char C : Value)
    Name += llvm::isAlnum(C) || StringRef("._+-").contains(C) ? C : '_';
  StringRef Trimmed = StringRef(Name).trim('_').take_front(60);
  return Trimmed.str();
}

static void label(std::vector<Axis> &Axes) {
  auto Last = [](const Axis &A) {
    return StringRef(A.Path).rsplit('.').second.empty()
               ? StringRef(A.Path)
               : StringRef(A.Path).rsplit('.').second;
  };
  for (Axis &A : Axes) {
    bool Alone = llvm::count_if(Axes, [&](const Axis &Other) {
                   return Last(Other) == Last(A);
                 }) == 1;
    A.Label = fileName(Alone ? Last(A) : StringRef(A.Path));
    std::set<std::string> Taken;
    for (const std::string &V : A.Values) {
      std::string Name = fileName(V), Unique = Name;
      for (unsigned N = 2; Unique.empty() || !Taken.insert(Unique).second; ++N)
        Unique = Name + "_" + std::to_string(N);
      A.ValueLabels.push_back(Unique);
    }
  }
}

/// `matrix: {parameters.t: [0.3, 0.5]}`.
static bool readMatrix(const Entry &E, std::vector<Axis> &Axes,
                       Diagnostics &Diags) {
  constexpr StringRef Form = "write a list of values for each setting, as in "
                             "`matrix: {parameters.t: [0.3, 0.5]}`";
  auto Refuse = [&](llvm::SMRange Where, const llvm::Twine &Message) {
    Diags.report(Kind::WrongType, Where, Message).hint(Form);
    return false;
  };
  if (!E.Value->isMapping() || E.Value->Entries.empty())
    return Refuse(E.Value->Where, "`matrix` is " + E.Value->shapeName() +
                                      ", and should be a mapping");
  bool Sound = true;
  for (const Entry &Setting : E.Value->Entries) {
    Axis A{Setting.Key, {}, {}, {}, Setting.KeyWhere};
    if (!Setting.Value->isList() || Setting.Value->Items.empty())
      Sound = Refuse(Setting.Value->Where, "`" + Setting.Key + "` is " +
                                               Setting.Value->shapeName() +
                                               ", and should be a list");
    for (const Node *Value : Setting.Value->Items) {
      const char *Begin = Value->Where.Start.getPointer();
      A.Values.push_back(
          std::string(Begin, Value->Where.End.getPointer() - Begin));
    }
    Axes.push_back(std::move(A));
  }
  return Sound;
}

std::vector<Variant> plan::expandVariants(const Node &Root, StringRef Text,
                                          llvm::ArrayRef<PlanSetting> Set,
                                          Diagnostics &Diags) {
  std::vector<Axis> Axes;
  std::string Plain = Text.str();
  if (const Entry *Matrix = Root.find("matrix")) {
    if (!readMatrix(*Matrix, Axes, Diags))
      return {};
    Plain = without(Text, Root, *Matrix);
  }
  for (const PlanSetting &S : Set) {
    // What the command says counts instead of what the plan says.
    llvm::erase_if(Axes, [&](const Axis &A) { return A.Path == S.Path; });
    Axes.push_back({S.Path, {}, S.Values, {}, {}});
  }
  label(Axes);
  constexpr size_t Most = 1000;
  size_t Count = 1;
  for (const Axis &A : Axes)
    Count = std::min(Count * A.Values.size(), Most + 1);
  if (Count > Most) {
    Diags
        .report(Kind::BadValue, Axes.front().Where,
                "the settings make more than " + llvm::Twine(Most) +
                    " variants")
        .hint("choose fewer values");
    return {};
  }

  std::vector<Variant> Variants;
  for (size_t I = 0; I != Count; ++I) {
    Variant V;
    TextEditor Editor(Plain);
    size_t Rest = I, Combinations = Count;
    for (const Axis &A : Axes) {
      Combinations /= A.Values.size();
      size_t Value = Rest / Combinations;
      Rest %= Combinations;
      if (Count > 1 && A.Values.size() > 1)
        V.Label +=
            (V.Label.empty() ? "" : "-") + A.Label + "=" + A.ValueLabels[Value];
      std::string Why = Editor.set(A.Path, A.Values[Value]);
      if (Why.empty())
        continue;
      Diags
          .report(Kind::BadValue, A.Where,
                  "`" + A.Path + "` can't be set to `" + A.Values[Value] + "`")
          .hint(Why);
      return {};
    }
    V.Text = Editor.take();
    Variants.push_back(std::move(V));
  }
  return Variants;
}
