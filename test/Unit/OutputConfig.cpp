//===- OutputConfig.cpp - Editing config.json -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OutputFixture.h"

using namespace mergec;
using namespace mergec::test;

namespace {
class OutputConfig : public ::testing::Test {
protected:
  OutputConfig() {
    Donor.Name = "donor";
    Donor.LayerCountKey = "num_hidden_layers";
    Donor.Layers = {"model.layers.", 4};
  }

  std::string edit(const std::string &Config) {
    Donor.ConfigText = Config;
    auto Text = editConfig(Donor, Facts, Diags);
    return Text ? *Text : "nothing";
  }

  Checkpoint Donor;
  ResultFacts Facts;
  Diagnostics Diags;
};
} // namespace

TEST_F(OutputConfig, WithoutFactsOnlyTheSpacingChanges) {
  EXPECT_EQ(edit(R"({"z": 1, "a": {"y": [1, 2.5], "x": 1e-05}, "b": null})"),
            "{\n"
            "  \"z\": 1,\n"
            "  \"a\": {\n"
            "    \"y\": [\n"
            "      1,\n"
            "      2.5\n"
            "    ],\n"
            "    \"x\": 1e-05\n"
            "  },\n"
            "  \"b\": null\n"
            "}\n");
  EXPECT_EQ(Diags.size(), 0u);
}

TEST_F(OutputConfig, FactsGoWhereTheKeysAre) {
  Facts.Layers = 6;
  Facts.LayerSources = {0, 1, 2, 1, 2, 3};
  Facts.Vocabulary = 32064;
  Facts.Type = DType::F16;
  Facts.TiesHead = true;
  EXPECT_EQ(edit(R"({"architectures": ["LlamaForCausalLM"],
                     "vocab_size": 32000, "num_hidden_layers": 4,
                     "torch_dtype": "bfloat16",
                     "tie_word_embeddings": false, "hidden_size": 64})"),
            "{\n"
            "  \"architectures\": [\n"
            "    \"LlamaForCausalLM\"\n"
            "  ],\n"
            "  \"vocab_size\": 32064,\n"
            "  \"num_hidden_layers\": 6,\n"
            "  \"torch_dtype\": \"float16\",\n"
            "  \"tie_word_embeddings\": true,\n"
            "  \"hidden_size\": 64\n"
            "}\n");
  EXPECT_EQ(Diags.size(), 0u);
}

TEST_F(OutputConfig, AbsentKeysAreAdded) {
  Facts.Layers = 3;
  Facts.Vocabulary = 8;
  Facts.Type = DType::F32;
  Facts.TiesHead = false;
  EXPECT_EQ(edit("{}"), "{\n"
                        "  \"num_hidden_layers\": 3,\n"
                        "  \"vocab_size\": 8,\n"
                        "  \"tie_word_embeddings\": false,\n"
                        "  \"torch_dtype\": \"float32\"\n"
                        "}\n");
}

TEST_F(OutputConfig, TheNewNameOfTheDtype) {
  Facts.Type = DType::BF16;
  EXPECT_EQ(edit(R"({"dtype": "float32"})"), "{\n"
                                             "  \"dtype\": \"bfloat16\"\n"
                                             "}\n");
  EXPECT_EQ(edit(R"({"dtype": "float32", "torch_dtype": null})"),
            "{\n"
            "  \"dtype\": \"bfloat16\",\n"
            "  \"torch_dtype\": \"bfloat16\"\n"
            "}\n");
}

TEST_F(OutputConfig, MultimodalModelsKeepThePartsApart) {
  Donor.LayerCountKey = "text_config.num_hidden_layers";
  Facts.Layers = 2;
  Facts.LayerSources = {0, 3};
  Facts.Type = DType::BF16;
  Facts.Vocabulary = 9;
  EXPECT_EQ(edit(R"({"torch_dtype": "float32",
      "quantization_config": {"dtype": "int8"},
      "text_config": {"num_hidden_layers": 4, "torch_dtype": "float32",
                      "vocab_size": 8},
      "vision_config": {"num_hidden_layers": 4, "kinds": [1, 2, 3, 4]}})"),
            "{\n"
            "  \"torch_dtype\": \"bfloat16\",\n"
            "  \"quantization_config\": {\n"
            "    \"dtype\": \"int8\"\n"
            "  },\n"
            "  \"text_config\": {\n"
            "    \"num_hidden_layers\": 2,\n"
            "    \"torch_dtype\": \"bfloat16\",\n"
            "    \"vocab_size\": 9\n"
            "  },\n"
            "  \"vision_config\": {\n"
            "    \"num_hidden_layers\": 4,\n"
            "    \"kinds\": [\n"
            "      1,\n"
            "      2,\n"
            "      3,\n"
            "      4\n"
            "    ]\n"
            "  }\n"
            "}\n");
}

