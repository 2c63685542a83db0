//===- TokenizerJson.cpp - Reading tokenizer.json -------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// These files have tens of megabytes, nearly all of it vocabulary and merges. A
// tree of that would be slow and large, and would lose what a mistake looks
// like (of a token given twice it keeps one). So the text is read as a stream
// of events: vocabulary, merges and added tokens go where they belong, and only
// the rest, which is small, becomes a tree.
//
//===----------------------------------------------------------------------===//

#include "Reader.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"

using namespace mergec;
using namespace mergec::tokenizer;

namespace {

constexpr llvm::StringLiteral File = "tokenizer.json";
constexpr size_t DeepestAllowed = 100;

/// The path of keys to where the parser stands decides what an event means.
class EventReader {
public:
  EventReader(Tokenizer &T, Faults &Found) : T(T), Found(Found) {}

  // nlohmann's interface.
  bool null() { return value(nullptr); }
  bool boolean(bool Value) { return value(Value); }
  bool number_integer(int64_t Value) { return value(Value); }
  bool number_unsigned(uint64_t Value) { return value(Value); }
  bool number_float(double Value, const std::string &) { return value(Value); }
  bool string(std::string &Value) { return value(std::move(Value)); }
  bool binary(nlohmann::json::binary_t &) { return false; } // Not in JSON.
  bool key(std::string &Name);
  bool start_object(size_t) { return start(Json::object()); }
  bool start_array(size_t) { return start(Json::array()); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(size_t Position, const std::string &,
                   const nlohmann::json::exception &) {
    ErrorOffset = Position ? Position - 1 : 0;
    return false;
  }

  size_t ErrorOffset = 0;
  bool TooDeep = false;
  Json Root;
  bool VocabSeen = false;
  bool MergesAreWrong = false, VocabIsWrong = false;
  std::vector<std::pair<llvm::StringRef, llvm::StringRef>> Merges;
  /// Unigram: position is the id.
  uint64_t NextPiece = 0;

private:
  enum class Part : uint8_t { Rest, Vocab, Merges };
  bool value(Json &&V);
  bool start(Json &&Empty);
  bool end();
  void vocabValue(Json &&V);
  void mergeValue(const Json &V);
  void endOfInner();
  void put(Json &&V);

  Tokenizer &T;
  Faults &Found;
  /// Containers that become part of the tree, and how many that do not are
  /// open inside them.
  llvm::SmallVector<Json *, 16> Open;
  size_t Depth = 0;
  Part Where = Part::Rest;
  size_t PartDepth = 0; ///< Of the part's own container.
  llvm::SmallVector<std::string, 8> Keys;
  std::string VocabKey;
  // An array within vocabulary or merges:
  std::string First, Second;
  double Score = 0;
  size_t Items = 0;
  llvm::BumpPtrAllocator Arena;
};

bool EventReader::key(std::string &Name) {
  if (Where == Part::Vocab)
    VocabKey = std::move(Name);
  else
    Keys.back() = std::move(Name);
  return true;
}

/// Adds to the innermost open container of the tree.
void EventReader::put(Json &&V) {
  if (Open.empty())
    Root = std::move(V);
  else if (Open.back()->is_array())
    Open.back()->push_back(std::move(V));
  else
    (*Open.back())[Keys.back()] = std::move(V);
}

bool EventReader::value(Json &&V) {
  if (Where == Part::Vocab)
    vocabValue(std::move(V));
  else if (Where == Part::Merges)
    mergeValue(V);
  else
    put(std::move(V));
  return true;
}

void EventReader::vocabValue(Json &&V) {
  if (Depth == PartDepth + 1) { // {"token": id}
    if (V.is_number_unsigned())
      addPiece(T, VocabKey, V.get<uint64_t>(), File, Found);
    else
      VocabIsWrong = true;
    return;
  }
  if (Items == 0 && V.is_string()) // [["piece", score]]
    First = V.get_ref<const std::string &>();
  else if (Items == 1 && V.is_number())
    Score = V.get<double>();
  else
    VocabIsWrong = true;
  ++Items;
}

void EventReader::mergeValue(const Json &V) {
  const std::string *Text = V.get_ptr<const std::string *>();
  if (!Text) {
    MergesAreWrong = true;
    return;
  }
  if (Depth == PartDepth + 1) { // "left right"
    size_t Space = Text->find(' ');
    if (Space == std::string::npos || Space == 0 ||
        Text->find(' ', Space + 1) != std::string::npos) {
      MergesAreWrong = true;
      return;
    }
    llvm::StringRef Both = llvm::StringRef(*Text).copy(Arena);
    Merges.emplace_back(Both.take_front(Space), Both.drop_front(Space + 1));
    return;
  }
  (Items++ ? Second : First) = *Text; // ["left", "right"]
}

bool EventReader::start(Json &&Empty) {
  if (Depth > DeepestAllowed) {
    TooDeep = true;
    return false;
  }
  ++Depth;
  if (Where != Part::Rest) {
    Items = 0;
    // Pieces and merges are lists of two, in a list.
    bool Fits = Depth == PartDepth + 2 && Empty.is_array();
    if (!Fits)
      (Where == Part::Vocab ? VocabIsWrong : MergesAreWrong) = true;
    return true;
  }
  bool InModel = Depth == 3 && Keys.size() == 2 && Keys[0] == "model" &&
                 Open.back()->is_object();
  if (InModel && Keys[1] == "vocab") {
    Where = Part::Vocab;
    VocabSeen = true;
  } else if (InModel && Keys[1] == "merges") {
    Where = Part::Merges;
    MergesAreWrong |= Empty.is_object();
  } else {
    bool IsFirst = Open.empty();
    if (IsFirst) {
      Root = std::move(Empty);
      Open.push_back(&Root);
    } else if (Open.back()->is_array()) {
      Open.back()->push_back(std::move(Empty));
      Open.push_back(&Open.back()->back());
    } else {
      Json &Place = (*Open.back())[Keys.back()];
      Place = std::move(Empty);
      Open.push_back(&Place);
    }
    Keys.emplace_back();
    return true;
  }
  PartDepth = Depth - 1;
  put(std::move(Empty)); // Its place among the keys is kept.
  return true;
}

/// The end of a list of two.
void EventReader::endOfInner() {
  if (Where == Part::Merges) {
    if (Items == 2)
      Merges.emplace_back(llvm::StringRef(First).copy(Arena),
                          llvm::StringRef(Second).copy(Arena));
    else
      MergesAreWrong = true;
    return;
  }
  if (Items != 2) {
    VocabIsWrong = true;
    return;
  }
  uint64_t Id = NextPiece++;
  addPiece(T, First, Id, File, Found);
  if (Id < MostIds) {
    T.Scores.resize(Id + 1);
    T.Scores[Id] = Score;
  }
}

bool EventReader::end() {
  --Depth;
  if (Where == Part::Rest) {
    Open.pop_back();
    Keys.pop_back();
  } else if (Depth == PartDepth) {
    Where = Part::Rest;
  } else if (Depth == PartDepth + 1) {
    endOfInner();
  }
  return true;
}

std::optional<Tokenizer::Algorithm> algorithmFrom(const Json &Model) {
  auto Type = Model.find("type");
  std::string Name;
  if (Type != Model.end() && Type->is_string())
    Name = Type->get<std::string>();
  if (Name == "BPE")
    return Tokenizer::Algorithm::BPE;
  if (Name == "Unigram")
    return Tokenizer::Algorithm::Unigram;
  if (Name == "WordPiece")
    return Tokenizer::Algorithm::WordPiece;
  if (Name == "WordLevel")
    return Tokenizer::Algorithm::WordLevel;
  // Files of before 2021 do not say.
  if (Name.empty() && Model.contains("merges"))
    return Tokenizer::Algorithm::BPE;
  return std::nullopt;
}

void readAdded(const Json &List, std::vector<AddedEntry> &Added,
               Faults &Found) {
  for (const Json &Entry : List) {
    auto Text = Entry.is_object() ? Entry.find("content") : Entry.end();
    auto Id = Entry.is_object() ? Entry.find("id") : Entry.end();
    if (Text == Entry.end() || Id == Entry.end() || !Text->is_string() ||
        !Id->is_number_unsigned()) {
      Found.add("`tokenizer.json`: an entry of `added_tokens` has no "
                "`content` or no `id`",
                MendHint);
      continue;
    }
    Added.push_back(
        {Text->get<std::string>(), Id->get<uint64_t>(), flagsFrom(Entry)});
  }
}

} // namespace

TokenFlags tokenizer::flagsFrom(const Json &Object) {
  auto Flag = [&](const char *Name, bool Default) {
    auto At = Object.find(Name);
    return At != Object.end() && At->is_boolean() ? At->get<bool>() : Default;
  };
  TokenFlags F;
  F.Special = Flag("special", false);
  F.SingleWord = Flag("single_word", false);
  F.StripLeft = Flag("lstrip", false);
  F.StripRight = Flag("rstrip", false);
  F.Normalized = Flag("normalized", !F.Special);
  return F;
}

void tokenizer::readTokenizerJson(llvm::StringRef Text, Tokenizer &T,
                                  std::vector<AddedEntry> &Added,
                                  Faults &Found) {
  EventReader Reader(T, Found);
  if (!nlohmann::json::sax_parse(Text.begin(), Text.end(), &Reader)) {
    if (Reader.TooDeep)
      Found.add("`tokenizer.json` nests absurdly deep", MendHint);
    else
      addSyntaxFault(Text, Reader.ErrorOffset, File, Found);
    return;
  }
  Json &Root = Reader.Root;
  auto Model = Root.is_object() ? Root.find("model") : Root.end();
  if (Model == Root.end() || !Model->is_object() || !Reader.VocabSeen) {
    Found.add("`tokenizer.json` has no vocabulary (`model.vocab`)", MendHint);
    return;
  }
  if (Reader.VocabIsWrong)
    Found.add("`tokenizer.json`: the vocabulary is neither {token: id} nor a "
              "list of [piece, score]",
              MendHint);
  if (Reader.MergesAreWrong)
    Found.add("`tokenizer.json`: `merges` is not a list of pairs", MendHint);
  std::optional<Tokenizer::Algorithm> How = algorithmFrom(*Model);
  if (!How) {
    Found.add("`tokenizer.json`: the type of `model` is none of `BPE`, "
              "`Unigram`, `WordPiece`, `WordLevel`",
              MendHint);
    return;
  }
  T.From = Tokenizer::Form::TokenizerJson;
  T.How = *How;
  if (auto List = Root.find("added_tokens"); List != Root.end())
    readAdded(*List, Added, Found);
  Root["added_tokens"] = Json::array();
  addMerges(T, Reader.Merges, File, Found);
  // Strings have been read as UTF-8: nothing here can throw.
  T.Skeleton = Root.dump();
}
