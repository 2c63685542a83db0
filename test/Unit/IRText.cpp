//===- IRText.cpp - The text form of the IR -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "mergec/IR/Text.h"
#include "gtest/gtest.h"
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

using namespace mergec;

static std::string print(const Graph &G) {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  printGraph(G, OS);
  return Text;
}

/// The graph of a text that must be right.
static Graph parse(llvm::StringRef Text) {
  Diagnostics Diags;
  std::optional<Graph> G = parseGraphText(Diags.addFile("t.mir", Text), Diags);
  std::string Said;
  llvm::raw_string_ostream OS(Said);
  Diags.flush(OS);
  EXPECT_TRUE(G.has_value()) << Said;
  EXPECT_EQ(Diags.size(), 0u);
  if (!G)
    return Graph();
  EXPECT_TRUE(verifyGraph(*G, Diags));
  return std::move(*G);
}

/// A text's canonical form, which must be its own.
static std::string canonical(llvm::StringRef Text) {
  std::string Once = print(parse(Text));
  EXPECT_EQ(print(parse(Once)), Once);
  return Once;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

TEST(IRNumber, IsShortAndPlain) {
  EXPECT_EQ(numberText(0), "0");
  EXPECT_EQ(numberText(-0.0), "-0");
  EXPECT_EQ(numberText(1), "1");
  EXPECT_EQ(numberText(-17), "-17");
  EXPECT_EQ(numberText(100000), "100000");
  EXPECT_EQ(numberText(58720256), "58720256");
  EXPECT_EQ(numberText(0.1), "0.1");
  EXPECT_EQ(numberText(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(numberText(0.0001), "0.0001");
  EXPECT_EQ(numberText(1e-8), "1e-08");
  EXPECT_EQ(numberText(1e300), "1e+300");
  EXPECT_EQ(numberText(INFINITY), "inf");
  EXPECT_EQ(numberText(-INFINITY), "-inf");
  EXPECT_EQ(numberText(NAN), "nan");
  EXPECT_EQ(numberText(-NAN), "nan");
}

TEST(IRNumber, ReadsBackAsTheSameBits) {
  using Limits = std::numeric_limits<double>;
  std::vector<double> Numbers = {0.0,
                                 -0.0,
                                 1.0 / 3,
                                 -2.0 / 3,
                                 1e17,
                                 99999999999999999.0,
                                 1e-5,
                                 std::nextafter(1e-5, 0.0),
                                 9007199254740993.0,
                                 Limits::max(),
                                 Limits::lowest(),
                                 Limits::min(),
                                 Limits::denorm_min(),
                                 -Limits::denorm_min(),
                                 Limits::epsilon(),
                                 INFINITY,
                                 -INFINITY,
                                 0.9995};
  // And a walk over all exponents.
  uint64_t Bits = 0x9E3779B97F4A7C15;
  for (int I = 0; I != 2000; ++I) {
    Bits = Bits * 6364136223846793005 + 1442695040888963407;
    if (std::isfinite(number(Bits)))
      Numbers.push_back(number(Bits));
  }
  for (double Expected : Numbers) {
    Graph G =
        parse("graph {\n  %0 = constant {value = " + numberText(Expected) +
              "} : f64\n}\n");
    ASSERT_EQ(G.size(), 1u);
    EXPECT_EQ(G.attribute({0}, 0), word(Expected)) << numberText(Expected);
  }
}

TEST(IRNumber, NotANumberReadsBackAsOne) {
  Graph G = parse("graph {\n  %0 = constant {value = nan} : f64\n}\n");
  EXPECT_TRUE(std::isnan(number(G.attribute({0}, 0))));
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

TEST(IRType, Prints) {
  EXPECT_EQ(typeText(Type()), "none");
  EXPECT_EQ(typeText(Type::tensor({4096, 14336}, DType::BF16)),
            "tensor<4096x14336xbf16>");
  EXPECT_EQ(typeText(Type::tensor({}, DType::F32)), "tensor<f32>");
  EXPECT_EQ(typeText(Type::tensor({0, 3}, DType::I64)), "tensor<0x3xi64>");
  EXPECT_EQ(typeText(Type::tensor({77}, DType::Opaque)), "tensor<77xopaque>");
  EXPECT_EQ(typeText(Type::scalar()), "f64");
  EXPECT_EQ(typeText(Type::scalar(10)), "vec<10xf64>");
  EXPECT_EQ(typeText(Type::rows(4096)), "rows<4096xf64>");
  EXPECT_EQ(typeText(Type::rows(4096, 3)), "rows<4096x3xf64>");
  EXPECT_EQ(typeText(Type::columns(5)), "cols<5xf64>");
  EXPECT_EQ(typeText(Type::columns(5, 2)), "cols<5x2xf64>");
  EXPECT_EQ(typeText(Type::selection()), "selection");
}

TEST(IRType, EveryElementTypeReadsBack) {
  for (llvm::StringRef Name :
       {"f64",    "f32",    "f16", "bf16", "i64",    "i32",    "i16",
        "i8",     "u64",    "u32", "u16",  "u8",     "i1",     "f8e4m3",
        "f8e5m2", "f8e8m0", "c64", "f4",   "f6e2m3", "f6e3m2", "opaque"}) {
    std::string Text =
        ("graph {\n  %0 = load {model = \"m\", name = \"t\"} : tensor<6x" +
         Name + ">\n}\n")
            .str();
    EXPECT_EQ(canonical(Text), Text);
  }
}

TEST(IRType, NumbersOfRowsAndColumnsReadBack) {
  std::string Text = R"(graph {
  %0 = load {model = "m", name = "t"} : tensor<4x3xf32>
  %1 = dot %0, %0 {over = "row"} : rows<4xf64>
  %2 = map %1, %1 {function = "slerp_coefficients", width = 2} : rows<4x2xf64>
  %3 = extract %2 {index = 1} : rows<4xf64>
  %4 = combine %0, %3 : tensor<4x3xf32>
  store %4 {name = "t"}
}
)";
  EXPECT_EQ(canonical(Text), Text);
}

TEST(IRType, LargestTensor) {
  std::string Text = "graph {\n  %0 = load {model = \"m\", name = \"t\"} : "
                     "tensor<1152921504606846975xi8>\n}\n";
  EXPECT_EQ(canonical(Text), Text);
}

//===----------------------------------------------------------------------===//
// Strings
//===----------------------------------------------------------------------===//

TEST(IRString, AnyBytesReadBack) {
  std::vector<std::string> Names = {"",
                                    "model.norm.weight",
                                    "with \"quotes\" and \\backslash\\",
                                    "// no comment { } %0 : , =",
                                    "line\nbreak\r\n\ttab",
                                    "größe 层 🦙",
                                    std::string("nul\0inside", 10),
                                    "\x7f\x01\x1b",
                                    "broken \xff\xc3 utf-8 \xed\xa0\x80"};
  std::string All;
  for (int Byte = 0; Byte != 256; ++Byte)
    All += char(Byte);
  Names.push_back(All);
  for (const std::string &Name : Names) {
    Graph G;
    NameId Model = G.intern(llvm::StringRef("m")),
           Tensor = G.intern(llvm::StringRef(Name));
    G.create(Op::Load, {}, {Model.Index, Tensor.Index, 7},
             G.intern(Type::tensor({2}, DType::F32)));
    std::string Text = print(G);
    Graph Back = parse(Text);
    ASSERT_EQ(Back.size(), 1u) << Text;
    EXPECT_EQ(Back.nameAttribute({0}, 1), llvm::StringRef(Name));
    EXPECT_EQ(print(Back), Text);
  }
}

TEST(IRString, Escapes) {
  Graph G = parse(R"(graph {
  %0 = load {model = "\"\\\/\n\r\t\b\f", name = "\u00e9\ud83e\udd99\x41"} : tensor<f32>
})");
  EXPECT_EQ(G.nameAttribute({0}, 0), "\"\\/\n\r\t\b\f");
  EXPECT_EQ(G.nameAttribute({0}, 1), "é🦙A");
}

TEST(IRString, Utf8StaysReadable) {
  Graph G;
  G.create(Op::Load, {},
           {G.intern(llvm::StringRef("m")).Index,
            G.intern(llvm::StringRef("größe")).Index, 0},
           G.intern(Type::tensor({}, DType::F32)));
  EXPECT_NE(print(G).find("\"größe\""), std::string::npos);
}

//===----------------------------------------------------------------------===//
// Nodes and files
//===----------------------------------------------------------------------===//

TEST(IRText, Slerp) {
  std::string Text = R"(graph {
  %0 = load {model = "a", name = "model.norm.weight"} : tensor<2048xbf16>
  %1 = cast %0 : tensor<2048xf32>
  %2 = load {model = "b", name = "model.norm.weight"} : tensor<2048xbf16>
  %3 = cast %2 : tensor<2048xf32>
  %4 = constant {value = 0.5} : f64
  %5 = dot %1, %1 {over = "tensor"} : f64
  %6 = dot %3, %3 {over = "tensor"} : f64
  %7 = dot %1, %3 {over = "tensor"} : f64
  %8 = map %4, %5, %6, %7 {function = "slerp_coefficients", width = 2} : vec<2xf64>
  %9 = extract %8 {index = 0} : f64
  %10 = extract %8 {index = 1} : f64
  %11 = combine %1, %3, %9, %10 : tensor<2048xf32>
  %12 = round %11 : tensor<2048xbf16>
  store %12 {name = "model.norm.weight"}
}
)";
  EXPECT_EQ(canonical(Text), Text);
}

