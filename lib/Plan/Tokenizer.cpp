//===- Tokenizer.cpp - Reading what a plan says of the tokenizer ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reading.h"

using namespace mergec;
using namespace mergec::plan;
using llvm::StringRef;
using yaml::Entry;
using yaml::Node;

namespace {

class TokenizerReader {
public:
  explicit TokenizerReader(Reading &R) : R(R) {}

  TokenizerPlan read(const Entry &E) {
    TokenizerPlan Plan;
    Plan.Where = E.Value->Where;
    if (E.Key == "tokenizer_source") {
      Plan.LegacyForm = true;
      readSource(E, Plan);
      return Plan;
    }
    if (!expect(E, Node::Shape::Mapping, "write `tokenizer: {source: union}`",
                R))
      return Plan;
    const Node &Mapping = takeMapping(*E.Value, Level::Tokenizer, R);
    if (const Entry *Source = findValue(Mapping, "source"))
      readSource(*Source, Plan);
    if (const Entry *Multiple = findValue(Mapping, "pad_to_multiple_of"))
      Plan.PadToMultipleOf = readAtLeast(*Multiple, 1);
    if (const Entry *Tokens = findValue(Mapping, "tokens"))
      if (expect(*Tokens, Node::Shape::Mapping,
                 "write `tokens: {\"<|im_end|>\": {source: model}}`", R))
        for (const Entry &Token : Tokens->Value->Entries)
          readToken(Token, Plan);
    return Plan;
  }

private:
  /// `union`, `base`, or a model; `model:` before it is an older spelling.
  void readSource(const Entry &E, TokenizerPlan &Plan) {
    if (E.Value->isScalar() &&
        (E.Value->Text == "union" || E.Value->Text == "base")) {
      Plan.Source = E.Value->Text;
      return;
    }
    Entry Model = E;
    Node Bare;
    if (E.Value->isScalar() && StringRef(E.Value->Text).starts_with("model:")) {
      Bare = *E.Value;
      Bare.Text = StringRef(Bare.Text).drop_front(6).str();
      Model.Value = &Bare;
    }
    ModelRef Ref = readModelRef(Model, R);
    if (!Ref.Path.empty()) {
      Plan.Source = Ref.spelling();
      Plan.SourceModel = std::move(Ref);
    }
  }

  void readToken(const Entry &E, TokenizerPlan &Plan) {
    TokenizerPlan::Token Token;
    Token.Text = E.Key;
    Token.Where = E.KeyWhere;
    if (!expect(E, Node::Shape::Mapping, "write `" + E.Key + ": {source: …}`",
                R))
      return;
    const Node &Mapping = takeMapping(*E.Value, Level::Token, R);
    if (const Entry *Source = findValue(Mapping, "source"))
      readTokenSource(*Source, Token);
    if (const Entry *Force = findValue(Mapping, "force"))
      if (std::optional<std::string> Text = readText(*Force, R)) {
        std::optional<bool> Flag = flagFrom(*Text);
        if (!Flag)
          R.Diags
              .report(Kind::WrongType, Force->Value->Where,
                      "`" + *Text + "` is neither true nor false")
              .hint("`force` is `true` or `false`");
        Token.Force = Flag.value_or(false);
      }
    Plan.Tokens.push_back(std::move(Token));
  }

  void readTokenSource(const Entry &E, TokenizerPlan::Token &Token) {
    using Kinds = TokenizerPlan::Token;
    const Entry *What = E.Value->isMapping() ? E.Value->find("kind") : nullptr;
    if (!What) {
      Token.Kind = Kinds::FromModel;
      Token.Model = readModelRef(E, R);
      return;
    }
    const Node &Mapping = takeMapping(*E.Value, Level::TokenSource, R);
    std::optional<std::string> Name = readText(*What, R);
    if (!Name)
      return;
    if (*Name == "zero") {
      Token.Kind = Kinds::Zero;
    } else if (*Name == "model_token") {
      Token.Kind = Kinds::ModelToken;
      readModelToken(E, Mapping, Token);
    } else {
      R.Diags
          .report(Kind::BadValue, What->Value->Where,
                  "`" + *Name + "` is no kind of token source")
          .hint(didYouMean(*Name, {"zero", "model_token"},
                           "its kinds are `zero` and `model_token`"));
    }
  }

  void readModelToken(const Entry &E, const Node &Mapping,
                      TokenizerPlan::Token &Token) {
    if (const Entry *Model = findValue(Mapping, "model"))
      Token.Model = readModelRef(*Model, R);
    else
      R.Diags
          .report(Kind::MissingKey, E.KeyWhere,
                  "the source of `" + Token.Text + "` names no model")
          .hint("add `model: …`");
    const Entry *Text = findValue(Mapping, "token");
    const Entry *Id = findValue(Mapping, "token_id");
    if (Text && Id)
      R.Diags
          .report(Kind::ConflictingKeys, Id->KeyWhere,
                  "both `token` and `token_id` say which token is meant")
          .note("`token` is here", Text->KeyWhere)
          .hint("keep one of the two");
    else if (Text)
      Token.ModelTokenText = readText(*Text, R);
    else if (Id)
      Token.ModelTokenId = readAtLeast(*Id, 0);
    else
      R.Diags
          .report(Kind::MissingKey, E.KeyWhere,
                  "the source of `" + Token.Text + "` names no token")
          .hint("add `token: …` or `token_id: …`");
  }

  std::optional<int64_t> readAtLeast(const Entry &E, int64_t Least) {
    std::optional<std::string> Text = readText(E, R);
    if (!Text)
      return std::nullopt;
    std::optional<int64_t> Number = integerFrom(*Text);
    if (Number && *Number >= Least)
      return Number;
    R.Diags
        .report(Number ? Kind::BadValue : Kind::WrongType, E.Value->Where,
                "`" + *Text + "` is not a value of `" + E.Key + "`")
        .hint("write a whole number of at least " + llvm::Twine(Least));
    return std::nullopt;
  }

  Reading &R;
};

} // namespace

TokenizerPlan plan::readTokenizer(const Entry &E, Reading &R) {
  return TokenizerReader(R).read(E);
}
