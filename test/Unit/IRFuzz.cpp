//===- IRFuzz.cpp - No text crashes the parser ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mutations of good text, the same ones in every run. Whatever comes of it must
// be refused with a diagnostic, or be a graph that verifies, prints and reads
// back. Run under the sanitizers this finds reads behind the end of the text.
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Text.h"
#include "gtest/gtest.h"
#include <chrono>

using namespace mergec;

static constexpr llvm::StringLiteral Seed = R"(// A seed with every op.
graph {
  %0 = load {model = "a", name = "model.norm.weight"} : tensor<6x8xbf16>
  %1 = cast %0 : tensor<6x8xf32>
  %b = load {model = "b \"q\" \u00e9", name = "größe"} : tensor<6x8xf32>
  %2 = constant {value = 0.5} : f64
  %3 = dot %1, %b {over = "tensor"} : f64
  %4 = sum_abs %1 {over = "row"} : rows<6xf64>
  %5 = map %2, %3, %3, %3 {function = "slerp_coefficients", width = 2} : vec<2xf64>
  %6 = extract %5 {index = 1} : f64
  %7 = combine %1, %b, %6, %4 : tensor<6x8xf32>
  %8 = constant {value = 1e-08} : f64
  %9 = select_largest %7, %8 : selection
  %10 = keep %7, %9 : tensor<6x8xf32>
  %11 = elect %10, %b, %2, %2 {by = "sum"} : tensor<6x8xf32>
  %12 = agree %11, %10, %b, %2, %2 {divide = "none", floor = -0} : tensor<6x8xf32>
  %13 = subtract %12, %1 : tensor<6x8xf32>
  %14 = slice %13 {rows = 3} : tensor<3x8xf32>
  %15 = round %14 : tensor<3x8xf16>
  store %15 {name = "model.norm.weight"}
  %16 = load {model = "q", name = "packed"} : tensor<96xopaque>
  store %16 {name = "packed"}
}
)";

namespace {

/// A fixed sequence of numbers that look random.
class Sequence {
public:
  explicit Sequence(uint64_t Start) : State(Start) {}
  size_t below(size_t Bound) {
    State = State * 6364136223846793005 + 1442695040888963407;
    return (State >> 33) % Bound;
  }

private:
  uint64_t State;
};

} // namespace

static std::string mutated(std::string Text, Sequence &Random) {
  static constexpr llvm::StringLiteral Pieces[] = {
      "%",
      "\"",
      "{",
      "}",
      "<",
      ">",
      ",",
      "=",
      ":",
      "\n",
      "//",
      "\\",
      "\\u",
      "\\x",
      "x",
      "-",
      "nan",
      "-inf",
      "1e999",
      "99999999999999999999",
      "f64",
      "tensor<",
      "graph",
      "store",
      "%0",
      "%zz",
      "-1",
      "0x",
      " ",
      "\t",
      "vec<4294967297xf64>",
      "tensor<4611686018427387904x2xf64>",
      "é",
      "rows = -1",
      "\"row\"",
      "selection",
      "\xff"};
  unsigned Edits = 1 + Random.below(4);
  for (unsigned I = 0; I != Edits && !Text.empty(); ++I) {
    size_t At = Random.below(Text.size());
    size_t Length = std::min(Text.size() - At, 1 + Random.below(12));
    switch (Random.below(6)) {
    case 0:
      Text[At] = char(Random.below(256));
      break;
    case 1:
      Text.erase(At, Length);
      break;
    case 2:
      Text.insert(At, Pieces[Random.below(std::size(Pieces))]);
      break;
    case 3:
      Text.insert(Random.below(Text.size()), Text.substr(At, Length));
      break;
    case 4: { // One line in place of another.
      size_t From = Text.find('\n', At);
      size_t To = Text.find('\n', Random.below(Text.size()));
      if (From != std::string::npos && To != std::string::npos)
        Text.insert(To, Text.substr(From, Text.find('\n', From + 1) - From));
      break;
    }
    case 5:
      if (Random.below(8) == 0)
        Text.resize(At);
      break;
    }
  }
  return Text;
}

static std::string print(const Graph &G) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printGraph(G, OS);
  return Text;
}

TEST(IRFuzz, SeedIsGood) {
  Diagnostics Diags;
  std::optional<Graph> G = parseGraphText(Diags.addFile("seed", Seed), Diags);
  Diags.flush(llvm::errs());
  EXPECT_TRUE(G.has_value());
}

TEST(IRFuzz, MutatedTextIsReadOrRefused) {
  Sequence Random(1);
  unsigned Read = 0;
  for (unsigned Round = 0; Round != 4000; ++Round) {
    std::string Text = mutated(Seed.str(), Random);
    Diagnostics Diags;
    std::optional<Graph> G = parseGraphText(Diags.addFile("x", Text), Diags);
    ASSERT_EQ(G.has_value(), !Diags.hasErrors()) << Text;
    if (!G) {
      for (const Diagnostic &D : Diags.all())
        ASSERT_FALSE(D.Hint.empty()) << D.Message;
      std::string Said;
      llvm::raw_string_ostream OS(Said);
      Diags.flush(OS);
      continue;
    }
    ++Read;
    ASSERT_TRUE(verifyGraph(*G, Diags)) << Text;
    std::string Once = print(*G);
    std::optional<Graph> Back = parseGraphText(Diags.addFile("y", Once), Diags);
    ASSERT_TRUE(Back.has_value()) << Once;
    ASSERT_EQ(print(*Back), Once);
  }
  // Comments, strings and numbers can change without harm.
  EXPECT_GT(Read, 100u);
}

TEST(IRFuzz, EveryPrefixIsReadOrRefused) {
  for (size_t Length = 0; Length <= Seed.size(); ++Length) {
    // A copy of just that length, for the address sanitizer.
    Diagnostics Diags;
    std::optional<Graph> G =
        parseGraphText(Diags.addFile("x", Seed.take_front(Length)), Diags);
    ASSERT_EQ(G.has_value(), !Diags.hasErrors()) << Length;
  }
}

TEST(IRFuzz, NoiseIsRefused) {
  Sequence Random(2);
  for (unsigned Round = 0; Round != 500; ++Round) {
    std::string Text = Round % 2 ? "graph {\n" : "";
    for (size_t I = Random.below(300); I-- != 0;)
      Text += char(Random.below(Round % 3 ? 128 : 256));
    Diagnostics Diags;
    std::optional<Graph> G = parseGraphText(Diags.addFile("x", Text), Diags);
    ASSERT_EQ(G.has_value(), !Diags.hasErrors()) << Text;
  }
}

TEST(IRFuzz, LongTextTakesLinearTime) {
  // 200,000 wrong lines, operands and letters: seconds if anything is
  // quadratic, as would be a search for the nearest name of a value.
  std::string Text = "graph {\n";
  for (unsigned I = 0; I != 100000; ++I)
    Text += "  %a" + std::to_string(I) + " = cast %b" + std::to_string(I) +
            " : tensor<2xf32>\n";
  Text += "  %c = combine %a0";
  for (unsigned I = 0; I != 100000; ++I)
    Text += ", %d";
  Text += " : tensor<" + std::string(200000, 'q') + ">\n";
  Text += "  %e = " + std::string(200000, 'q') + " %a0 : f64\n}\n";
  auto Begin = std::chrono::steady_clock::now();
  Diagnostics Diags;
  EXPECT_FALSE(parseGraphText(Diags.addFile("x", Text), Diags).has_value());
  EXPECT_GT(Diags.size(), 100000u);
  EXPECT_LT(std::chrono::steady_clock::now() - Begin, std::chrono::seconds(20));
}
