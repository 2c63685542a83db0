//===- Layers.cpp - Which number in a name is the layer's -----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A *stack* is all that comes, in the names, before a number: of
// `model.layers.3.mlp.experts.7.w1.weight` the stacks `model.layers.` and
// `model.layers.3.mlp.experts.`. A composite model has several, and a mixture
// of experts hundreds. The layers are those of the stack whose numbers are 0 to
// n-1, n being what config.json says. Then
//
//   - a stack inside another is out: there, the outer number is the layer's;
//   - a stack of a tower, or of what comes before the layers, is out while
//   there
//     is any other;
//   - one of the language model goes before others;
//   - the one with more bytes goes before the others.
//
// Without a count in config.json the last three rules alone decide among the
// stacks without gaps. All of it is one pass over the names.
//
//===----------------------------------------------------------------------===//

#include "Layers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mergec;

namespace {

constexpr llvm::StringLiteral TowerWords[] = {
#define MERGEC_TOWER(Word) Word,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral BeforeWords[] = {
#define MERGEC_BEFORE(Word) Word,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral TextWords[] = {
#define MERGEC_TEXT(Word) Word,
#include "mergec/Checkpoint/Architectures.def"
};

bool hasWord(llvm::StringRef Name, llvm::ArrayRef<llvm::StringLiteral> Words) {
  return llvm::any_of(
      Words, [&](llvm::StringRef Word) { return Name.contains(Word); });
}

struct Stack {
  llvm::StringRef Prefix;
  const Stack *Outer = nullptr; ///< The stack that this one is inside of.
  int64_t LastSeen = -1, Highest = -1, Distinct = 0;
  uint64_t Bytes = 0;

  bool hasNoGaps() const { return Distinct == Highest + 1; }
  /// The number around it, if any, is no layer's if it is always the same.
  bool isOutermost() const {
    return !Outer || (Outer->Distinct == 1 && Outer->isOutermost());
  }
};

/// Below 10^6, in plain digits: `07` is no number, since nothing could rename
/// it.
std::optional<int64_t> layerNumber(llvm::StringRef Part) {
  int64_t Number;
  if (Part.empty() || Part.size() > 6 || (Part.size() > 1 && Part[0] == '0') ||
      !llvm::all_of(Part, llvm::isDigit) || Part.getAsInteger(10, Number))
    return std::nullopt;
  return Number;
}

class StackFinder {
public:
  void add(const TensorInfo &Tensor);
  /// The stacks that may be the model's layers.
  std::vector<const Stack *> candidates() const;

private:
  llvm::StringMap<Stack> Stacks;
};

void StackFinder::add(const TensorInfo &Tensor) {
  // More numbers than this in one name are no structure of a model.
  constexpr unsigned MostNumbers = 4;
  llvm::StringRef Name = Tensor.Name;
  const Stack *Outer = nullptr;
  unsigned Numbers = 0;
  for (size_t Begin = 0, End; (End = Name.find('.', Begin)) != Name.npos;
       Begin = End + 1) {
    if (!llvm::isDigit(Name[Begin]))
      continue;
    std::optional<int64_t> Number = layerNumber(Name.slice(Begin, End));
    if (!Number)
      continue;
    auto &Entry = *Stacks.try_emplace(Name.take_front(Begin)).first;
    Stack &S = Entry.getValue();
    S.Prefix = Entry.getKey();
    S.Outer = Outer;
    S.Bytes += Tensor.Bytes;
    // Names are sorted, so equal numbers of a stack are neighbours.
    if (S.LastSeen != *Number) {
      S.LastSeen = *Number;
      S.Highest = std::max(S.Highest, *Number);
      ++S.Distinct;
    }
    Outer = &S;
    if (++Numbers == MostNumbers)
      return;
  }
}

std::vector<const Stack *> StackFinder::candidates() const {
  std::vector<const Stack *> Result;
  bool AnyButTowers = false;
  for (const auto &Entry : Stacks)
    if (Entry.getValue().isOutermost()) {
      Result.push_back(&Entry.getValue());
      AnyButTowers |=
          Entry.getValue().Distinct > 1 && !isUsedBefore(Entry.getKey());
    }
  if (AnyButTowers)
    llvm::erase_if(Result,
                   [](const Stack *S) { return isUsedBefore(S->Prefix); });
  // Best first. The map's order must not show: names break ties.
  auto Key = [](const Stack *S) {
    return std::tuple(S->Distinct < 2, !hasWord(S->Prefix, TextWords),
                      ~S->Bytes, S->Prefix.size(), S->Prefix);
  };
  llvm::sort(Result,
             [&](const Stack *A, const Stack *B) { return Key(A) < Key(B); });
  return Result;
}

/// Which of the numbers 0 to Count-1 a stack lacks, in words.
std::string missingLayers(llvm::ArrayRef<TensorInfo> Tensors, const Stack &S,
                          int64_t Count) {
  std::vector<bool> Present(Count);
  for (const TensorInfo &T : Tensors) {
    llvm::StringRef Rest = T.Name;
    if (!Rest.consume_front(S.Prefix))
      continue;
    std::optional<int64_t> Number = layerNumber(Rest.split('.').first);
    if (Number && *Number < Count)
      Present[*Number] = true;
  }
  constexpr unsigned Named = 8;
  std::string Text;
  int64_t Missing = 0;
  for (int64_t I = 0; I != Count; ++I)
    if (!Present[I] && Missing++ < Named)
      Text += (Text.empty() ? "`" : ", `") + S.Prefix.str() +
              std::to_string(I) + ".`";
  if (Missing > Named)
    Text += " and " + std::to_string(Missing - Named) + " more";
  return Text;
}

} // namespace

