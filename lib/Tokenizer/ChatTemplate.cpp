//===- ChatTemplate.cpp - The chat template of a result -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Tokenizer/ChatTemplate.h"
#include "Reader.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mergec;
using namespace mergec::tokenizer;

namespace {
struct BuiltIn {
  llvm::StringLiteral Name;
  llvm::StringLiteral Text;
  /// Tokens that texts made by it hold, with spaces in between.
  llvm::StringLiteral Tokens;
};
} // namespace

// The formats as their models' documentation describes them: a list of
// `messages`, each with `role` and `content`, and `add_generation_prompt`.
static constexpr BuiltIn BuiltIns[] = {
    {"alpaca",
     "{{ bos_token }}"
     "{% for message in messages %}"
     "{% if message['role'] == 'system' %}{{ message['content'] + '\n\n' }}"
     "{% elif message['role'] == 'user' %}"
     "{{ '### Instruction:\n' + message['content'] + '\n\n' }}"
     "{% elif message['role'] == 'assistant' %}"
     "{{ '### Response:\n' + message['content'] + eos_token + '\n\n' }}"
     "{% endif %}{% endfor %}"
     "{% if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}",
     ""},
    {"chatml",
     "{% for message in messages %}"
     "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + "
     "'<|im_end|>\n' }}"
     "{% endfor %}"
     "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
     "<|im_start|> <|im_end|>"},
    {"exaone",
     "{% for message in messages %}"
     "{% if loop.first and message['role'] != 'system' %}"
     "{{ '[|system|][|endofturn|]\n' }}{% endif %}"
     "{{ '[|' + message['role'] + '|]' + message['content'] }}"
     "{% if message['role'] == 'user' %}{{ '\n' }}"
     "{% else %}{{ '[|endofturn|]\n' }}{% endif %}"
     "{% endfor %}"
     "{% if add_generation_prompt %}{{ '[|assistant|]' }}{% endif %}",
     "[|system|] [|user|] [|assistant|] [|endofturn|]"},
    {"llama3",
     "{{ bos_token }}"
     "{% for message in messages %}"
     "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
     "message['content'] | trim + '<|eot_id|>' }}"
     "{% endfor %}"
     "{% if add_generation_prompt %}"
     "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
     "<|start_header_id|> <|end_header_id|> <|eot_id|>"},
    {"mistral",
     "{{ bos_token }}"
     "{% set opening = namespace(text='') %}"
     "{% for message in messages %}"
     "{% if message['role'] == 'system' %}"
     "{% set opening.text = message['content'] + '\n\n' %}"
     "{% elif message['role'] == 'user' %}"
     "{{ '[INST] ' + opening.text + message['content'] + ' [/INST]' }}"
     "{% set opening.text = '' %}"
     "{% elif message['role'] == 'assistant' %}"
     "{{ ' ' + message['content'] + eos_token }}"
     "{% endif %}{% endfor %}",
     ""},
};

/// What opens and never closes in a Jinja text.
static llvm::StringRef unclosed(llvm::StringRef Text) {
  static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> Pairs[] =
      {{"{{", "}}"}, {"{%", "%}"}, {"{#", "#}"}};
  while (!Text.empty()) {
    const auto *Opens = llvm::find_if(
        Pairs, [&](const auto &P) { return Text.starts_with(P.first); });
    if (Opens == std::end(Pairs)) {
      Text = Text.drop_front();
      continue;
    }
    size_t End = Text.find(Opens->second, 2);
    if (End == llvm::StringRef::npos)
      return Opens->first;
    Text = Text.drop_front(End + 2);
  }
  return "";
}

static std::optional<std::string>
mostCommon(llvm::ArrayRef<VocabularyModel> Models) {
  llvm::MapVector<llvm::StringRef, unsigned> Count;
  for (const VocabularyModel &M : Models)
    if (M.ChatTemplate)
      ++Count[*M.ChatTemplate];
  if (Count.empty())
    return std::nullopt;
  // The first of equals.
  return std::max_element(
             Count.begin(), Count.end(),
             [](const auto &A, const auto &B) { return A.second < B.second; })
      ->first.str();
}

static void checkTokens(const BuiltIn &B, const Tokenizer *Tokens,
                        llvm::SMRange Where, Diagnostics &Diags) {
  llvm::SmallVector<llvm::StringRef> Needed;
  B.Tokens.split(Needed, ' ', -1, /*KeepEmpty=*/false);
  std::string Missing;
  for (llvm::StringRef Token : Needed)
    if (!Tokens || !Tokens->find(Token))
      Missing += (Missing.empty() ? "`" : ", `") + Token.str() + "`";
  if (!Missing.empty())
    Diags
        .report(
            Kind::TemplateTokens, Where,
            "the chat template `" + B.Name +
                "` is made of tokens that the result does not have: " + Missing)
        .hint("add them under `tokenizer: {tokens: …}`, or choose the template "
              "that the models were trained with");
}

std::optional<std::string>
mergec::findChatTemplate(const Plan &P, llvm::ArrayRef<VocabularyModel> Models,
                         const Tokenizer *Tokens, Diagnostics &Diags) {
  llvm::StringRef Text = *P.ChatTemplate;
  if (Text == "auto") {
    std::optional<std::string> Found = mostCommon(Models);
    if (!Found)
      Diags.report(Kind::NoTemplate, P.ChatTemplateWhere,
                   "no model has a chat template, so the result has none");
    return Found;
  }
  for (const BuiltIn &B : BuiltIns)
    if (Text == B.Name) {
      checkTokens(B, Tokens, P.ChatTemplateWhere, Diags);
      return B.Text.str();
    }
  if (!Text.contains("{{") && !Text.contains("{%")) {
    std::vector<llvm::StringRef> Known = {"auto"};
    for (const BuiltIn &B : BuiltIns)
      Known.push_back(B.Name);
    llvm::StringRef Near = Diagnostics::nearest(Text, Known);
    std::string All;
    for (llvm::StringRef Name : Known)
      All += (All.empty() ? "`" : ", `") + Name.str() + "`";
    Diags
        .report(Kind::BadValue, P.ChatTemplateWhere,
                "there is no chat template " + quotedName(Text))
        .hint(Near.empty()
                  ? "write one of " + All + ", or the text of a Jinja template"
                  : ("did you mean `" + Near + "`?").str());
    return std::nullopt;
  }
  if (llvm::StringRef Opening = unclosed(Text); !Opening.empty()) {
    Diags
        .report(Kind::BadValue, P.ChatTemplateWhere,
                "`" + Opening + "` is not closed in the chat template")
        .hint("it is a Jinja template: `{{ … }}`, `{% … %}`, `{# … #}`");
    return std::nullopt;
  }
  return Text.str();
}

std::string mergec::withChatTemplate(llvm::StringRef ConfigText,
                                     llvm::StringRef Template) {
  Json Root = Json::parse(ConfigText.begin(), ConfigText.end(), nullptr,
                          /*allow_exceptions=*/false);
  if (!Root.is_object())
    Root = Json::object();
  Root["chat_template"] = Template.str();
  return Root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}