TEST(IRText, Ties) {
  std::string Text = R"(graph {
  %0 = load {model = "base", name = "t"} : tensor<8x4xf32>
  %1 = load {model = "a", name = "t"} : tensor<8x4xf32>
  %2 = subtract %1, %0 : tensor<8x4xf32>
  %3 = constant {value = 16} : f64
  %4 = select_largest %2, %3 : selection
  %5 = keep %2, %4 : tensor<8x4xf32>
  %6 = elect %5, %3 {by = "count"} : tensor<8x4xf32>
  %7 = agree %6, %5, %3, %3 {divide = "at-least", floor = 1e-06} : tensor<8x4xf32>
  %8 = sum_abs %5 {over = "row"} : rows<8xf64>
  %9 = combine %0, %7, %3, %8 : tensor<8x4xf32>
  store %9 {name = "t"}
}
)";
  EXPECT_EQ(canonical(Text), Text);
}

TEST(IRText, FreeFormReadsAsTheSame) {
  EXPECT_EQ(canonical(R"(// A comment with "quotes" and { braces }.

graph{ // and one here
%in=load{name="t",model="m"}:tensor<6x2xf32>// any order of attributes
	%9 =   slice   %in{ rows = 3 } : tensor < 3x2xf32 >

  %one_1 = constant {value = 1.50} : vec<1xf64>
  %in.2 = combine %in , %one_1 : tensor<6x2xf32>
  // %x = nothing
store %9{name="a"}
  store %in.2 {name = "b"}   }
// the end)"),
            R"(graph {
  %0 = load {model = "m", name = "t"} : tensor<6x2xf32>
  %1 = slice %0 {rows = 3} : tensor<3x2xf32>
  %2 = constant {value = 1.5} : f64
  %3 = combine %0, %2 : tensor<6x2xf32>
  store %1 {name = "a"}
  store %3 {name = "b"}
}
)");
}