bool mergec::isTower(llvm::StringRef TensorName) {
  return hasWord(TensorName, TowerWords);
}

bool mergec::isUsedBefore(llvm::StringRef TensorName) {
  return isTower(TensorName) || hasWord(TensorName, BeforeWords);
}

LayerStack mergec::findLayers(llvm::ArrayRef<TensorInfo> Tensors,
                              const ModelConfig &Config, Faults &Found) {
  StackFinder Finder;
  for (const TensorInfo &T : Tensors)
    Finder.add(T);
  std::vector<const Stack *> Candidates = Finder.candidates();

  if (!Config.LayerCount) {
    auto Best = llvm::find_if(Candidates,
                              [](const Stack *S) { return S->hasNoGaps(); });
    if (Best == Candidates.end())
      return {};
    return {(*Best)->Prefix.str(), (*Best)->Distinct};
  }

  int64_t Count = *Config.LayerCount;
  if (Count == 0)
    return {};
  auto Has = [&](int64_t Wanted) {
    return llvm::find_if(Candidates, [&](const Stack *S) {
      return S->hasNoGaps() && S->Distinct == Wanted;
    });
  };
  auto Match = Has(Count);
  if (Match == Candidates.end() && Config.ExtraLayers)
    Match = Has(Count + Config.ExtraLayers);
  if (Match != Candidates.end())
    return {(*Match)->Prefix.str(), Count};

  std::string Stated = "`config.json` states " + counted(Count, "layer") +
                       " (`" + Config.LayerCountKey + "`), but ";
  constexpr llvm::StringLiteral Hint =
      "the model is not complete, or the configuration is another model's: "
      "fetch both again, or mend the number";
  auto Gappy = llvm::find_if(Candidates, [&](const Stack *S) {
    return S->Highest + 1 == Count && S->Distinct > 1;
  });
  if (Gappy != Candidates.end()) {
    Found.add(Stated + "no tensor's name begins with " +
                  missingLayers(Tensors, **Gappy, Count),
              Hint);
  } else if (Candidates.empty()) {
    Found.add(Stated + "no tensor's name has a layer's number in it", Hint);
  } else {
    const Stack &S = *Candidates.front();
    Found.add(Stated + "the tensors have " + llvm::Twine(S.Distinct) + ", `" +
                  S.Prefix + "0.` to `" + S.Prefix + llvm::Twine(S.Highest) +
                  ".`" + (S.hasNoGaps() ? "" : " with gaps"),
              Hint);
  }
  return {};
}
