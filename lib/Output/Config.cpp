//===- Config.cpp - Editing config.json -----------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The result's configuration is the donor's, but for what the merge changes. A
// multimodal model keeps its language model's settings in an object of their
// own
// (`text_config`): the object that holds the layer count is where the settings
// of the merged layers are, and the outermost one may repeat them.
//
//===----------------------------------------------------------------------===//

#include "Config.h"
#include "mergec/Output/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <nlohmann/json.hpp>

using namespace mergec;
using Json = nlohmann::ordered_json;

//===----------------------------------------------------------------------===//
// Numbers that JSON does not have
//===----------------------------------------------------------------------===//

// Python writes infinite and undefined numbers as words (`"time_step_limit":
// [0.0, Infinity]`), which no JSON parser takes. They become strings that begin
// with a character no configuration has, and words again in the end.
static constexpr llvm::StringLiteral NumberWords[] = {"-Infinity", "Infinity",
                                                      "NaN"};
static constexpr llvm::StringLiteral WordMark = "\x7f"
                                                "number:";

static std::string quoteNumberWords(llvm::StringRef Text) {
  std::string Out;
  Out.reserve(Text.size());
  bool InString = false;
  while (!Text.empty()) {
    if (InString && Text.front() == '\\') {
      Out += Text.take_front(2);
      Text = Text.drop_front(std::min<size_t>(2, Text.size()));
      continue;
    }
    if (Text.front() == '"')
      InString = !InString;
    else if (!InString) {
      const auto *Word = llvm::find_if(
          NumberWords, [&](llvm::StringRef W) { return Text.starts_with(W); });
      if (Word != std::end(NumberWords)) {
        Out += ("\"" + WordMark + *Word + "\"").str();
        Text = Text.drop_front(Word->size());
        continue;
      }
    }
    Out += Text.front();
    Text = Text.drop_front();
  }
  return Out;
}

static std::string unquoteNumberWords(std::string Text) {
  std::string Quoted = ("\"" + WordMark).str();
  for (size_t At = 0; (At = Text.find(Quoted, At)) != std::string::npos;) {
    size_t Close = Text.find('"', At + Quoted.size());
    Text.erase(Close, 1);
    Text.erase(At, Quoted.size());
  }
  return Text;
}

/// Nothing if `Text` is not a JSON object.
static std::optional<Json> parseObject(llvm::StringRef Text) {
  // Without exceptions: a bad text gives a discarded value.
  Json Value = Json::parse(quoteNumberWords(Text), /*cb=*/nullptr,
                           /*allow_exceptions=*/false);
  if (!Value.is_object())
    return std::nullopt;
  return Value;
}

bool mergec::namesCustomCode(llvm::StringRef Text) {
  auto Config = parseObject(Text);
  return Config && Config->contains("auto_map");
}

//===----------------------------------------------------------------------===//
// Lists by layer
//===----------------------------------------------------------------------===//

namespace {
/// Lists of layer numbers, as opposed to lists of one entry per layer.
constexpr llvm::StringLiteral LayerNumberLists[] = {
    "attn_layer_indices", "cross_attention_layers",
    "hybrid_layer_ids",   "mlp_only_layers",
    "moe_layers",
};

/// Other names of the layer count, which some configurations give beside it.
constexpr llvm::StringLiteral CountNames[] = {"num_hidden_layers", "n_layer",
                                              "n_layers", "num_layers"};

/// True for lists whose length is that of the layers only by chance.
bool isNeverByLayer(llvm::StringRef Key) {
  return Key == "architectures" || Key.contains("token") ||
         Key.contains("rope") || Key.contains("image");
}

/// Edits one configuration; `Complaints` gathers the keys that no longer fit.
class LayerEdit {
public:
  LayerEdit(int64_t Old, int64_t New, llvm::ArrayRef<int64_t> Sources)
      : Old(Old), New(New), Sources(Sources) {}

  void apply(Json &Object) {
    for (auto &[Key, Value] : Object.items()) {
      if (llvm::is_contained(CountNames, llvm::StringRef(Key)) &&
          Value.is_number_integer() && Value == Old)
        Value = New;
      else if (Value.is_array() &&
               llvm::is_contained(LayerNumberLists, llvm::StringRef(Key)))
        renumber(Key, Value);
      else if (!isNeverByLayer(Key) && Value.is_array() &&
               Value.size() == size_t(Old))
        pick(Key, Value, Json::array(),
             [](Json &Out, const Json &In, size_t I) { Out.push_back(In[I]); });
      else if (llvm::StringRef(Key).ends_with("pattern") && Value.is_string() &&
               Value.get_ref<const std::string &>().size() == size_t(Old))
        pick(Key, Value, Json(""), [](Json &Out, const Json &In, size_t I) {
          Out.get_ref<std::string &>() += In.get_ref<const std::string &>()[I];
        });
    }
  }

