//===- Keys.cpp - Which keys stand where ----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every mapping of a plan has its keys in a table. A key that is not among them
// is a warning, with the nearest that is, or with the place where it belongs.
//
// Lost indentation. A plan pasted through a web page often comes out as
//
//   models:
//   - model: a
//   parameters:
//   weight: 1
//
// which is valid YAML in which `parameters` is empty and `weight` a key of the
// plan. Whoever reads key by key sees an unknown key and a missing parameter,
// and says neither what happened nor what to do. So: a parameter's name that
// stands where no parameter can is taken for lost, whether an empty
// `parameters` stands above it or not. It is reported once, with the lines as
// they should be, and the mapping is mended, so that nothing else is said about
// it.
//
//===----------------------------------------------------------------------===//

#include "Reading.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

namespace {
struct LevelKeys {
  Level Of;
  StringRef Name; ///< For messages.
  llvm::SmallVector<StringRef, 16> Keys;
};
} // namespace

static const LevelKeys &keysOf(Level L) {
  static const LevelKeys Table[] = {
      {Level::Plan,
       "a plan",
       {"merge_method", "models", "slices", "modules", "base_model",
        "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer",
        "chat_template", "name", "seed", "matrix"}},
      {Level::Module, "a module", {"slices", "models", "parameters"}},
      {Level::Slice, "a slice", {"sources", "base_model", "parameters"}},
      {Level::Source, "a source", {"model", "layer_range", "parameters"}},
      {Level::Model, "a model", {"model", "parameters"}},
      {Level::Reference,
       "a model reference",
       {"model", "lora", "override_architecture"}},
      {Level::Path, "a path", {"path", "revision"}},
      {Level::Alternative, "a filter", {"filter", "value"}},
      {Level::Tokenizer,
       "`tokenizer`",
       {"source", "tokens", "pad_to_multiple_of"}},
      {Level::Token, "a token", {"source", "force"}},
      {Level::TokenSource,
       "a token's source",
       {"kind", "model", "token", "token_id"}},
  };
  const LevelKeys &Row = Table[static_cast<unsigned>(L)];
  assert(Row.Of == L && "the table is in the order of the levels");
  return Row;
}

static bool isKey(Level L, StringRef Key) {
  return llvm::is_contained(keysOf(L).Keys, Key);
}

/// True of a name that some method has a parameter of, or a group of
/// parameters.
static bool isParameter(StringRef Key) {
  return llvm::any_of(allMethods(), [&](const Method *M) {
    return llvm::any_of(M->Parameters, [&](const ParameterSpec &P) {
      return P.Name == Key ||
             (P.Name.starts_with(Key) && P.Name[Key.size()] == '.');
    });
  });
}

static void reportUnknown(const Entry &E, Level L, Reading &R) {
  const LevelKeys &Here = keysOf(L);
  std::string Otherwise =
      L != Level::Plan && isKey(Level::Plan, E.Key)
          ? "`" + E.Key + "` belongs to the top level of the plan"
      : L == Level::Model && isKey(Level::Source, E.Key)
          ? "`" + E.Key + "` belongs to a source of `slices:`"
          : ("the keys of " + Here.Name + " are " + quoteAll(Here.Keys)).str();
  R.Diags
      .report(Kind::UnknownKey, E.KeyWhere,
              "`" + E.Key + "` is not a key of " + Here.Name +
                  ", and is ignored")
      .hint(didYouMean(E.Key, Here.Keys, Otherwise));
}

namespace {

/// `key: value` as written, each line behind `Indent`.
std::string reindented(const Entry &E, StringRef Indent) {
  const char *End = E.Value->Where.End.getPointer();
  if (E.Value->isNull() || End < E.KeyWhere.End.getPointer()) // An alias.
    return Indent.str() + E.Key + ": …";
  const char *Begin = E.KeyWhere.Start.getPointer();
  std::string Text = Indent.str();
  for (char C : StringRef(Begin, End - Begin))
    if (C != '\r')
      Text += C == '\n' ? "\n" + Indent.str() : std::string(1, C);
  return Text;
}

/// The mapping's last item before `Behind`, if that is a model in a list.
const Node *modelBefore(const Node &Mapping, const Entry &Behind) {
  const Entry *Before = nullptr;
  for (const Entry &E : Mapping.Entries) {
    if (&E == &Behind)
      break;
    Before = &E;
  }
  if (!Before || !Before->Value->isList() || Before->Value->Items.empty())
    return nullptr;
  const Node *Item = Before->Value->Items.back();
  return Item->isMapping() && Item->find("model") &&
                 Item->Entries.size() == 1 && Item->Entries[0].Value->isScalar()
             ? Item
             : nullptr;
}

/// Parameters among the keys of a mapping, found while reading it.
struct LostParameters {
  llvm::SmallVector<const Entry *, 4> Entries;

