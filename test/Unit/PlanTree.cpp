//===- PlanTree.cpp - The trees of good plans -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanFixture.h"

using namespace mergec;
using namespace mergec::test;

namespace {

class PlanTree : public PlanTest {};

llvm::StringRef textAt(llvm::SMRange Where) {
  return {
      Where.Start.getPointer(),
      static_cast<size_t>(Where.End.getPointer() - Where.Start.getPointer())};
}

TEST_F(PlanTree, ModelsBecomeOneSlice) {
  Plan P = good("merge_method: ties\n"
                "base_model: base\n"
                "models:\n"
                "  - model: base\n"
                "  - model: org/a\n"
                "    parameters: {weight: 0.25, density: .5}\n"
                "  - model: ./b\n"
                "    parameters: {weight: 1e-3}\n"
                "dtype: bfloat16\n"
                "out_dtype: float16\n"
                "seed: 18446744073709551615\n"
                "name: mine\n");
  EXPECT_EQ(P.MergeMethod, findMethod("ties"));
  EXPECT_TRUE(P.UsesModelsForm);
  EXPECT_EQ(P.ComputeDType, DType::BF16);
  EXPECT_EQ(P.resultDType(), DType::F16);
  EXPECT_EQ(P.Seed, 18446744073709551615u);
  EXPECT_EQ(P.Name, "mine");
  EXPECT_EQ(P.Base->spelling(), "base");
  ASSERT_EQ(P.Modules.size(), 1u);
  EXPECT_EQ(P.Modules[0].Name, "");
  ASSERT_EQ(P.Modules[0].Slices.size(), 1u);
  const std::vector<Source> &Sources = P.Modules[0].Slices[0].Sources;
  ASSERT_EQ(Sources.size(), 3u);
  EXPECT_EQ(Sources[1].Model.Path, "org/a");
  EXPECT_FALSE(Sources[1].Layers);
  EXPECT_EQ(textAt(Sources[1].Model.Where), "org/a");
  const Setting *Density = Sources[1].Parameters.find("density");
  ASSERT_TRUE(Density);
  EXPECT_EQ(Density->Alternatives[0].Value.Points, std::vector<double>{0.5});
  EXPECT_EQ(textAt(Density->NameWhere), "density");
  EXPECT_EQ(textAt(Density->Where), ".5");
  EXPECT_EQ(Sources[2].Parameters.find("weight")->Alternatives[0].Value.Points,
            std::vector<double>{1e-3});
}

TEST_F(PlanTree, SlicesKeepRangesBasesAndParameters) {
  Plan P = good("merge_method: slerp\n"
                "base_model: a\n"
                "slices:\n"
                "- sources:\n"
                "  - model: a\n"
                "    layer_range: [0, 4]\n"
                "  - {model: b, layer_range: [2, 6]}\n"
                "  parameters: {t: [0, 0.5, 1]}\n"
                "- base_model: c\n"
                "  sources: [{model: c}, {model: b}]\n"
                "  parameters:\n"
                "    t: {filter: mlp, value: 0.25}\n"
                "parameters:\n"
                "  t: 0.5\n");
  EXPECT_FALSE(P.UsesModelsForm);
  const std::vector<OutputSlice> &Slices = P.Modules[0].Slices;
  ASSERT_EQ(Slices.size(), 2u);
  EXPECT_EQ(Slices[0].Sources[1].Layers->First, 2);
  EXPECT_EQ(Slices[0].Sources[1].Layers->Last, 6);
  EXPECT_EQ(textAt(Slices[0].Sources[1].Layers->Where), "[2, 6]");
  EXPECT_EQ(Slices[0].Parameters.find("t")->Alternatives[0].Value.Points,
            (std::vector<double>{0, 0.5, 1}));
  EXPECT_FALSE(Slices[0].Base);
  EXPECT_EQ(Slices[1].Base->Path, "c");
  EXPECT_EQ(Slices[1].Parameters.find("t")->Alternatives[0].Filter, "mlp");
}

TEST_F(PlanTree, ModulesAreNamed) {
  Plan P = good("merge_method: linear\n"
                "modules:\n"
                "  text_model:\n"
                "    models: [{model: a}, {model: b}]\n"
                "    parameters: {weight: 1}\n"
                "  vision_model:\n"
                "    slices:\n"
                "      - sources: [{model: a, layer_range: [0, 2]}]\n"
                "parameters: {weight: 2}\n");
  ASSERT_EQ(P.Modules.size(), 2u);
  EXPECT_EQ(P.Modules[0].Name, "text_model");
  EXPECT_EQ(P.Modules[1].Name, "vision_model");
  EXPECT_TRUE(P.Modules[0].Parameters.find("weight"));
  EXPECT_FALSE(P.Modules[1].Parameters.find("weight"));
  EXPECT_EQ(P.Modules[1].Slices[0].Sources[0].Layers->Last, 2);
}

TEST_F(PlanTree, ModelsAreNamedInManyWays) {
  Plan P = good("merge_method: linear\n"
                "models:\n"
                "  - model: org/a@v1.0\n"
                "  - model: a + lora\n"
                "  - model: \"a@main+org/lora@dev\"\n"
                "  - model: {model: {path: x+y@z, revision: main}, lora: l}\n"
                "  - model: {model: {path: x}}\n"
                "  - model: {path: x, revision: r}\n"
                "  - model: {model: x@r, lora: {path: l, revision: s}}\n"
                "  - model: 13\n"
                "parameters: {weight: 1}\n");
  std::vector<std::string> Spellings;
  for (const Source &S : P.Modules[0].Slices[0].Sources)
    Spellings.push_back(S.Model.spelling());
  EXPECT_EQ(Spellings, (std::vector<std::string>{
                           "org/a@v1.0", "a + lora", "a@main + org/lora@dev",
                           "x+y@z@main + l", "x", "x@r", "x@r + l@s", "13"}));
  const ModelRef &Third = P.Modules[0].Slices[0].Sources[2].Model;
  EXPECT_EQ(Third.Path, "a");
  EXPECT_EQ(Third.Revision, "main");
  EXPECT_EQ(Third.Adapter->Path, "org/lora");
  EXPECT_EQ(Third.Adapter->Revision, "dev");
  EXPECT_EQ(P.Modules[0].Slices[0].Sources[3].Model.Path, "x+y@z");
}

TEST_F(PlanTree, FlagsAreWrittenInManyWays) {
  std::pair<const char *, double> Flags[] = {
      {"true", 1},  {"no", 0}, {"On", 1},  {"off", 0},      {"Yes", 1},
      {"FALSE", 0}, {"1", 1},  {"0.0", 0}, {"\"true\"", 1}, {"{value: no}", 0}};
  for (auto [Text, Value] : Flags) {
    Plan P = good(std::string("merge_method: linear\nmodels: [{model: a}]\n"
                              "parameters: {weight: 1, normalize: ") +
                  Text + "}\n");
    EXPECT_EQ(P.Parameters.find("normalize")->Alternatives[0].Value.Points,
              std::vector<double>{Value})
        << Text;
  }
}

TEST_F(PlanTree, AnchorsAliasesAndMergeKeys) {
  Plan P = good("merge_method: ties\n"
                "base_model: &base b\n"
                "models:\n"
                "  - model: *base\n"
                "  - model: a\n"
                "    parameters: &defaults\n"
                "      weight: 1\n"
                "      density: 0.5\n"
                "  - model: c\n"
                "    parameters:\n"
                "      <<: *defaults\n"
                "      density: 0.25\n");
  const std::vector<Source> &Sources = P.Modules[0].Slices[0].Sources;
  EXPECT_EQ(Sources[0].Model.Path, "b");
  EXPECT_EQ(Sources[2].Parameters.find("weight")->Alternatives[0].Value.Points,
            std::vector<double>{1});
  EXPECT_EQ(Sources[2].Parameters.find("density")->Alternatives[0].Value.Points,
            std::vector<double>{0.25});
}

TEST_F(PlanTree, JsonIsYaml) {
  Plan P = good("{\"merge_method\": \"passthrough\",\n"
                " \"slices\": [{\"sources\": [{\"model\": \"a\", "
                "\"layer_range\": [0, 2]}]}],\n"
                " \"dtype\": null}\n");
  EXPECT_EQ(P.Modules[0].Slices[0].Sources[0].Layers->Last, 2);
  EXPECT_FALSE(P.ComputeDType);
}

TEST_F(PlanTree, TokenizersAreRead) {
  Plan P =
      good("merge_method: passthrough\n"
           "models: [{model: a}]\n"
           "chat_template: auto\n"
           "tokenizer:\n"
           "  source: union\n"
           "  pad_to_multiple_of: 64\n"
           "  tokens:\n"
           "    <|im_start|>: {source: org/a, force: true}\n"
           "    <|x|>: {source: {kind: model_token, model: a, token_id: 0}}\n"
           "    <|y|>: {source: {kind: model_token, model: a, token: z}}\n"
           "    <|z|>: {source: {kind: zero}}\n");
  using Token = TokenizerPlan::Token;
  ASSERT_TRUE(P.Tokenizer);
  EXPECT_EQ(P.Tokenizer->Source, "union");
  EXPECT_FALSE(P.Tokenizer->LegacyForm);
  EXPECT_EQ(P.Tokenizer->PadToMultipleOf, 64);
  ASSERT_EQ(P.Tokenizer->Tokens.size(), 4u);
  EXPECT_EQ(P.Tokenizer->Tokens[0].Kind, Token::FromModel);
  EXPECT_TRUE(P.Tokenizer->Tokens[0].Force);
  EXPECT_EQ(P.Tokenizer->Tokens[0].Model->Path, "org/a");
  EXPECT_EQ(P.Tokenizer->Tokens[1].Kind, Token::ModelToken);
  EXPECT_EQ(P.Tokenizer->Tokens[1].ModelTokenId, 0);
  EXPECT_EQ(P.Tokenizer->Tokens[2].ModelTokenText, "z");
  EXPECT_EQ(P.Tokenizer->Tokens[3].Kind, Token::Zero);
  EXPECT_EQ(P.ChatTemplate, "auto");
  EXPECT_EQ(textAt(P.ChatTemplateWhere), "chat_template");
}

TEST_F(PlanTree, TokenizerSourceIsTheOlderForm) {
  Plan P = good("merge_method: passthrough\n"
                "models: [{model: a}]\n"
                "tokenizer_source: model:org/a\n");
  EXPECT_EQ(P.Tokenizer->Source, "org/a");
  EXPECT_TRUE(P.Tokenizer->LegacyForm);
  EXPECT_EQ(textAt(P.TokenizerWhere), "tokenizer_source");
}

TEST_F(PlanTree, LineEndsOfAllKindsKeepPlaces) {
  Plan P = good("\xef\xbb\xbf"
                "merge_method: passthrough # \xc3\xa9\r\n"
                "models:\r\n"
                "  - model: &m \"a b\"\r\n");
  EXPECT_EQ(textAt(P.MethodWhere), "passthrough");
  EXPECT_EQ(textAt(P.Modules[0].Slices[0].Sources[0].Model.Where), "\"a b\"");
}

} // namespace
