//===- Reachability.cpp - How new pieces come to be used ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A united vocabulary must cut the texts of the base as the base does, and yet
// use the pieces of the others where they occur.
//
// BPE merges the pair of the lowest rank first. New merges are appended, so
// that they act on what the base's merges have left. Which they are follows
// from what the base makes of the new piece's text: if that is two pieces,
// their merge is added. Short pieces come first, so that `er` is there when
// `lower` asks. A piece that is still more than two is none that the base's
// cuts lead to, and is counted.
//
//   base: l o w e r, merges (l o) (lo w); new: er, lower
//   er = [e r]: (e r);  lower = [low er]: (low er)
//
// Unigram takes the path of the highest sum of scores. A new piece gets the
// best score that its text has without it, and a little more: where the base's
// path goes through both of its ends the piece takes over, and nowhere else.
//
//===----------------------------------------------------------------------===//

#include "Union.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace mergec;
using namespace mergec::tokenizer;

/// The length of the UTF-8 character that `Text`, which is not empty, begins
/// with.
static size_t characterLength(llvm::StringRef Text) {
  size_t Length = 1;
  while (Length < Text.size() && (Text[Length] & 0xc0) == 0x80)
    ++Length;
  return Length;
}

namespace {
/// BPE by a table of ranks, as it is applied to one word.
class Merger {
public:
  explicit Merger(Tokenizer &T) : T(T) {
    Ranks.reserve(T.Merges.size());
    for (auto [Left, Right] : T.Merges)
      addRank(Left, Right);
  }

  /// What `Text` becomes; empty if a character of it is no piece.
  llvm::ArrayRef<uint32_t> apply(llvm::StringRef Text) {
    Symbols.clear();
    while (!Text.empty()) {
      size_t Length = characterLength(Text);
      std::optional<uint32_t> Id = T.find(Text.take_front(Length));
      if (!Id) {
        Symbols.clear();
        return {};
      }
      Symbols.push_back(*Id);
      Text = Text.drop_front(Length);
    }
    while (mergeBest())
      ;
    return Symbols;
  }

  void add(uint32_t Left, uint32_t Right) {
    T.Merges.emplace_back(Left, Right);
    addRank(Left, Right);
  }

private:
  static uint64_t key(uint32_t Left, uint32_t Right) {
    return uint64_t(Left) << 32 | Right;
  }
  void addRank(uint32_t Left, uint32_t Right) {
    Ranks.try_emplace(key(Left, Right), uint32_t(Ranks.size()));
  }
  bool mergeBest() {
    uint32_t Best = ~0u;
    size_t At = 0;
    for (size_t I = 0; I + 1 < Symbols.size(); ++I)
      if (auto It = Ranks.find(key(Symbols[I], Symbols[I + 1]));
          It != Ranks.end() && It->second < Best) {
        Best = It->second;
        At = I;
      }
    if (Best == ~0u)
      return false;
    std::string Both = (T.text(Symbols[At]) + T.text(Symbols[At + 1])).str();
    std::optional<uint32_t> Merged = T.find(Both);
    if (!Merged)
      return false; // No merge of a sound tokenizer.
    Symbols[At] = *Merged;
    Symbols.erase(Symbols.begin() + At + 1);
    return true;
  }

  Tokenizer &T;
  llvm::DenseMap<uint64_t, uint32_t> Ranks;
  llvm::SmallVector<uint32_t, 32> Symbols;
};
} // namespace

uint32_t tokenizer::addMergesFor(Tokenizer &T, llvm::ArrayRef<uint32_t> New) {
  // A piece's parts come before it.
  std::vector<uint32_t> Order = New.vec();
  llvm::stable_sort(Order, [&](uint32_t A, uint32_t B) {
    return T.text(A).size() < T.text(B).size();
  });
  Merger M(T);
  uint32_t Unreachable = 0;
  for (uint32_t Id : Order) {
    llvm::ArrayRef<uint32_t> Parts = M.apply(T.text(Id));
    if (Parts.size() == 2)
      M.add(Parts[0], Parts[1]);
    else if (Parts.size() != 1)
      ++Unreachable;
  }
  return Unreachable;
}

void tokenizer::addScoresFor(Tokenizer &T, llvm::ArrayRef<uint32_t> New) {
  constexpr double Little = 1e-6, UnknownPenalty = 10;
  double Least = 0;
  for (double Score : T.Scores)
    Least = std::min(Least, Score);
  T.Scores.resize(T.size());
  const double Unknown = Least - UnknownPenalty;
  std::vector<bool> Scored(T.size(), true);
  for (uint32_t Id : New)
    Scored[Id] = false;
  std::vector<uint32_t> Order = New.vec();
  llvm::stable_sort(Order, [&](uint32_t A, uint32_t B) {
    return T.text(A).size() < T.text(B).size();
  });
  std::vector<double> Best;
  for (uint32_t Id : Order) {
    llvm::StringRef Text = T.text(Id);
    Best.assign(Text.size() + 1, -std::numeric_limits<double>::infinity());
    Best[0] = 0;
    for (size_t From = 0; From < Text.size();
         From += characterLength(Text.drop_front(From))) {
      size_t To = From + characterLength(Text.drop_front(From));
      Best[To] = std::max(Best[To], Best[From] + Unknown);
      while (true) {
        std::optional<uint32_t> Piece = T.find(Text.slice(From, To));
        if (Piece && T.isPiece(*Piece) && Scored[*Piece])
          Best[To] = std::max(Best[To], Best[From] + T.Scores[*Piece]);
        if (To == Text.size())
          break;
        To += characterLength(Text.drop_front(To));
      }
    }
    T.Scores[Id] = Best[Text.size()] + Little;
    Scored[Id] = true;
  }
}
