//===- StageVocabulary.cpp - What a plan says of tokens -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageVocabulary.h"
#include "mergec/Tokenizer/ChatTemplate.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mergec;

std::shared_ptr<const Tokenizer> TokenizerCache::read(llvm::StringRef Directory,
                                                      Faults &Found) {
  for (Entry &E : Entries)
    if (E.Directory == Directory ||
        (E.Tokens && haveSameTokenizerFiles(E.Directory, Directory))) {
      Found = E.Found;
      return E.Tokens;
    }
  Entry &E = Entries.emplace_back();
  E.Directory = Directory.str();
  E.Tokens = readTokenizer(Directory, E.Found);
  Found = E.Found;
  return E.Tokens;
}

std::shared_ptr<const Tokenizer> TokenizerCache::of(const Checkpoint &Model,
                                                    Faults &Found) {
  if (const StageTokens *S = ofStage(Model); S && S->Tokens)
    return S->Tokens;
  return read(Model.directory(), Found);
}

bool TokenizerCache::areSame(const Checkpoint &A, const Checkpoint &B) {
  const StageTokens *OfA = ofStage(A), *OfB = ofStage(B);
  const Tokenizer *TokensOfA = OfA ? OfA->Tokens.get() : nullptr;
  const Tokenizer *TokensOfB = OfB ? OfB->Tokens.get() : nullptr;
  if (TokensOfA || TokensOfB)
    return TokensOfA == TokensOfB;
  if (A.directory() == B.directory())
    return true;
  // A chain asks again and again.
  auto [It, New] =
      Same.try_emplace({A.directory().str(), B.directory().str()}, false);
  if (New)
    It->second = haveSameTokenizerFiles(A.directory(), B.directory());
  return It->second;
}

/// How many rows the input embedding has; 0 if there is none.
static int64_t embeddingRows(const Checkpoint &C) {
  for (const TensorInfo &T : C.tensors())
    if (T.Shape.size() > 1 && C.role(T.Name) == TensorRole::InputEmbedding)
      return T.Shape[0];
  return 0;
}

bool StageVocabulary::readAll(const CheckpointMap &Models,
                              TokenizerCache &Cache, Diagnostics &Diags) {
  bool Sound = true;
  for (VocabularyModel &M : Inputs) {
    const Checkpoint &C = *Models.find(M.Ref.spelling())->second.Headers;
    Faults Found;
    M.Tokens = Cache.of(C, Found);
    if (const StageTokens *S = Cache.ofStage(C); S && S->Template)
      M.ChatTemplate = S->Template;
    else if (M.Tokens)
      M.ChatTemplate = M.Tokens->ChatTemplate;
    Found.report(Diags, Kind::BadTokenizer, M.Ref.Where,
                 "the tokenizer of model `" + M.Ref.spelling() +
                     "` can't be used");
    Sound &= Found.empty();
  }
  return Sound;
}

/// Nothing asks for the tokenizers; but if they differ, somebody should have.
void StageVocabulary::compare(const CheckpointMap &Models,
                              TokenizerCache &Cache, Diagnostics &Diags) {
  auto HeadersOf = [&](const VocabularyModel &M) -> const Checkpoint & {
    return *Models.find(M.Ref.spelling())->second.Headers;
  };
  bool Differ = llvm::any_of(Inputs, [&](const VocabularyModel &M) {
    return !Cache.areSame(HeadersOf(Inputs.front()), HeadersOf(M));
  });
  if (!Differ)
    return;
  for (VocabularyModel &M : Inputs) {
    Faults Found;
    M.Tokens = Cache.of(HeadersOf(M), Found);
    if (Found.empty())
      continue;
    Diagnostic &D =
        Diags.report(Kind::TokenizersDiffer, M.Ref.Where,
                     "the tokenizer of `" + M.Ref.spelling() +
                         "` can't be compared with those of the other models");
    for (const std::string &Text : Found.texts())
      D.note(Text);
    D.hint(Found.hint());
  }
  compareVocabularies(Inputs, Diags);
}

bool StageVocabulary::planRows(const Plan &P, TokenizerCache &Cache,
                               Diagnostics &Diags) {
  const std::optional<ModelRef> &Source = P.Tokenizer->SourceModel;
  std::shared_ptr<const Tokenizer> Outside;
  if (Source && llvm::none_of(Inputs, [&](const VocabularyModel &M) {
        return M.Ref == *Source;
      })) {
    std::optional<std::string> Directory =
        findModel(Source->Path, Source->Revision,
                  llvm::sys::path::parent_path(P.Path), Source->Where, Diags);
    if (!Directory)
      return false;
    Faults Found;
    Outside = Cache.read(*Directory, Found);
    Found.report(Diags, Kind::BadTokenizer, Source->Where,
                 "the tokenizer of model `" + Source->spelling() +
                     "` can't be used");
    if (!Outside && Found.empty())
      Diags
          .report(Kind::NoTokenizer, Source->Where,
                  "model `" + Source->spelling() +
                      "` has no tokenizer that can be read")
          .hint("a tokenizer is a `tokenizer.json`, a `tokenizer.model`, or a "
                "`vocab.json` with `merges.txt`");
    if (!Outside)
      return false;
  }
  Planned = planVocabulary(P, Inputs, Outside, Diags);
  if (Planned)
    Result.Tokens = Planned->Tokens;
  return Planned.has_value();
}