  std::vector<std::string> Complaints;

private:
  bool areSourcesKnown() const {
    return Sources.size() == size_t(New) &&
           llvm::all_of(Sources, [&](auto S) { return S >= 0 && S < Old; });
  }

  /// `Value` becomes, for each layer of the result, the entry of its source.
  template <typename AppendFn>
  void pick(const std::string &Key, Json &Value, Json Result, AppendFn Append) {
    if (!areSourcesKnown()) {
      complainIfChanged(Key);
      return;
    }
    for (int64_t Source : Sources)
      Append(Result, Value, size_t(Source));
    Value = std::move(Result);
  }

  /// `Value` becomes the layers of the result whose source it lists.
  void renumber(const std::string &Key, Json &Value) {
    if (Value.empty())
      return;
    if (!areSourcesKnown()) {
      complainIfChanged(Key);
      return;
    }
    Json Result = Json::array();
    for (auto [Layer, Source] : llvm::enumerate(Sources))
      if (llvm::find(Value, Json(Source)) != Value.end())
        Result.push_back(Layer);
    Value = std::move(Result);
  }

  void complainIfChanged(const std::string &Key) {
    if (Old != New || !Sources.empty())
      Complaints.push_back(Key);
  }

  int64_t Old, New;
  llvm::ArrayRef<int64_t> Sources;
};

/// The result's config.json while it is being edited.
class ConfigEdit {
public:
  ConfigEdit(Json Config, const Checkpoint &Donor, Diagnostics &Diags)
      : Config(std::move(Config)), Donor(Donor), Diags(Diags) {
    // The object that holds the layer count, and the key in it.
    llvm::SmallVector<llvm::StringRef> Steps;
    Donor.layerCountKey().split(Steps, '.');
    Inner = &this->Config;
    for (llvm::StringRef Step : llvm::ArrayRef(Steps).drop_back())
      if (auto At = Inner->find(Step.str());
          At != Inner->end() && At->is_object())
        Inner = &*At;
    CountKey = Steps.back().str();
  }
  ConfigEdit(const ConfigEdit &) = delete; // `Inner` points into it.

  void setLayers(int64_t New, llvm::ArrayRef<int64_t> Sources) {
    int64_t Old = Donor.layers().Count;
    if (CountKey.empty()) {
      if (New != Old)
        warn("`config.json` of model `" + Donor.name() +
                 "` has no number of layers that could be changed from " +
                 llvm::Twine(Old) + " to " + llvm::Twine(New),
             "write the number into the result's `config.json`");
    } else {
      if (auto At = Inner->find(CountKey);
          At != Inner->end() && At->is_number_integer())
        Old = At->get<int64_t>();
      (*Inner)[CountKey] = New;
    }

    LayerEdit Edit(Old, New, Sources);
    Edit.apply(*Inner);
    if (Inner != &Config)
      Edit.apply(Config);
    for (const std::string &Key : Edit.Complaints)
      warn("`" + Key + "` in `config.json` of model `" + Donor.name() +
               "` says something of each of its " + llvm::Twine(Old) +
               " layers, which the result's " + llvm::Twine(New) +
               " can't be matched with",
           "check `" + Key + "` in the result's `config.json`");
  }

  /// Every part of a multimodal model has been rounded to the same dtype.
  void setType(DType T) {
    bool Named = setTypeNames(Config, T);
    for (auto &[Key, Value] : Config.items())
      if (Value.is_object() && llvm::StringRef(Key).ends_with("_config") &&
          Key != "quantization_config")
        setTypeNames(Value, T);
    if (!Named)
      Config["torch_dtype"] = torchName(T).str();
  }

  void setTokenIds(const ResultFacts &Facts);

  /// Where it stands already; else beside the layer count.
  void set(llvm::StringRef Key, const Json &Value) {
    bool Found = false;
    for (Json *Object : {Inner, &Config})
      if (auto At = Object->find(Key.str()); At != Object->end()) {
        *At = Value;
        Found = true;
      }
    if (!Found)
      (*Inner)[Key.str()] = Value;
  }

  std::string text() const {
    return unquoteNumberWords(
               Config.dump(2, ' ', false, Json::error_handler_t::replace)) +
           "\n";
  }

private:
  static bool setTypeNames(Json &Object, DType T) {
    bool Found = false;
    // transformers 5 calls it `dtype`, and reads both.
    for (const char *Key : {"torch_dtype", "dtype"})
      if (auto At = Object.find(Key); At != Object.end()) {
        *At = torchName(T).str();
        Found = true;
      }
    return Found;
  }

