//===- Union.cpp - A vocabulary that others are added to ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Union.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;
using namespace mergec::tokenizer;

Union::Union(const Tokenizer &Base) : Result(std::make_unique<Tokenizer>()) {
  Tokenizer &R = *Result;
  for (uint32_t Id = 0; Id != Base.size(); ++Id) {
    if (!Base.has(Id))
      continue;
    R.add(Base.text(Id), Id);
    if (Base.isPiece(Id))
      R.setPiece(Id);
  }
  First = R.size();
  R.From = Base.From;
  R.How = Base.How;
  R.Added = Base.Added;
  R.Merges = Base.Merges;
  R.Scores = Base.Scores;
  R.PieceTypes = Base.PieceTypes;
  R.Facts = Base.Facts;
  R.Skeleton = Base.Skeleton;
  R.ConfigText = Base.ConfigText;
  R.Directory = Base.Directory;
  R.ChatTemplate = Base.ChatTemplate;
  R.Roles = Base.Roles;
  R.Changed = Base.Changed;
  R.HasNewPieces = Base.HasNewPieces;
  if (R.From == Tokenizer::Form::SentencePiece)
    convertSentencePiece(R);
}

static std::string describe(const TokenFlags &F) {
  std::string Text = F.Special ? "special" : "not special";
  if (F.SingleWord)
    Text += ", a word of its own";
  if (F.StripLeft || F.StripRight)
    Text += F.StripLeft && F.StripRight ? ", strips both sides"
            : F.StripLeft               ? ", strips its left side"
                                        : ", strips its right side";
  if (F.Normalized)
    Text += ", normalised";
  return Text;
}

void Union::add(llvm::StringRef Spelling, const Tokenizer &Other) {
  Tokenizer &R = *Result;
  for (uint32_t Id = 0; Id != Other.size(); ++Id) {
    if (!Other.has(Id))
      continue;
    llvm::StringRef Text = Other.text(Id);
    const AddedToken *Added = Other.findAdded(Id);
    if (std::optional<uint32_t> Known = R.find(Text)) {
      const AddedToken *Mine = R.findAdded(*Known);
      if (Added && Mine && Mine->Flags != Added->Flags)
        Conflicts.push_back(quotedName(Text) + " is " + describe(Mine->Flags) +
                            "; in `" + Spelling.str() + "` " +
                            describe(Added->Flags));
      else if (Added && !Mine && Added->Flags.Special)
        Conflicts.push_back(quotedName(Text) + " is an ordinary piece; in `" +
                            Spelling.str() + "` it is " +
                            describe(Added->Flags));
      continue;
    }
    R.Changed = true;
    uint32_t New = R.size();
    R.add(Text, New);
    if (Added) {
      R.Added.push_back({New, Added->Flags});
    } else {
      R.setPiece(New);
      R.HasNewPieces = true;
      NewPieces.push_back(New);
    }
  }
}

void Union::add(llvm::StringRef Text, TokenFlags Flags) {
  Tokenizer &R = *Result;
  if (R.find(Text))
    return;
  R.Changed = true;
  uint32_t New = R.size();
  R.add(Text, New);
  R.Added.push_back({New, Flags});
}

void Union::reportConflicts(llvm::SMRange Where, Diagnostics &Diags) const {
  constexpr size_t Shown = 8;
  if (Conflicts.empty())
    return;
  Diagnostic &D =
      Diags.report(Kind::TokenFlags, Where,
                   counted(Conflicts.size(), "token") +
                       (Conflicts.size() == 1 ? " is" : " are") +
                       " looked for in different ways by the models; the "
                       "first model's way is kept");
  for (const std::string &C : llvm::ArrayRef(Conflicts).take_front(Shown))
    D.note(C);
  if (Conflicts.size() > Shown)
    D.note("and " + llvm::Twine(Conflicts.size() - Shown) + " more");
}

uint32_t Union::finish() {
  if (NewPieces.empty())
    return 0;
  if (Result->How == Tokenizer::Algorithm::BPE)
    return addMergesFor(*Result, NewPieces);
  if (Result->How == Tokenizer::Algorithm::Unigram)
    addScoresFor(*Result, NewPieces);
  return 0; // WordPiece and WordLevel need no more than the word.
}
