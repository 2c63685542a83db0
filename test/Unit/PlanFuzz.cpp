//===- PlanFuzz.cpp - Damaged plans ---------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random edits of valid plans, the same in every run: `readPlanFile` must come
// back with a plan or with an error, never both, never neither.
//
//===----------------------------------------------------------------------===//

#include "PlanFixture.h"
#include <random>

using namespace mergec;
using namespace mergec::test;

namespace {

constexpr llvm::StringLiteral Seeds[] = {
    "merge_method: ties\n"
    "base_model: base@main\n"
    "models:\n"
    "  - model: a + b\n"
    "    parameters: &p\n"
    "      weight: [0, 0.5, 1]\n"
    "      density: 0.5 # half\n"
    "  - model: c\n"
    "    parameters:\n"
    "      <<: *p\n"
    "dtype: bfloat16\n",
    "merge_method: slerp\n"
    "slices:\n"
    "  - sources:\n"
    "      - {model: \"a\", layer_range: [0, 8]}\n"
    "      - model: 'b'\n"
    "        layer_range: [8, 16]\n"
    "parameters:\n"
    "  t:\n"
    "    - filter: mlp\n"
    "      value: [1, 0.5]\n"
    "    - value: 0.5\n",
    "{\"merge_method\": \"linear\", \"modules\": {\"m\": {\"models\": "
    "[{\"model\": "
    "{\"path\": \"a\"}}]}}, \"parameters\": {\"weight\": 1}, \"tokenizer\": "
    "{\"source\": \"union\", \"tokens\": {\"x\": {\"source\": {\"kind\": "
    "\"zero\"}}}}}\n",
};

/// Letters that mean something to YAML, and some that no file should hold.
constexpr llvm::StringLiteral Letters =
    "\n\n\n  :-[]{},&*!|>'\"#%@`?\t\r.0aA<\\\x01\x7f\x80\xc3\xff";

std::string damaged(llvm::StringRef Seed, std::mt19937 &Random) {
  auto Below = [&](size_t N) { return Random() % N; };
  std::string Text = Seed.str();
  for (size_t Edit = 0, Edits = 1 + Below(8); Edit != Edits; ++Edit) {
    size_t At = Below(Text.size() + 1);
    size_t Size = std::min(Below(12), Text.size() - At);
    switch (Below(4)) {
    case 0:
      Text.erase(At, Size);
      break;
    case 1:
      Text.insert(At, 1, Letters[Below(Letters.size())]);
      break;
    case 2:
      Text.insert(Below(Text.size() + 1), Text.substr(At, Size));
      break;
    case 3:
      if (At != Text.size())
        Text[At] = Letters[Below(Letters.size())];
      break;
    }
  }
  return Text;
}

class PlanFuzz : public PlanTest {};

TEST_F(PlanFuzz, EndsInAPlanOrAnError) {
  std::mt19937 Random(20240517);
  for (unsigned Round = 0; Round != 2000; ++Round) {
    std::string Text = damaged(Seeds[Round % std::size(Seeds)], Random);
    Diagnostics Own;
    bool Parsed = parse(Text, Own).has_value();
    ASSERT_NE(Parsed, Own.hasErrors()) << "round " << Round << ":\n" << Text;
    std::string Said;
    llvm::raw_string_ostream OS(Said);
    Own.flush(OS);
  }
}

TEST_F(PlanFuzz, DeepNestingIsRefused) {
  for (const char *Open : {"[", "{a: ", "- ", "? "}) {
    std::string Text;
    for (unsigned I = 0; I != 20000; ++I)
      Text += Open;
    Diagnostics Own;
    EXPECT_FALSE(parse(Text, Own)) << Open;
    EXPECT_EQ(Own.exitCode(), 1) << Open;
  }
}

TEST_F(PlanFuzz, AliasesThatMultiplyAreRefused) {
  std::string Text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (unsigned I = 1; I != 12; ++I) {
    std::string Name = "a" + std::to_string(I),
                Below = "*a" + std::to_string(I - 1);
    Text += Name + ": &" + Name + " [";
    for (unsigned J = 0; J != 10; ++J)
      Text += (J ? ", " : "") + Below;
    Text += "]\n";
  }
  Diagnostics Own;
  EXPECT_FALSE(parse(Text, Own));
  EXPECT_EQ(Own.exitCode(), 1);
}

} // namespace
