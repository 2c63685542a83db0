//===- Config.cpp - What config.json says of a model ----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Config.h"
#include "Sax.h"
#include "llvm/ADT/STLExtras.h"
#include <limits>

using namespace mergec;
using Json = nlohmann::json;

namespace {

constexpr llvm::StringLiteral MendHint = "mend the file, or download it again";

constexpr llvm::StringLiteral Sections[] = {
    "", // The top comes first.
#define MERGEC_CONFIG_SECTION(Name) Name,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral LayerCountKeys[] = {
#define MERGEC_LAYER_COUNT(Key) Key,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral ExtraLayersKeys[] = {
#define MERGEC_EXTRA_LAYERS(Key) Key,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral VocabularyKeys[] = {
#define MERGEC_VOCABULARY(Key) Key,
#include "mergec/Checkpoint/Architectures.def"
};

/// Finds where a text stops being JSON and how deep it nests.
struct Surveyor : SaxReader<Surveyor> {
  size_t Deepest = 0;
  void onKey(llvm::StringRef) {}
  void onScalar(const JsonScalar &) {}
  void onStart(bool) { Deepest = std::max(Deepest, Depth + 1); }
  void onEnd(bool) {}
};

/// Python writes and reads `Infinity`, `-Infinity` and `NaN`, which JSON does
/// not have (Mamba 2's configuration does hold one). Nothing here needs their
/// value: zeros of the same length take their place.
std::string withoutNonFinite(llvm::StringRef Text) {
  std::string Result = Text.str();
  bool InString = false;
  for (size_t I = 0; I < Result.size(); ++I) {
    if (Result[I] == '"')
      InString = !InString;
    else if (Result[I] == '\\')
      ++I;
    if (InString)
      continue;
    for (llvm::StringRef Word : {"-Infinity", "Infinity", "NaN"})
      if (Text.substr(I).starts_with(Word)) {
        Result.replace(I, Word.size(), std::string(Word.size(), ' '));
        Result[I] = '0';
        I += Word.size() - 1;
        break;
      }
  }
  return Result;
}

/// The value under a dotted key; null if it is absent or null.
const Json *at(const Json &Root, llvm::StringRef Dotted) {
  const Json *Here = &Root;
  while (!Dotted.empty()) {
    auto [Key, Rest] = Dotted.split('.');
    if (!Here->is_object())
      return nullptr;
    auto Found = Here->find(Key.str());
    if (Found == Here->end())
      return nullptr;
    Here = &*Found;
    Dotted = Rest;
  }
  return Here->is_null() ? nullptr : Here;
}

std::string join(llvm::StringRef Section, llvm::StringRef Key) {
  return Section.empty() ? Key.str() : (Section + "." + Key).str();
}

class ConfigReader {
public:
  ConfigReader(const Json &Root, Faults &Found) : Root(Root), Found(Found) {}

  ModelConfig read();

private:
  /// The first of `Keys` that is there, with its value if that is a count.
  std::pair<std::string, std::optional<int64_t>>
  count(llvm::ArrayRef<llvm::StringLiteral> Keys);
  std::string text(llvm::StringRef Key);
  std::string architecture();
  std::string quantisation();

  const Json &Root;
  Faults &Found;
};

std::pair<std::string, std::optional<int64_t>>
ConfigReader::count(llvm::ArrayRef<llvm::StringLiteral> Keys) {
  for (llvm::StringRef Section : Sections)
    for (llvm::StringRef Key : Keys) {
      std::string Dotted = join(Section, Key);
      const Json *Value = at(Root, Dotted);
      if (!Value)
        continue;
      constexpr uint64_t Most = std::numeric_limits<int64_t>::max();
      if (Value->is_number_unsigned() && Value->get<uint64_t>() <= Most)
        return {Dotted, Value->get<int64_t>()};
      Found.add("`" + Dotted + "` is not a whole number from 0 on", MendHint);
      return {Dotted, std::nullopt};
    }
  return {};
}

std::string ConfigReader::text(llvm::StringRef Key) {
  const Json *Value = at(Root, Key);
  if (!Value)
    return {};
  if (const auto *Text = Value->get_ptr<const std::string *>())
    return *Text;
  Found.add("`" + Key + "` is not a string", MendHint);
  return {};
}

std::string ConfigReader::architecture() {
  const Json *Names = at(Root, "architectures");
  if (!Names || (Names->is_array() && Names->empty()))
    return {};
  if (Names->is_array())
    if (const auto *Text = Names->front().get_ptr<const std::string *>())
      return *Text;
  Found.add("`architectures` is not a list of strings", MendHint);
  return {};
}

std::string ConfigReader::quantisation() {
  for (llvm::StringRef Section : Sections)
    for (llvm::StringRef Key : {"quantization_config", "compression_config"}) {
      const Json *Value = at(Root, join(Section, Key));
      if (!Value || !Value->is_object() || Value->empty())
        continue;
      if (const Json *Method = at(*Value, "quant_method"))
        if (const auto *Text = Method->get_ptr<const std::string *>())
          return *Text;
      for (const char *Flag : {"load_in_4bit", "load_in_8bit"})
        if (const Json *On = at(*Value, Flag); On && *On == true)
          return "bitsandbytes";
      return "unknown";
    }
  return {};
}

ModelConfig ConfigReader::read() {
  ModelConfig Config;
  Config.Architecture = architecture();
  Config.ModelType = text("model_type");
  std::tie(Config.LayerCountKey, Config.LayerCount) = count(LayerCountKeys);
  Config.ExtraLayers = count(ExtraLayersKeys).second.value_or(0);
  Config.Vocabulary = count(VocabularyKeys).second;
  Config.Quantisation = quantisation();
  return Config;
}

} // namespace

ModelConfig mergec::readConfig(llvm::StringRef Text, Faults &Found) {
  constexpr size_t DeepestAllowed = 100;
  std::string Finite = withoutNonFinite(Text);
  Surveyor Survey;
  if (std::optional<size_t> Offset = Survey.read(Finite)) {
    llvm::StringRef Before = Text.take_front(*Offset);
    size_t Line = Before.count('\n') + 1;
    size_t Column = *Offset - (Before.rfind('\n') + 1) + 1; // npos + 1 is 0.
    Found.add("not valid JSON at line " + llvm::Twine(Line) + ", column " +
                  llvm::Twine(Column),
              MendHint);
    return {};
  }
  if (Survey.Deepest > DeepestAllowed) {
    Found.add("nested " + llvm::Twine(Survey.Deepest) + " levels deep",
              MendHint);
    return {};
  }
  Json Root = Json::parse(Finite, nullptr, /*allow_exceptions=*/false);
  if (!Root.is_object()) {
    Found.add("not a JSON object", MendHint);
    return {};
  }
  return ConfigReader(Root, Found).read();
}
