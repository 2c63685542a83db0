//===- Settings.cpp - Reading parameters ----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One `parameters:` mapping against the method's table: names, scopes, types
// and ranges. A value is a scalar, a list of numbers (a gradient), one
// `{filter, value}`, or a list of those.
//
//===----------------------------------------------------------------------===//

#include "Reading.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

/// `from 0 to 1`, `above 0`: the values a parameter may have.
static std::string describeRange(const ParameterSpec &Spec) {
  bool Low = std::isfinite(Spec.Min), High = std::isfinite(Spec.Max);
  if (Low && High && !Spec.MinExclusive && !Spec.MaxExclusive)
    return llvm::formatv("from {0} to {1}", plainNumber(Spec.Min),
                         plainNumber(Spec.Max));
  std::string Text;
  if (Low)
    Text = (Spec.MinExclusive ? "above " : "at least ") + plainNumber(Spec.Min);
  if (High)
    Text += (Text.empty() ? "" : " and ") +
            std::string(Spec.MaxExclusive ? "below " : "at most ") +
            plainNumber(Spec.Max);
  return Text;
}

namespace {

class SettingsReader {
public:
  SettingsReader(Owner Of, Reading &R) : Of(Of), M(*R.TheMethod), R(R) {}

  /// `Prefix`: the names of the mappings around this one, each with a dot.
  void read(const Node &Mapping, const std::string &Prefix) {
    for (const Entry &E : Mapping.Entries)
      readEntry(E, Prefix + E.Key);
  }

  Settings Result;

private:
  void readEntry(const Entry &E, const std::string &Name) {
    const ParameterSpec *Spec = M.parameter(Name);
    if (!Spec) {
      bool Group = llvm::any_of(M.Parameters, [&](const ParameterSpec &P) {
        return P.Name.starts_with(Name + ".");
      });
      if (Group && E.Value->isMapping())
        read(*E.Value, Name + ".");
      else
        reportUnknown(E, Name);
      return;
    }
    if (Spec->Scope == ParameterScope::Global && Of == Owner::Source) {
      R.Diags
          .report(Kind::MisplacedParameter, E.KeyWhere,
                  "`" + Name +
                      "` is a parameter of the merge, not of one model, and is "
                      "ignored here")
          .hint("move it to the `parameters` of the slice or of the plan");
      return;
    }
    Setting S;
    S.Name = Name;
    S.NameWhere = E.KeyWhere;
    S.Where = E.Value->Where;
    if (!readAlternatives(E, *Spec, S))
      S.Alternatives.clear();
    Result.Items.push_back(std::move(S));
  }

  void reportUnknown(const Entry &E, const std::string &Name) {
    llvm::SmallVector<StringRef, 8> Own;
    for (const ParameterSpec &P : M.Parameters)
      Own.push_back(P.Name);
    llvm::SmallVector<StringRef, 8> Others;
    for (const Method *Other : allMethods())
      if (llvm::any_of(Other->Parameters, [&](const ParameterSpec &P) {
            return P.Name == Name || P.Name.starts_with(Name + ".");
          }))
        Others.push_back(Other->Name);

    Diagnostic &D = R.Diags.report(Kind::UnknownParameter, E.KeyWhere,
                                   "`" + Name + "` is not a parameter of `" +
                                       M.Name + "`, and is ignored");
    if (!Others.empty())
      D.hint("it is a parameter of " + quoteAll(Others));
    else if (Own.empty())
      D.hint("`" + M.Name + "` has no parameters");
    else
      D.hint(didYouMean(
          Name, Own,
          (Own.size() == 1 ? "the parameter of `" : "the parameters of `") +
              M.Name + (Own.size() == 1 ? "` is " : "` are ") + quoteAll(Own)));
  }

  bool readAlternatives(const Entry &E, const ParameterSpec &Spec, Setting &S) {
    const Node &Value = *E.Value;
    auto One = [&](const Node &N) {
      return N.isMapping() ? readFilter(N, Spec, S)
                           : readUnfiltered(N, Spec, S);
    };
    if (!Value.isList() || llvm::none_of(Value.Items, [](const Node *N) {
          return N->isMapping();
        }))
      return One(Value);
    bool Good = true;
    for (const Node *Item : Value.Items) {
      if (!Item->isMapping()) {
        R.Diags
            .report(Kind::WrongType, Item->Where,
                    "`" + S.Name + "` mixes filters with plain values")
            .hint("write a plain value as `value: " +
                  (Item->isScalar() ? Item->Text : "…") + "`");
        Good = false;
      } else {
        Good &= readFilter(*Item, Spec, S);
      }
    }
    return Good;
  }

  /// `{filter: self_attn, value: 0.5}`
  bool readFilter(const Node &Mapping, const ParameterSpec &Spec, Setting &S) {
    takeMapping(Mapping, Level::Alternative, R);
    const Entry *Value = findValue(Mapping, "value");
    if (!Value) {
      R.Diags
          .report(Kind::MissingKey, Mapping.Where,
                  "a filter of `" + S.Name + "` has no `value`")
          .hint("write `{filter: self_attn, value: 0.5}`");
      return false;
    }
    std::string Filter;
    if (const Entry *E = findValue(Mapping, "filter")) {
      std::optional<std::string> Text = readText(*E, R);
      if (!Text)
        return false;
      if (*Text != "*")
        Filter = *Text;
    }
    if (!readUnfiltered(*Value->Value, Spec, S))
      return false;
    S.Alternatives.back().Filter = Filter;
    return true;
  }

