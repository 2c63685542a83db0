//===- ModelRefs.cpp - Names of models ------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As text, `path@revision + adapter@revision`, or as a mapping,
// `{model: {path, revision}, lora: {path, revision}}`, whose paths may hold `+`
// and `@`.
//
//===----------------------------------------------------------------------===//

#include "ModelMentions.h"
#include "Reading.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

using namespace mergec;
using namespace mergec::plan;
using yaml::Entry;
using yaml::Node;

static std::string withRevision(llvm::StringRef Path,
                                llvm::StringRef Revision) {
  return Revision.empty() ? Path.str() : (Path + "@" + Revision).str();
}

std::string ModelRef::spelling() const {
  std::string Text = withRevision(Path, Revision);
  if (Adapter)
    Text += " + " + withRevision(Adapter->Path, Adapter->Revision);
  return Text;
}

namespace {
struct PathText {
  std::string Path, Revision;
};
} // namespace

static constexpr llvm::StringLiteral MappingHint =
    "paths that hold `+` or `@` are written as "
    "`model: {path: …}`, with `revision: …` beside the path";

/// `path@revision`, a piece of `Scalar`; nothing, and a diagnostic, if it is
/// not well formed.
static std::optional<PathText> splitRevision(llvm::StringRef Text,
                                             const Node &Scalar, Reading &R) {
  Text = Text.trim();
  auto [Path, Revision] = Text.split('@');
  if (Text.count('@') > 1) {
    R.Diags
        .report(Kind::BadValue, Scalar.part(Text),
                "`" + Text + "` has more than one `@`")
        .hint(MappingHint);
    return std::nullopt;
  }
  if (Text.contains('@') && (Path.empty() || Revision.empty())) {
    R.Diags
        .report(Kind::BadValue, Scalar.part(Text),
                "`" + Text + "` has nothing " +
                    (Path.empty() ? "before" : "behind") + " its `@`")
        .hint("write `model@revision`");
    return std::nullopt;
  }
  return PathText{Path.str(), Revision.str()};
}

ModelRef plan::modelRefFrom(const Node &Scalar, Reading &R) {
  ModelRef Ref;
  Ref.Where = Scalar.Where;
  llvm::StringRef Text = Scalar.Text;
  llvm::SmallVector<llvm::StringRef, 2> Parts;
  Text.split(Parts, '+');
  for (llvm::StringRef &Part : Parts)
    Part = Part.trim();

  auto Refuse = [&](const llvm::Twine &Message, const llvm::Twine &Hint) {
    R.Diags.report(Kind::BadValue, Scalar.Where, Message).hint(Hint);
    return Ref;
  };
  if (Text.trim().empty())
    return Refuse("the name of a model is empty",
                  "write `organisation/name` or a directory");
  if (Parts.size() > 2)
    return Refuse("`" + Text +
                      "` has more than one `+`, but a model takes "
                      "one adapter",
                  MappingHint);
  if (Parts[0].empty())
    return Refuse("`" + Text + "` names an adapter without a model",
                  "write the model it belongs to before the `+`");
  if (Parts.size() == 2 && Parts[1].empty())
    return Refuse("`" + Text + "` names no adapter behind its `+`",
                  "write `model + adapter`, or the model alone");

  std::optional<PathText> Model = splitRevision(Parts[0], Scalar, R);
  std::optional<PathText> Adapter;
  if (Parts.size() == 2 && !(Adapter = splitRevision(Parts[1], Scalar, R)))
    return Ref;
  if (!Model)
    return Ref;
  Ref.Path = Model->Path;
  Ref.Revision = Model->Revision;
  if (Adapter)
    Ref.Adapter = {Adapter->Path, Adapter->Revision};
  return Ref;
}

/// `{path, revision}`, or `path@revision`.
static std::optional<PathText> readPath(const Entry &E, Reading &R) {
  if (E.Value->isScalar())
    return splitRevision(E.Value->Text, *E.Value, R);
  if (!expect(E, Node::Shape::Mapping,
              "write `" + E.Key + ": {path: organisation/name}`", R))
    return std::nullopt;
  const Node &Mapping = takeMapping(*E.Value, Level::Path, R);
  const Entry *Path = findValue(Mapping, "path");
  if (!Path) {
    R.Diags
        .report(Kind::MissingKey, E.KeyWhere, "`" + E.Key + "` has no `path`")
        .hint("write `" + E.Key + ": {path: organisation/name}`");
    return std::nullopt;
  }
  PathText Result;
  std::optional<std::string> Text = readText(*Path, R);
  if (!Text)
    return std::nullopt;
  Result.Path = *Text;
  if (const Entry *Revision = findValue(Mapping, "revision")) {
    if (!(Text = readText(*Revision, R)))
      return std::nullopt;
    Result.Revision = *Text;
  }
  return Result;
}

ModelRef plan::readModelRef(const Entry &E, Reading &R) {
  if (E.Value->isScalar())
    return modelRefFrom(*E.Value, R);
  ModelRef Ref;
  Ref.Where = E.Value->Where;
  if (!E.Value->isMapping()) {
    R.Diags
        .report(Kind::WrongType, E.Value->Where,
                "`" + E.Key + "` is " + E.Value->shapeName() +
                    ", and should be the name of a model")
        .hint("write `" + E.Key + ": organisation/name`, or a directory");
    return Ref;
  }

  // `model: {path: x}` stands for `model: {model: {path: x}}`.
  bool Short = E.Value->find("path");
  const Node &Mapping =
      Short ? *E.Value : takeMapping(*E.Value, Level::Reference, R);
  const Entry *Model = Short ? &E : findValue(Mapping, "model");
  if (!Model) {
    R.Diags
        .report(Kind::MissingKey, E.Value->Where,
                "`" + E.Key + "` names no model")
        .hint("write `" + E.Key +
              ": {model: {path: …}, lora: {path: …}}`, or `" + E.Key +
              ": model + adapter`");
    return Ref;
  }
  std::optional<PathText> Path = readPath(*Model, R);
  std::optional<PathText> Adapter;
  if (const Entry *Lora = Short ? nullptr : findValue(Mapping, "lora"))
    if (!(Adapter = readPath(*Lora, R)))
      return Ref;
  if (!Path)
    return Ref;
  Ref.Path = Path->Path;
  Ref.Revision = Path->Revision;
  if (Adapter)
    Ref.Adapter = {Adapter->Path, Adapter->Revision};
  return Ref;
}

void plan::forEachModel(const Plan &P,
                        llvm::function_ref<void(const ModelRef &)> Visit) {
  for (const Module &M : P.Modules)
    for (const OutputSlice &S : M.Slices) {
      for (const Source &From : S.Sources)
        Visit(From.Model);
      if (S.Base)
        Visit(*S.Base);
    }
  if (P.Base)
    Visit(*P.Base);
}

std::vector<ModelRef> mergec::modelsOf(const Plan &P) {
  std::vector<ModelRef> Models;
  forEachModel(P, [&](const ModelRef &Ref) {
    if (!llvm::is_contained(Models, Ref))
      Models.push_back(Ref);
  });
  return Models;
}