TEST_F(OutputConfig, ListsByLayerFollowTheLayers) {
  Facts.Layers = 5;
  Facts.LayerSources = {0, 1, 1, 2, 3};
  EXPECT_EQ(edit(R"({"num_hidden_layers": 4, "n_layer": 4,
                     "layer_types": ["a", "b", "c", "d"],
                     "mlp_only_layers": [1, 3],
                     "eos_token_id": [7, 8, 9, 10],
                     "hybrid_override_pattern": "M-M*",
                     "rope_scaling": {"factors": [1, 2, 3, 4]}})"),
            "{\n"
            "  \"num_hidden_layers\": 5,\n"
            "  \"n_layer\": 5,\n"
            "  \"layer_types\": [\n"
            "    \"a\",\n"
            "    \"b\",\n"
            "    \"b\",\n"
            "    \"c\",\n"
            "    \"d\"\n"
            "  ],\n"
            "  \"mlp_only_layers\": [\n"
            "    1,\n"
            "    2,\n"
            "    4\n"
            "  ],\n"
            "  \"eos_token_id\": [\n"
            "    7,\n"
            "    8,\n"
            "    9,\n"
            "    10\n"
            "  ],\n"
            "  \"hybrid_override_pattern\": \"M--M*\",\n"
            "  \"rope_scaling\": {\n"
            "    \"factors\": [\n"
            "      1,\n"
            "      2,\n"
            "      3,\n"
            "      4\n"
            "    ]\n"
            "  }\n"
            "}\n");
  EXPECT_EQ(Diags.size(), 0u);
}

TEST_F(OutputConfig, ListsThatCannotFollowAreNamed) {
  Facts.Layers = 5;
  edit(R"({"num_hidden_layers": 4, "layer_types": ["a", "b", "c", "d"]})");
  EXPECT_EQ(reported(Diags),
            "config-misfit: `layer_types` in `config.json` of model `donor` "
            "says something of each of its 4 layers, which the result's 5 "
            "can't be matched with\n");
  Facts.LayerSources = {0, 1, 2, 3, 4};
  edit(R"({"num_hidden_layers": 4, "layer_types": ["a", "b", "c", "d"]})");
  EXPECT_EQ(Diags.size(), 2u);
}

TEST_F(OutputConfig, ALayerCountThatStandsNowhere) {
  Donor.LayerCountKey = "";
  Facts.Layers = 4;
  edit("{}");
  EXPECT_EQ(Diags.size(), 0u);
  Facts.Layers = 5;
  edit("{}");
  EXPECT_EQ(reported(Diags),
            "config-misfit: `config.json` of model `donor` has no number of "
            "layers that could be changed from 4 to 5\n");
}

TEST_F(OutputConfig, NumbersThatOnlyPythonWrites) {
  Facts.Layers = 3;
  EXPECT_EQ(edit(R"({"limit": [0.0, Infinity, -Infinity], "nan": NaN,
                     "word": "Infinity \" NaN", "path": "c:\\"})"),
            "{\n"
            "  \"limit\": [\n"
            "    0.0,\n"
            "    Infinity,\n"
            "    -Infinity\n"
            "  ],\n"
            "  \"nan\": NaN,\n"
            "  \"word\": \"Infinity \\\" NaN\",\n"
            "  \"path\": \"c:\\\\\",\n"
            "  \"num_hidden_layers\": 3\n"
            "}\n");
}

TEST_F(OutputConfig, WhatIsNoObjectIsReported) {
  for (const char *Text : {"", "{", "[1]", "{\"a\": }", "\"\\", "nonsense"}) {
    Diagnostics Fresh;
    Donor.ConfigText = Text;
    EXPECT_EQ(editConfig(Donor, Facts, Fresh), std::nullopt) << Text;
    EXPECT_EQ(reported(Fresh), "bad-config: `config.json` of model `donor` is "
                               "not a JSON object\n");
  }
}