TEST(IRText, StoresTakeNoNumber) {
  std::string Text = R"(graph {
  %0 = load {model = "m", name = "a"} : tensor<2xi8>
  store %0 {name = "a"}
  %1 = load {model = "m", name = "b"} : tensor<2xi8>
  store %1 {name = "b"}
}
)";
  EXPECT_EQ(canonical(Text), Text);
  Graph G = parse(Text);
  std::string Node;
  llvm::raw_string_ostream OS(Node);
  printNode(G, {3}, OS);
  EXPECT_EQ(Node, "store %1 {name = \"b\"}");
}

TEST(IRText, HiddenAttributesAreUnknownToTheText) {
  Graph G = parse(
      "graph {\n  %0 = load {model = \"m\", name = \"t\"} : tensor<f32>\n}");
  EXPECT_EQ(G.attribute({0}, 2), ~0ull);
}

TEST(IRText, EveryOpIsInTheReference) {
  std::string Path = __FILE__;
  Path.resize(Path.rfind("test/Unit/"));
  std::ifstream File(Path + "docs/IR.md");
  ASSERT_TRUE(File.good());
  std::stringstream Reference;
  Reference << File.rdbuf();
  for (const OpInfo *Info : allOps()) {
    std::string Heading = ("\n### `" + Info->Mnemonic + "`\n").str();
    size_t Begin = Reference.str().find(Heading);
    ASSERT_NE(Begin, std::string::npos) << Info->Mnemonic.str();
    std::string Section = Reference.str().substr(Begin + Heading.size());
    Section.resize(std::min(Section.find("\n### "), Section.size()));
    EXPECT_NE(Section.find(Info->Summary.str()), std::string::npos)
        << Info->Mnemonic.str() << ": " << Info->Summary.str();
    for (const AttributeSpec &Spec : Info->Attributes) {
      if (Spec.Kind == AttributeKind::Hidden)
        continue;
      EXPECT_NE(Section.find(("`" + Spec.Name + "`").str()), std::string::npos)
          << Info->Mnemonic.str() << ": " << Spec.Name.str();
    }
  }
}

TEST(IRText, EmptyGraph) {
  EXPECT_EQ(canonical("graph {}"), "graph {\n}\n");
  EXPECT_EQ(canonical("\r\n\r\ngraph {\r\n}\r\n"), "graph {\n}\n");
}
