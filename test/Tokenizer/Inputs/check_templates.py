# ===- check_templates.py - Chat templates, rendered --------------------------===#
#
# Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
#
# The built-in chat templates, as @huggingface/jinja renders them out of the
# directories that mergec writes.
#
# ===------------------------------------------------------------------------===#

import json
import sys

from check_clients import HERE, make, run

CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Bye"},
    ],
    "bos_token": "<s>",
    "eos_token": "</s>",
    "add_generation_prompt": True,
}

EXPECTED = {
    "alpaca": "<s>Be brief.\n\n### Instruction:\nHello\n\n### Response:\nHi</s>\n\n"
    "### Instruction:\nBye\n\n### Response:\n",
    "chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello"
    "<|im_end|>\n<|im_start|>assistant\nHi<|im_end|>\n<|im_start|>user\nBye"
    "<|im_end|>\n<|im_start|>assistant\n",
    "exaone": "[|system|]Be brief.[|endofturn|]\n[|user|]Hello\n[|assistant|]Hi"
    "[|endofturn|]\n[|user|]Bye\n[|assistant|]",
    "llama3": "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>"
    "assistant<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>user"
    "<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant"
    "<|end_header_id|>\n\n",
    "mistral": "<s>[INST] Be brief.\n\nHello [/INST] Hi</s>[INST] Bye [/INST]",
    "{% for m in messages %}{{ m.role[0] }}{% endfor %}": "suau",
}


def main():
    make("a", 0, "--words low")
    requests = []
    for number, template in enumerate(EXPECTED):
        with open("plan.yml", "w") as file:
            json.dump({"merge_method": "passthrough", "models": [{"model": "a"}],
                       "chat_template": template}, file)
        directory = "out%d" % number
        run("mergec", "plan.yml", "-o", directory, "--force")
        requests.append({"directory": directory, "texts": [], "chat": CHAT})
    answers = json.loads(run("node", HERE + "/read_tokenizer.cjs", sys.argv[1],
                             input=json.dumps(requests)))
    failed = False
    for (template, wanted), answer in zip(EXPECTED.items(), answers):
        if answer["chat"] != wanted:
            print("%s: %r\nexpected %r" % (template, answer["chat"], wanted))
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
