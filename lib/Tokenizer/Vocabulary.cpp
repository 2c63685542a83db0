//===- Vocabulary.cpp - The vocabulary of a result ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Tokenizer/Vocabulary.h"
#include "Union.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mergec;
using namespace mergec::tokenizer;
using Token = TokenizerPlan::Token;

namespace {
constexpr size_t Shown = 8;

class Planner {
public:
  Planner(const Plan &P, llvm::ArrayRef<VocabularyModel> Given,
          std::shared_ptr<const Tokenizer> Source, Diagnostics &Diags)
      : P(P), T(*P.Tokenizer), Models(Given.vec()), Outside(std::move(Source)),
        Diags(Diags) {}

  std::optional<VocabularyPlan> run();

private:
  /// A model and a row of its embedding.
  using Place = std::pair<size_t, int64_t>;

  bool giveTokenizers();
  void checkIds();
  void findSources();
  TokenFlags flagsOf(const Token &Wanted) const;
  void makeTokens();
  void countRows();
  void mapRows();
  void addToken(RowMap &Map, std::vector<size_t> &Sources, size_t Model,
                uint32_t Id);
  void addUnused(RowMap &Map, size_t Model, int64_t Id);
  void reportTokens();

  std::optional<size_t> indexOf(llvm::StringRef Spelling) const {
    for (size_t I = 0; I != Models.size(); ++I)
      if (Models[I].Ref.spelling() == Spelling)
        return I;
    return std::nullopt;
  }
  std::string name(size_t I) const {
    return "`" + Models[I].Ref.spelling() + "`";
  }
  bool isUnion() const { return !T.Source || *T.Source == "union"; }