  /// A scalar or a gradient.
  bool readUnfiltered(const Node &N, const ParameterSpec &Spec, Setting &S) {
    Gradient G;
    G.Where = N.Where;
    llvm::ArrayRef<const Node *> Items = N.Items;
    const Node *Self = &N;
    if (!N.isList())
      Items = Self;
    else if (Spec.Kind != ParameterKind::Number && Items.size() != 1)
      return refuse(N, "`" + S.Name + "` cannot change from layer to layer",
                    "give it one value, or filters");
    if (Items.empty())
      return refuse(N, "`" + S.Name + "` is an empty list",
                    "list at least one number");
    bool Good = true;
    for (const Node *Item : Items)
      if (std::optional<double> Value = readValue(*Item, Spec, S.Name))
        G.Points.push_back(*Value);
      else
        Good = false;
    if (Good)
      S.Alternatives.push_back({"", std::move(G)});
    return Good;
  }

  std::optional<double> readValue(const Node &N, const ParameterSpec &Spec,
                                  StringRef Name) {
    auto Refuse = [&](const llvm::Twine &Message, const llvm::Twine &Hint) {
      refuse(N, Message, Hint);
      return std::nullopt;
    };
    if (N.isNull())
      return Refuse("`" + Name + "` has no value",
                    "write a value behind the `:`, or remove the key");
    if (!N.isScalar())
      return Refuse("a value of `" + Name + "` is " + N.shapeName(),
                    "write " + describeKind(Spec));
    switch (Spec.Kind) {
    case ParameterKind::Flag:
      if (std::optional<bool> Flag = flagFrom(N.Text))
        return *Flag;
      return Refuse("`" + N.Text + "` is neither true nor false",
                    "`" + Name + "` is " + describeKind(Spec));
    case ParameterKind::Choice:
      return readChoice(N, Spec, Name);
    case ParameterKind::Number:
    case ParameterKind::Integer:
      break;
    }
    std::optional<double> Value = numberFrom(N.Text);
    if (!Value || (Spec.Kind == ParameterKind::Integer &&
                   std::isfinite(*Value) && *Value != std::trunc(*Value)))
      return Refuse("`" + N.Text + "` is not " + describeKind(Spec),
                    "`" + Name + "` is " + describeKind(Spec) +
                        (describeRange(Spec).empty() ? "" : " ") +
                        describeRange(Spec));
    return inRange(*Value, N, Spec, Name);
  }

  std::optional<double> inRange(double Value, const Node &N,
                                const ParameterSpec &Spec, StringRef Name) {
    if (!std::isfinite(Value)) {
      R.Diags
          .report(Kind::ParameterRange, N.Where,
                  "`" + Name + "` is " + N.Text + ", which is not finite")
          .hint("write " + describeKind(Spec) +
                (describeRange(Spec).empty() ? "" : " ") + describeRange(Spec));
      return std::nullopt;
    }
    bool Low = Value < Spec.Min || (Spec.MinExclusive && Value == Spec.Min);
    bool High = Value > Spec.Max || (Spec.MaxExclusive && Value == Spec.Max);
    if (!Low && !High)
      return Value;
    R.Diags
        .report(Kind::ParameterRange, N.Where,
                "`" + Name + "` is " + N.Text + ", which is too " +
                    (Low ? "small" : "large"))
        .hint("`" + Name + "` is " + describeKind(Spec) + " " +
              describeRange(Spec));
    return std::nullopt;
  }

  std::optional<double> readChoice(const Node &N, const ParameterSpec &Spec,
                                   StringRef Name) {
    for (size_t I = 0; I != Spec.Choices.size(); ++I)
      if (N.Text == Spec.Choices[I])
        return I;
    llvm::SmallVector<StringRef, 4> Choices(Spec.Choices.begin(),
                                            Spec.Choices.end());
    R.Diags
        .report(Kind::BadValue, N.Where,
                "`" + N.Text + "` is not a value of `" + Name + "`")
        .hint(
            didYouMean(N.Text, Choices, "its values are " + quoteAll(Choices)));
    return std::nullopt;
  }

  static StringRef describeKind(const ParameterSpec &Spec) {
    switch (Spec.Kind) {
    case ParameterKind::Number:
      return "a number";
    case ParameterKind::Integer:
      return "a whole number";
    case ParameterKind::Flag:
      return "`true` or `false`";
    case ParameterKind::Choice:
      return "one of its choices";
    }
    llvm_unreachable("not a kind");
  }

  bool refuse(const Node &N, const llvm::Twine &Message,
              const llvm::Twine &Hint) {
    R.Diags.report(Kind::WrongType, N.Where, Message).hint(Hint);
    return false;
  }

  Owner Of;
  const Method &M;
  Reading &R;
};

} // namespace

/// Every parameter of the method, set to something that could not be read.
static Settings unreadable(const Entry &E, const Method &M) {
  Settings Result;
  for (const ParameterSpec &Spec : M.Parameters)
    Result.Items.push_back({Spec.Name.str(), E.KeyWhere, {}, E.Value->Where});
  return Result;
}

Settings plan::readSettings(const Node &Mapping, Owner Of, Reading &R) {
  const Entry *E = findValue(Mapping, "parameters");
  if (!E || !R.TheMethod)
    return {};
  if (!expect(*E, Node::Shape::Mapping,
              "write one `name: value` in each line below `parameters:`", R))
    return unreadable(*E, *R.TheMethod);
  SettingsReader Reader(Of, R);
  Reader.read(*E->Value, "");
  Reader.Result.Where = E->Value->Where;
  return std::move(Reader.Result);
}