  void warn(const llvm::Twine &Message, const llvm::Twine &Hint) {
    Diags.report(Kind::ConfigMisfit, Message).hint(Hint);
  }

  Json Config;
  Json *Inner;
  std::string CountKey; ///< Empty: no such key.
  const Checkpoint &Donor;
  Diagnostics &Diags;
};

/// `eos_token_id` and its like, alone or in lists, in an object and those
/// inside it.
class TokenIdEdit {
public:
  TokenIdEdit(const ResultFacts &Facts, llvm::StringRef File,
              Diagnostics &Diags)
      : Facts(Facts), File(File), Diags(Diags) {}

  /// True if something has changed.
  bool apply(Json &Object) {
    bool Changed = false;
    for (auto &[Key, Value] : Object.items()) {
      if (Value.is_object())
        Changed |= apply(Value);
      if (llvm::StringRef(Key).ends_with("_token_id"))
        Changed |= edit(Key, Value);
    }
    return Changed;
  }

private:
  /// The result's id; the same for what is no token of the donor.
  int64_t find(const Json &Id) const {
    if (!Id.is_number_unsigned() || Id.get<uint64_t>() >= Facts.TokenIds.size())
      return Id.is_number_integer() ? Id.get<int64_t>() : 0;
    return Facts.TokenIds[Id.get<uint64_t>()];
  }

  bool edit(llvm::StringRef Key, Json &Value) {
    Json Old = Value;
    std::optional<int64_t> ByRole;
    for (const auto &[Role, Id] : Facts.TokenRoles)
      if ((Role + "_id") == Key)
        ByRole = Id;
    if (Value.is_number_integer()) {
      Value = find(Old);
      if (Value == -1 && Old != -1)
        Value = lost(Key, Old, ByRole);
    } else if (Value.is_array()) {
      Json Ids = Json::array();
      for (const Json &Id : Old)
        if (!Id.is_number_integer())
          Ids.push_back(Id);
        else if (int64_t New = find(Id); New >= 0)
          Ids.push_back(New);
        else if (Json Other = lost(Key, Id, ByRole); !Other.is_null())
          Ids.push_back(Other);
      Value = std::move(Ids);
    }
    return Value != Old;
  }

  Json lost(llvm::StringRef Key, const Json &Id,
            std::optional<int64_t> ByRole) const {
    Diagnostic &D =
        Diags.report(Kind::TokenIdLost,
                     "the result has no token for `" + Key + "` " +
                         llvm::Twine(Id.get<int64_t>()) + " of `" + File + "`");
    if (!ByRole) {
      D.hint("check `" + Key + "` in the result's `" + File + "`");
      return nullptr;
    }
    D.note("it takes that of its tokenizer, " + llvm::Twine(*ByRole));
    return *ByRole;
  }

  const ResultFacts &Facts;
  llvm::StringRef File;
  Diagnostics &Diags;
};
} // namespace

void ConfigEdit::setTokenIds(const ResultFacts &Facts) {
  TokenIdEdit(Facts, "config.json", Diags).apply(Config);
}

std::string mergec::editGenerationConfig(llvm::StringRef Text,
                                         const ResultFacts &Facts,
                                         Diagnostics &Diags) {
  auto Config = parseObject(Text);
  if (!Config ||
      !TokenIdEdit(Facts, "generation_config.json", Diags).apply(*Config))
    return Text.str();
  return unquoteNumberWords(
             Config->dump(2, ' ', false, Json::error_handler_t::replace)) +
         "\n";
}

std::optional<std::string> mergec::editConfig(const Checkpoint &Donor,
                                              const ResultFacts &Facts,
                                              Diagnostics &Diags) {
  auto Config = parseObject(Donor.configText());
  if (!Config) {
    Diags
        .report(Kind::BadConfig, "`config.json` of model `" + Donor.name() +
                                     "` is not a JSON object")
        .hint("fetch the file again, or mend it: the result's configuration "
              "is made from it");
    return std::nullopt;
  }
  ConfigEdit Edit(std::move(*Config), Donor, Diags);
  if (Facts.Layers)
    Edit.setLayers(*Facts.Layers, Facts.LayerSources);
  if (Facts.Vocabulary)
    Edit.set("vocab_size", *Facts.Vocabulary);
  if (Facts.TiesHead)
    Edit.set("tie_word_embeddings", *Facts.TiesHead);
  if (Facts.Type)
    Edit.setType(*Facts.Type);
  if (!Facts.TokenIds.empty())
    Edit.setTokenIds(Facts);
  return Edit.text();
}