  const Plan &P;
  const TokenizerPlan &T;
  std::vector<VocabularyModel> Models;
  std::shared_ptr<const Tokenizer> Outside;
  Diagnostics &Diags;
  VocabularyPlan Result;
  size_t Lead = 0;              ///< The base, else the first model.
  std::optional<size_t> Base;   ///< The plan's.
  std::optional<size_t> Origin; ///< The model whose tokenizer is taken.
  llvm::DenseMap<llvm::StringRef, const Token *> Wanted;
  /// By entry of `tokens:`: the row that it names, if it names one.
  llvm::DenseMap<const Token *, Place> Named;
  /// By model: the id of each token of the result; -1: the model lacks it.
  std::vector<std::vector<int64_t>> Own;
  std::vector<bool> IsAveraged, IsZero, IsNowhere;
};

/// A model without a tokenizer is taken to have the lead's.
bool Planner::giveTokenizers() {
  if (!Models[Lead].Tokens) {
    Diags
        .report(Kind::NoTokenizer, T.Where,
                (Base ? "the base model " : "the first model ") + name(Lead) +
                    " has no tokenizer that can be read")
        .hint("a tokenizer is a `tokenizer.json`, a `tokenizer.model`, or a "
              "`vocab.json` with `merges.txt`, beside the model's weights");
    return false;
  }
  for (size_t I = 0; I != Models.size(); ++I) {
    if (Models[I].Tokens)
      continue;
    Models[I].Tokens = Models[Lead].Tokens;
    Diags.report(Kind::AssumedTokenizer, Models[I].Ref.Where,
                 "model " + name(I) +
                     " has no tokenizer: its rows are taken to be those of " +
                     name(Lead));
  }
  return true;
}

void Planner::checkIds() {
  for (size_t I = 0; I != Models.size(); ++I) {
    const Tokenizer &Tokens = *Models[I].Tokens;
    // Without an embedding (of a part of a model, say) there is nothing to fit.
    if (!Models[I].Rows || Tokens.size() <= Models[I].Rows)
      continue;
    std::vector<uint32_t> Beyond;
    for (uint32_t Id = Models[I].Rows; Id != Tokens.size(); ++Id)
      if (Tokens.has(Id))
        Beyond.push_back(Id);
    Diagnostic &D = Diags.report(
        Kind::TokenBeyondRows, Models[I].Ref.Where,
        "the embedding of model " + name(I) + " has " +
            llvm::Twine(Models[I].Rows) + " rows, and " +
            counted(Beyond.size(), "token") +
            (Beyond.size() == 1 ? " has an id" : " have ids") + " beyond them");
    for (uint32_t Id : llvm::ArrayRef(Beyond).take_front(Shown))
      D.note(quotedName(Tokens.text(Id)) + ": " + llvm::Twine(Id));
    if (Beyond.size() > Shown)
      D.note("and " + llvm::Twine(Beyond.size() - Shown) + " more");
    D.hint("remove them from the tokenizer's files, or resize the embedding "
           "as whoever added them should have");
  }
}

/// What `tokens:` says, and whether it can be.
void Planner::findSources() {
  std::vector<std::string> Names;
  for (const VocabularyModel &M : Models)
    Names.push_back(M.Ref.spelling());
  for (const Token &E : T.Tokens) {
    Wanted[E.Text] = &E;
    if (!E.Model)
      continue;
    std::optional<size_t> I = indexOf(E.Model->spelling());
    if (!I) {
      std::vector<llvm::StringRef> Known(Names.begin(), Names.end());
      llvm::StringRef Near = Diagnostics::nearest(E.Model->spelling(), Known);
      Diags
          .report(Kind::TokenSource, E.Model->Where,
                  "`" + E.Model->spelling() + "`, the source of " +
                      quotedName(E.Text) + ", is not part of the merge")
          .hint(Near.empty() ? "name one of the merged models"
                             : ("did you mean `" + Near + "`?").str());
      continue;
    }
    const Tokenizer &From = *Models[*I].Tokens;
    if (E.ModelTokenId) {
      if (*E.ModelTokenId < Models[*I].Rows)
        Named[&E] = {*I, *E.ModelTokenId};
      else
        Diags
            .report(Kind::TokenSource, E.Model->Where,
                    "model " + name(*I) + " has no row " +
                        llvm::Twine(*E.ModelTokenId) + ": its embedding has " +
                        llvm::Twine(Models[*I].Rows))
            .hint("`token_id` counts from 0");
      continue;
    }
    llvm::StringRef Text =
        E.ModelTokenText ? llvm::StringRef(*E.ModelTokenText) : E.Text;
    if (std::optional<uint32_t> Id = From.find(Text)) {
      Named[&E] = {*I, *Id};
      continue;
    }
    std::string With;
    for (size_t J = 0; J != Models.size(); ++J)
      if (Models[J].Tokens->find(Text))
        With += (With.empty() ? "" : ", ") + name(J);
    Diags
        .report(Kind::TokenSource, E.Model->Where,
                "model " + name(*I) + " has no token " + quotedName(Text))
        .hint(With.empty() ? "no model has it: write `{kind: model_token, "
                             "model: …, token: …}` to name another token, or "
                             "`{kind: zero}`"
                           : "it is in " + With);
  }
}

/// A token that no model has is looked for as the one whose row it takes.
TokenFlags Planner::flagsOf(const Token &E) const {
  TokenFlags Plain;
  Plain.Normalized = false;
  auto It = Named.find(&E);
  if (It == Named.end())
    return Plain;
  auto [Model, Row] = It->second;
  const AddedToken *A = Models[Model].Tokens->findAdded(Row);
  return A ? A->Flags : Plain;
}

void Planner::makeTokens() {
  std::shared_ptr<const Tokenizer> From =
      Origin ? Models[*Origin].Tokens : Outside;
  // Equal tokenizers were read once: there is nothing to unite then.
  bool Others = isUnion() && llvm::any_of(Models, [&](const auto &M) {
                  return M.Tokens != From;
                });
  bool Further = llvm::any_of(
      T.Tokens, [&](const Token &E) { return !From->find(E.Text); });
  Result.Tokens = From;
  if (!Others && !Further)
    return;
  Union U(*From);
  if (isUnion())
    for (size_t I = 0; I != Models.size(); ++I)
      if (Models[I].Tokens != From)
        U.add(Models[I].Ref.spelling(), *Models[I].Tokens);
  for (const Token &E : T.Tokens)
    U.add(E.Text, flagsOf(E));
  U.reportConflicts(T.Where, Diags);
  if (!U.changed())
    return; // Its files can be copied.
  Result.Unreachable = U.finish();
  Result.Tokens = U.take();
}

void Planner::countRows() {
  int64_t Rows = Result.Tokens->size();
  if (!isUnion() && Origin)
    Rows = std::max(Rows, Models[*Origin].Rows);
  else if (isUnion() && !T.PadToMultipleOf && Models[Lead].Rows > Rows)
    Diags
        .report(Kind::PaddingDropped, T.Where,
                "the embedding of model " + name(Lead) + " has " +
                    llvm::Twine(Models[Lead].Rows) +
                    " rows; that of the union has one for each of " +
                    llvm::Twine(Rows) + " ids")
        .hint("`pad_to_multiple_of` gives it more");
  if (T.PadToMultipleOf)
    Rows = llvm::alignTo(Rows, *T.PadToMultipleOf);
  Result.Rows = Rows;
}

/// An index for `Model` among the sources of a map.
static uint32_t sourceOf(std::vector<size_t> &Sources, size_t Model) {
  auto It = llvm::find(Sources, Model);
  if (It == Sources.end())
    It = Sources.insert(Sources.end(), Model);
  return It - Sources.begin();
}

void Planner::addToken(RowMap &Map, std::vector<size_t> &Sources, size_t Model,
                       uint32_t Id) {
  auto Take = [&](size_t From, int64_t Row) {
    Map.addRow(sourceOf(Sources, From), Row);
  };
  const Token *E = Wanted.lookup(Result.Tokens->text(Id));
  if (Own[Model][Id] >= 0 && !(E && E->Force))
    return Take(Model, Own[Model][Id]);
  if (E && E->Kind == Token::Zero) {
    IsZero[Id] = true;
    return Map.addZeros(1);
  }
  if (E && E->Kind != Token::None) {
    auto [From, Row] = Named.find(E)->second;
    return Take(From, Row);
  }
  if (Base && Own[*Base][Id] >= 0)
    return Take(*Base, Own[*Base][Id]);
  llvm::SmallVector<RowMap::Term, 4> Those;
  std::optional<size_t> Only;
  size_t Count = 0;
  for (size_t I = 0; I != Models.size(); ++I)
    if (Own[I][Id] >= 0) {
      Only = I;
      ++Count;
    }
  if (Count == 1)
    return Take(*Only, Own[*Only][Id]);
  if (!Count) {
    IsZero[Id] = IsNowhere[Id] = true;
    return Map.addZeros(1);
  }
  for (size_t I = 0; I != Models.size(); ++I)
    if (Own[I][Id] >= 0)
      Those.push_back({sourceOf(Sources, I), Own[I][Id]});
  IsAveraged[Id] = true;
  Map.addMean(Those);
}

/// A row that no token of the result has: padding, or a gap between ids.
void Planner::addUnused(RowMap &Map, size_t Model, int64_t Id) {
  const VocabularyModel &M = Models[Model];
  bool Keeps = !isUnion() || Id < Result.Tokens->size();
  if (Keeps && Id < M.Rows && !M.Tokens->has(Id))
    Map.addRow(0, Id);
  else
    Map.addMeansOfAll(0, 1);
}

void Planner::mapRows() {
  const Tokenizer &Tokens = *Result.Tokens;
  IsAveraged.resize(Tokens.size());
  IsZero.resize(Tokens.size());
  IsNowhere.resize(Tokens.size());
  for (const VocabularyModel &M : Models) {
    std::vector<int64_t> &Ids = Own.emplace_back(Tokens.size(), -1);
    for (uint32_t Id = 0; Id != Tokens.size(); ++Id) {
      if (!Tokens.has(Id))
        continue;
      if (M.Tokens.get() == &Tokens)
        Ids[Id] = Id;
      else if (std::optional<uint32_t> Known = M.Tokens->find(Tokens.text(Id)))
        Ids[Id] = *Known;
    }
  }
  for (size_t I = 0; I != Models.size(); ++I) {
    VocabularyPlan::Model &Out = Result.Models.emplace_back();
    Out.Spelling = Models[I].Ref.spelling();
    Out.Tokens = Models[I].Tokens->size();
    std::vector<size_t> Sources = {I};
    for (int64_t Id = 0; Id != Result.Rows; ++Id)
      if (Id < Tokens.size() && Tokens.has(Id))
        addToken(Out.Map, Sources, I, Id);
      else
        addUnused(Out.Map, I, Id);
    for (size_t S : Sources)
      Out.Sources.push_back(Models[S].Ref.spelling());
  }
  for (uint32_t Id = 0; Id != Tokens.size(); ++Id) {
    if (!Tokens.has(Id))
      continue;
    Result.Shared += llvm::all_of(Own, [&](auto &Ids) { return Ids[Id] >= 0; });
    Result.New += Own[Lead][Id] < 0;
    Result.Averaged += IsAveraged[Id];
    Result.Zero += IsZero[Id];
  }
}

void Planner::reportTokens() {
  if (size_t Count = llvm::count(IsNowhere, true)) {
    Diagnostic &D = Diags.report(
        Kind::TokenNowhere, T.Where,
        counted(Count, "token") + (Count == 1 ? " is" : " are") +
            " in no model, and " +
            (Count == 1 ? "its row is" : "their rows are") + " zero");
    size_t Told = 0;
    for (uint32_t Id = 0; Id != Result.Tokens->size() && Told != Shown; ++Id)
      if (IsNowhere[Id]) {
        D.note(quotedName(Result.Tokens->text(Id)));
        ++Told;
      }
    if (Count > Shown)
      D.note("and " + llvm::Twine(Count - Shown) + " more");
    D.hint("give each a `source` under `tokens:`, say `{kind: model_token, "
           "model: …, token: …}`; `{kind: zero}` says that zero is meant");
  }
  if (Result.Unreachable)
    Diags
        .report(Kind::TokensUnreachable, T.Where,
                counted(Result.Unreachable, "new token") +
                    (Result.Unreachable == 1
                         ? " has a row that no text leads to"
                         : " have rows that no text leads "
                           "to"))
        .note("texts are cut as " + name(Lead) +
              " cuts them, and its pieces do not lead to these")
        .hint("models whose tokenizers are of different kinds have little to "
              "unite: `tokenizer_source: base` keeps one of them");
}

std::optional<VocabularyPlan> Planner::run() {
  size_t Before = Diags.size();
  if (P.Base)
    Base = indexOf(P.Base->spelling());
  Lead = Base.value_or(0);
  if (!giveTokenizers())
    return std::nullopt;
  if (isUnion() || *T.Source == "base")
    Origin = Lead;
  else
    Origin = indexOf(*T.Source);
  if (!Origin && !Outside)
    return std::nullopt; // Told by whoever looked for it.
  checkIds();
  findSources();
  if (Diags.hasErrors(Before))
    return std::nullopt;
  makeTokens();
  countRows();
  mapRows();
  reportTokens();
  return std::move(Result);
}
} // namespace

