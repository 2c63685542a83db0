//===- ChatTemplate.h - The chat template of a result -----------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TOKENIZER_CHATTEMPLATE_H
#define MERGEC_TOKENIZER_CHATTEMPLATE_H

#include "mergec/Tokenizer/Vocabulary.h"

namespace mergec {

/// What `P.ChatTemplate`, which there is, asks for: the text of the template
/// that most models have (`auto`; of equally many, the first's), of a built-in
/// one, or what the plan says. Nothing if no model has any, or after reporting
/// a mistake. Warns if `Tokens`, the result's (null: none), lacks tokens that a
/// built-in template is made of.
std::optional<std::string>
findChatTemplate(const Plan &P, llvm::ArrayRef<VocabularyModel> Models,
                 const Tokenizer *Tokens, Diagnostics &Diags);

/// `ConfigText`, tokenizer_config.json or nothing, with this template.
std::string withChatTemplate(llvm::StringRef ConfigText,
                             llvm::StringRef Template);

} // namespace mergec

#endif // MERGEC_TOKENIZER_CHATTEMPLATE_H
