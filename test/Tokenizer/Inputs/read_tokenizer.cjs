// ===- read_tokenizer.cjs - A tokenizer, as a client reads it ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ===-----------------------------------------------------------------------===//
//
//   node read_tokenizer.cjs CLIENTS < request > answer
//
// CLIENTS is where the npm packages are installed. A request is a list of
// {directory, texts, chat}; the answer has for each what the tokenizer in the
// directory makes of the texts, its vocabulary, and `chat` rendered by the chat
// template.
//
// ===-----------------------------------------------------------------------===//

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const load = createRequire(path.join(path.resolve(process.argv[2]), "package.json"));
const { Tokenizer } = load("@huggingface/tokenizers");
const { Template } = load("@huggingface/jinja");

function answer({ directory, texts, chat }) {
  const read = (name) =>
    JSON.parse(fs.readFileSync(path.join(directory, name), "utf8"));
  const config = read("tokenizer_config.json");
  const tokenizer = new Tokenizer(read("tokenizer.json"), config);
  const encodings = texts.map(
    (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
  );
  return {
    encodings,
    decoded: encodings.map((ids) => tokenizer.decode(ids)),
    vocabulary: Object.fromEntries(tokenizer.get_vocab(true)),
    chat: chat && new Template(config.chat_template).render(chat),
  };
}

const requests = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(requests.map(answer)));