  bool one() const { return Entries.size() == 1; }
  llvm::SMRange where() const { return Entries[0]->KeyWhere; }
  std::string names() const {
    llvm::SmallVector<StringRef, 4> Names;
    for (const Entry *E : Entries)
      Names.push_back(E->Key);
    return quoteAll(Names);
  }
};

/// Those that stand beside a `parameters` with others in it, or without any.
void reportOutside(const Entry *Parameters, const LostParameters &Lost,
                   Reading &R) {
  Diagnostic &D =
      R.Diags.report(Kind::Misindented, Lost.where(),
                     Lost.names() +
                         (Lost.one() ? " is a parameter and stands"
                                     : " are parameters and stand") +
                         " outside of `parameters`");
  if (Parameters && Parameters->Value->isMapping() &&
      !Parameters->Value->Flow && !Parameters->Value->Entries.empty()) {
    D.note("`parameters` is here", Parameters->KeyWhere)
        .hint("indent " + std::string(Lost.one() ? "it" : "them") +
              " as far as `" + Parameters->Value->Entries[0].Key + "`");
    return;
  }
  std::string Inline;
  for (const Entry *E : Lost.Entries)
    Inline += (Inline.empty() ? "" : ", ") + E->Key + ": " +
              (E->Value->isScalar() ? E->Value->Text : "…");
  D.hint("write `parameters: {" + Inline + "}`");
}

/// Those that stand below an empty `parameters`, as far to the left.
void reportBelow(const Node &Mapping, const Entry &Parameters,
                 const LostParameters &Lost, Reading &R) {
  auto PerModel = [&](const Entry *E) {
    const ParameterSpec *P =
        R.TheMethod ? R.TheMethod->parameter(E->Key) : nullptr;
    return P && P->Scope == ParameterScope::Model;
  };
  std::string Hint, Indent;
  // Behind a list of models, parameters of models belonged to its last.
  const Node *Item = modelBefore(Mapping, Parameters);
  if (Item && llvm::all_of(Lost.Entries, PerModel)) {
    Hint = "indent `parameters` below the model and " + Lost.names() +
           " below `parameters`, like this:\n- " +
           reindented(Item->Entries[0], "") + "\n  parameters:";
    Indent = "    ";
  } else {
    Hint = "indent " + std::string(Lost.one() ? "it" : "them") +
           " below `parameters`, like this:\nparameters:";
    Indent = "  ";
  }
  for (const Entry *E : Lost.Entries)
    Hint += "\n" + reindented(*E, Indent);
  R.Diags
      .report(Kind::Misindented, Lost.where(),
              "`parameters` is empty, because " + Lost.names() + " below it " +
                  (Lost.one() ? "is" : "are") + " not indented")
      .note("`parameters` is here", Parameters.KeyWhere)
      .hint(Hint);
}

} // namespace

const Node &plan::takeMapping(const Node &Mapping, Level L, Reading &R) {
  bool TakesParameters = isKey(L, "parameters");
  LostParameters Lost;
  for (const Entry &E : Mapping.Entries)
    if (isKey(L, E.Key))
      continue;
    else if (TakesParameters && isParameter(E.Key))
      Lost.Entries.push_back(&E);
    else
      reportUnknown(E, L, R);
  if (Lost.Entries.empty())
    return Mapping;

  const Entry *Parameters = Mapping.find("parameters");
  if (Parameters && Parameters->Value->isNull() &&
      Parameters->KeyWhere.Start.getPointer() < Lost.where().Start.getPointer())
    reportBelow(Mapping, *Parameters, Lost, R);
  else
    reportOutside(Parameters, Lost, R);

  Node &Moved = R.Doc.make();
  Moved.Is = Node::Shape::Mapping;
  Moved.Where = Lost.where();
  if (Parameters && Parameters->Value->isMapping())
    Moved = *Parameters->Value;
  for (const Entry *E : Lost.Entries)
    if (!Moved.find(E->Key))
      Moved.Entries.push_back(*E);

  Node &Mended = R.Doc.make();
  Mended = Mapping;
  llvm::erase_if(Mended.Entries, [&](const Entry &E) {
    return E.Key == "parameters" || !isKey(L, E.Key);
  });
  Mended.Entries.push_back({"parameters", Lost.where(), &Moved});
  return Mended;
}