bool StageVocabulary::plan(const Plan &P, const CheckpointMap &Models,
                           TokenizerCache &Cache, Diagnostics &Diags) {
  size_t Before = Diags.size();
  for (const ModelRef &Ref : modelsOf(P))
    if (auto It = Models.find(Ref.spelling()); It != Models.end())
      Inputs.push_back({Ref, nullptr, embeddingRows(*It->second.Headers), {}});
  if (Inputs.empty())
    return true;
  size_t Donor = 0;
  for (size_t I = 0; I != Inputs.size(); ++I)
    if (P.Base && Inputs[I].Ref == *P.Base)
      Donor = I;
  const Checkpoint &DonorModel =
      *Models.find(Inputs[Donor].Ref.spelling())->second.Headers;
  // What the donor has is handed on.
  if (const StageTokens *S = Cache.ofStage(DonorModel))
    Result = *S;
  if (!P.Tokenizer && !P.ChatTemplate) {
    compare(Models, Cache, Diags);
    if (Result.Tokens) {
      Faults Found;
      FileTokens = Cache.read(DonorModel.directory(), Found);
      DonorTokens = Result.Tokens;
    }
    return !Diags.hasErrors(Before);
  }
  if (!readAll(Models, Cache, Diags))
    return false;
  DonorTokens = Inputs[Donor].Tokens;
  Faults Found;
  FileTokens = Cache.read(DonorModel.directory(), Found);
  if (P.Tokenizer && !planRows(P, Cache, Diags))
    return false;
  if (P.ChatTemplate) {
    const Tokenizer *Tokens =
        Result.Tokens ? Result.Tokens.get() : DonorTokens.get();
    if (auto Found = findChatTemplate(P, Inputs, Tokens, Diags))
      Result.Template = std::move(Found);
  }
  return !Diags.hasErrors(Before);
}

/// Where the tokens of `From` are in `To`.
static void mapIds(const std::shared_ptr<const Tokenizer> &From,
                   const std::shared_ptr<const Tokenizer> &To,
                   ResultFacts &Facts) {
  if (!From || !To || From == To)
    return;
  for (uint32_t Id = 0; Id != From->size(); ++Id) {
    if (!From->has(Id))
      Facts.TokenIds.push_back(Id);
    else if (std::optional<uint32_t> New = To->find(From->text(Id)))
      Facts.TokenIds.push_back(*New);
    else
      Facts.TokenIds.push_back(-1);
  }
  for (const auto &[Role, Text] : To->Roles)
    if (std::optional<uint32_t> Id = To->find(Text))
      Facts.TokenRoles.emplace_back(Role, *Id);
}

void StageVocabulary::describe(ResultFacts &Facts) const {
  mapIds(DonorTokens, Result.Tokens, Facts);
}

void StageVocabulary::describe(OutputContents &Contents,
                               Diagnostics &Diags) const {
  // The donor's files have the ids of its directory, also if it is a stage.
  mapIds(FileTokens, Result.Tokens, Contents.Generation);
  if (const Tokenizer *T = Result.Tokens.get()) {
    Contents.TokenizerDirectory = T->Directory;
    if (T->Changed) {
      TokenizerFiles Files = writeTokenizer(*T);
      Contents.Files = std::move(Files.Written);
      Contents.LeftOut = std::move(Files.LeftOut);
      if (!Contents.LeftOut.empty())
        Diags.report(Kind::FilesLeftOut,
                     "the result's tokenizer is its `tokenizer.json`; `" +
                         llvm::join(Contents.LeftOut, "`, `") +
                         "` would not have the new tokens, and " +
                         (Contents.LeftOut.size() == 1 ? "is" : "are") +
                         " left out");
    }
  }
  if (!Result.Template)
    return;
  constexpr llvm::StringLiteral ConfigName = "tokenizer_config.json";
  auto Written = llvm::find_if(
      Contents.Files, [&](const auto &F) { return F.first == ConfigName; });
  const Tokenizer *From =
      Result.Tokens ? Result.Tokens.get() : FileTokens.get();
  std::string Text = Written != Contents.Files.end() ? Written->second
                     : From                          ? From->ConfigText
                                                     : std::string();
  Text = withChatTemplate(Text, *Result.Template);
  if (Written != Contents.Files.end())
    Written->second = std::move(Text);
  else
    Contents.Files.emplace_back(ConfigName.str(), std::move(Text));
  // Loaders prefer these to what tokenizer_config.json says.
  for (const char *Name : {"chat_template.jinja", "chat_template.json"})
    Contents.LeftOut.push_back(Name);
}

void StageVocabulary::print(llvm::raw_ostream &OS) const {
  if (!Planned)
    return;
  const VocabularyPlan &V = *Planned;
  OS << "tokens     " << V.Tokens->count() << " in " << V.Rows
     << " rows: " << V.Shared << " shared by all models, " << V.New
     << " added, " << V.Averaged << " averaged, " << V.Zero << " zero\n";
}
