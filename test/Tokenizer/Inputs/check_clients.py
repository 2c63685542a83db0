# ===- check_clients.py - Unions, as real clients read them ------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
#   check_clients.py CLIENTS CASE
#
# Unites models with small tokenizers of one kind and lets @huggingface/tokenizers
# read the result: texts of the base are cut as the base cuts them, texts of new
# tokens into these, and every token has the row that it had in its model.
#
# ===------------------------------------------------------------------------===#

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INPUTS = os.path.join(HERE, "..", "..", "Inputs")
sys.path.insert(0, INPUTS)

import safetensors_io

FEW = "--layers 1 --hidden 8 --heads 2 --kv-heads 1 --intermediate 8".split()

# By case: the tokenizers of the models; texts of the base's tokens; texts that
# new tokens are to be used for, with these tokens.
CASES = {
    "bpe": dict(
        models=[
            "--words low,lower,new,_new,_low --special <|end|>",
            "--words low,lowest,newer,_newest --special <|im|>,<|end|>",
        ],
        old=["low lower", "new low<|end|>", "abc def lo we", "slower", "lowlow"],
        new={"lowest": ["lowest"], "a newest": ["\u0120newest"], "newer": ["newer"],
             "low<|im|>low": ["<|im|>"]},
    ),
    "bpe3": dict(
        models=[
            "--words low,_low --special <|end|> --decoder",
            "--words new,_new --pairs --special <|im|> --plain word",
            "--words low,slow,_slow,renew --special <|x|>,<|im|>",
        ],
        old=["low low", "blow<|end|>", "new ne", "a b c"],
        old_ok=["new ne"],
        new={"slow": ["slow"], "low slow": ["\u0120slow"], "renew": ["renew"],
             "new": ["new"], "<|x|><|im|>": ["<|x|>", "<|im|>"], "a word": ["word"]},
    ),
    "spm": dict(
        models=[
            "--kind spm --words _low,_lower,_new --special <|end|>",
            "--kind spm --words _low,_lowest,_slow --special <|im|>",
        ],
        old=["low lower", "new low<|end|>", "h\u00e9llo \u4f60", "a low b"],
        new={"lowest": ["\u2581lowest"], "new slow": ["\u2581slow"],
             "low<|im|>": ["<|im|>"]},
    ),
    "spm-model": dict(
        models=[
            "--kind spm --form model --words _low,_lower,_new --special <|end|>",
            "--kind spm --form model --words _low,_lowest,_slow --special <|im|>",
        ],
        # What a tokenizer.json of the same pieces makes of them.
        stands_for="--kind spm --words _low,_lower,_new --special <|end|>",
        old=["low lower", "new low<|end|>", "h\u00e9llo \u4f60", "a low b"],
        new={"lowest": ["\u2581lowest"], "new slow": ["\u2581slow"],
             "low<|im|>": ["<|im|>"]},
    ),
    "unigram": dict(
        models=[
            "--kind unigram --words _low,_lower,er --special <|end|>",
            "--kind unigram --words _low,_lowest,_slow --special <|im|>",
        ],
        old=["low lower", "lower low<|end|>", "a b c"],
        new={"lowest": ["\u2581lowest"], "low slow": ["\u2581slow"],
             "low<|im|>": ["<|im|>"]},
    ),
    "wordpiece": dict(
        models=[
            "--kind wordpiece --words low,lower --special <|end|>",
            "--kind wordpiece --words low,slow --special <|im|>",
        ],
        old=["low lower", "lower low<|end|>", "a b c"],
        new={"slow low": ["slow"], "low<|im|>": ["<|im|>"]},
    ),
}
ROWS = 320


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit("%s:\n%s" % (" ".join(command), done.stderr))
    return done.stdout


def make(directory, number, tokenizer):
    run(sys.executable, os.path.join(INPUTS, "make_model.py"), directory, *FEW,
        "--vocab", str(ROWS), "--seed", str(number))
    run(sys.executable, os.path.join(INPUTS, "make_tokenizer.py"), directory,
        *tokenizer.split())


def rows(directory):
    tensors = safetensors_io.read(os.path.join(directory, "model.safetensors"))
    return {n: tensors[n][1] for n in ("model.embed_tokens.weight", "lm_head.weight")}


def vocabulary(tokenizer):
    """The tokens of a made tokenizer.json, whatever form the model has."""
    make("spelt", 0, tokenizer.replace("--form model", ""))
    with open("spelt/tokenizer.json") as file:
        content = json.load(file)
    vocab = content["model"]["vocab"]
    if isinstance(vocab, list):
        vocab = {piece: i for i, (piece, _) in enumerate(vocab)}
    return {**vocab, **{t["content"]: t["id"] for t in content["added_tokens"]}}


def check(case, clients):
    problems = []
    expect = lambda holds, *words: holds or problems.append(" ".join(map(str, words)))
    names = "abc"[: len(case["models"])]
    for number, (name, tokenizer) in enumerate(zip(names, case["models"])):
        make(name, number, tokenizer)
    # Only `a` counts, so that each row of the result is one row of a model.
    plan = {"merge_method": "linear", "tokenizer_source": "union",
            "parameters": {"normalize": False},
            "models": [{"model": n, "parameters": {"weight": float(n == "a")}}
                       for n in names]}
    with open("plan.yml", "w") as file:
        json.dump(plan, file)
    run("mergec", "plan.yml", "-o", "out", "--quiet")
    base = "a"
    if "stands_for" in case:
        make("stand-in", 0, case["stands_for"])
        base = "stand-in"
    texts = case["old"] + list(case["new"])
    requests = [{"directory": d, "texts": texts} for d in (base, "out")]
    script = os.path.join(HERE, "read_tokenizer.cjs")
    before, after = json.loads(run("node", script, clients,
                                   input=json.dumps(requests)))

    known = vocabulary(case["models"][0])
    for token, number in known.items():
        expect(after["vocabulary"].get(token) == number, "id of", token, "is",
               after["vocabulary"].get(token), "and was", number)
    for text, old, new, back, was in zip(
            texts, before["encodings"], after["encodings"], after["decoded"],
            before["decoded"]):
        if text in case["old"] and text not in case.get("old_ok", ()):
            expect(old == new, "`%s` is now" % text, new, "and was", old)
            expect(back == was, "`%s` comes back as `%s`" % (text, back))
        for token in case["new"].get(text, ()):
            expect(token not in known, token, "is not new")
            expect(after["vocabulary"].get(token) in new, "`%s`: no" % text, token,
                   "in", new)

    vocabularies = [vocabulary(t) for t in case["models"]]
    models, result = [rows(n) for n in names], rows("out")
    for token, number in after["vocabulary"].items():
        having = [i for i, v in enumerate(vocabularies) if token in v]
        expect(having, token, "is in no model")
        if not having or (0 not in having and len(having) > 1):
            continue
        for tensor, values in result.items():
            wanted = models[having[0]][tensor][vocabularies[having[0]][token]]
            expect((values[number] == wanted).all(), token, "has another row in",
                   tensor)
    for problem in problems:
        print(problem)
    return not problems


def main():
    clients, name = sys.argv[1:]
    shutil.rmtree(name, ignore_errors=True)
    os.makedirs(name)
    os.chdir(name)
    sys.exit(0 if check(CASES[name], clients) else 1)


if __name__ == "__main__":
    main()