const VocabularyPlan::Model *
VocabularyPlan::find(llvm::StringRef Spelling) const {
  auto It = llvm::find_if(
      Models, [&](const Model &M) { return M.Spelling == Spelling; });
  return It == Models.end() ? nullptr : &*It;
}

std::optional<VocabularyPlan>
mergec::planVocabulary(const Plan &P, llvm::ArrayRef<VocabularyModel> Models,
                       std::shared_ptr<const Tokenizer> Source,
                       Diagnostics &Diags) {
  return Planner(P, Models, std::move(Source), Diags).run();
}

void mergec::compareVocabularies(llvm::ArrayRef<VocabularyModel> Models,
                                 Diagnostics &Diags) {
  const VocabularyModel *First = nullptr;
  for (const VocabularyModel &M : Models) {
    if (!M.Tokens || !M.Rows)
      continue;
    if (!First)
      First = &M;
    // Different numbers of rows are told of with the tensors.
    if (M.Rows != First->Rows || M.Tokens == First->Tokens)
      continue;
    const Tokenizer &A = *First->Tokens, &B = *M.Tokens;
    std::vector<uint32_t> Differ;
    size_t Count = 0;
    for (uint32_t Id = 0; Id != std::max(A.size(), B.size()); ++Id) {
      if (A.has(Id) == B.has(Id) && (!A.has(Id) || A.text(Id) == B.text(Id)))
        continue;
      if (Count++ < 4)
        Differ.push_back(Id);
    }
    if (!Count)
      continue;
    auto Text = [](const Tokenizer &T, uint32_t Id) {
      return T.has(Id) ? quotedName(T.text(Id)) : std::string("no token");
    };
    Diagnostic &D = Diags.report(
        Kind::TokenizersDiffer, M.Ref.Where,
        "the tokenizers of `" + First->Ref.spelling() + "` and `" +
            M.Ref.spelling() + "` differ in " + counted(Count, "id") +
            ", but their embeddings are merged row by row");
    for (uint32_t Id : Differ)
      D.note("id " + llvm::Twine(Id) + " is " + Text(A, Id) + " in `" +
             First->Ref.spelling() + "`, " + Text(B, Id) + " in `" +
             M.Ref.spelling() + "`");
    if (Count > Differ.size())
      D.note("and " + llvm::Twine(Count - Differ.size()) + " more");
    D.hint("`tokenizer_source: union` merges the rows of equal tokens; "
           "`tokenizer_source: base` keeps the base's tokens");
  }
}
