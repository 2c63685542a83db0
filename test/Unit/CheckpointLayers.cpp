//===- CheckpointLayers.cpp - Layers, roles and configurations ------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckpointDirectory.h"

using namespace mergec;

namespace {

void append(std::vector<std::string> &To, std::vector<std::string> More) {
  To.insert(To.end(), More.begin(), More.end());
}

/// A model of these tensors and this config.json (none if empty).
std::unique_ptr<Checkpoint> model(const std::vector<std::string> &Names,
                                  llvm::StringRef Config = "") {
  CheckpointDirectory Dir;
  Dir.writeTensors(Names);
  if (!Config.empty())
    Dir.write("config.json", Config);
  return Dir.open();
}

void expectLayers(const std::unique_ptr<Checkpoint> &Model,
                  llvm::StringRef Prefix, int64_t Count) {
  ASSERT_TRUE(Model);
  EXPECT_EQ(Model->layers().Prefix, Prefix);
  EXPECT_EQ(Model->layers().Count, Count);
}

TEST(CheckpointLayers, Llama) {
  auto Model =
      model(layered("model.layers.", 12, "mlp.up_proj.weight",
                    {"model.embed_tokens.weight", "model.norm.weight",
                     "lm_head.weight",
                     "model.layers.3.self_attn.rotary_emb.inv_freq"}),
            R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
          "num_hidden_layers": 12, "vocab_size": 32000})");
  expectLayers(Model, "model.layers.", 12);
  EXPECT_EQ(Model->architecture(), "LlamaForCausalLM");
  EXPECT_EQ(Model->modelType(), "llama");
  EXPECT_EQ(Model->layerCountKey(), "num_hidden_layers");
  EXPECT_EQ(Model->vocabularySize(), 32000);
  EXPECT_FALSE(Model->tiesHead());
  EXPECT_EQ(Model->role("model.embed_tokens.weight"),
            TensorRole::InputEmbedding);
  EXPECT_EQ(Model->role("lm_head.weight"), TensorRole::OutputEmbedding);
  EXPECT_EQ(Model->role("model.norm.weight"), TensorRole::After);
  EXPECT_EQ(Model->role("model.layers.11.mlp.up_proj.weight"),
            TensorRole::Layer);
  EXPECT_EQ(Model->role("model.layers.3.self_attn.rotary_emb.inv_freq"),
            TensorRole::Buffer);

  auto Split = Model->splitLayer("model.layers.11.mlp.up_proj.weight");
  ASSERT_TRUE(Split);
  EXPECT_EQ(Split->first, 11);
  EXPECT_EQ(Split->second, "mlp.up_proj.weight");
  for (llvm::StringRef None :
       {"model.layers.12.mlp.up_proj.weight", "model.layers.011.w",
        "model.layers.1x.w", "model.layers.", "model.layers.3",
        "model.norm.weight", "x.model.layers.3.w",
        "model.layers.99999999999999999999.w", "model.layers.-1.w"})
    EXPECT_FALSE(Model->splitLayer(None)) << None.str();
}

TEST(CheckpointLayers, Gpt2MasksAreBuffersAndBiasesAreNot) {
  CheckpointDirectory Dir;
  Dir.writeSafetensors(
      "model.safetensors",
      R"({"wte.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
"wpe.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},
"h.0.attn.bias":{"dtype":"U8","shape":[1,1,2,2],"data_offsets":[8,12]},
"h.0.attn.masked_bias":{"dtype":"F32","shape":[],"data_offsets":[12,16]},
"h.0.attn.c_attn.bias":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},
"h.1.attn.bias":{"dtype":"F32","shape":[1],"data_offsets":[20,24]},
"ln_f.weight":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}})",
      28);
  Dir.write("config.json", R"({"n_layer": 2})");
  auto Model = Dir.open();
  expectLayers(Model, "h.", 2);
  EXPECT_TRUE(Model->tiesHead());
  EXPECT_EQ(Model->role("wte.weight"), TensorRole::InputEmbedding);
  EXPECT_EQ(Model->role("wpe.weight"), TensorRole::Before);
  EXPECT_EQ(Model->role("h.0.attn.bias"), TensorRole::Buffer);
  EXPECT_EQ(Model->role("h.0.attn.masked_bias"), TensorRole::Buffer);
  EXPECT_EQ(Model->role("h.0.attn.c_attn.bias"), TensorRole::Layer);
  EXPECT_EQ(Model->role("h.1.attn.bias"), TensorRole::Layer);
  EXPECT_EQ(Model->role("ln_f.weight"), TensorRole::After);
}

TEST(CheckpointLayers, OtherEmbeddingsAndHeads) {
  for (auto [In, Out] : {std::pair("gpt_neox.embed_in", "embed_out"),
                         std::pair("transformer.wte", "lm_head"),
                         std::pair("model.tok_embeddings", "output"),
                         std::pair("language_model.model.embed_tokens",
                                   "language_model.lm_head"),
                         std::pair("transformer.embedding.word_embeddings",
                                   "transformer.output_layer")}) {
    auto Model =
        model({std::string(In) + ".weight", std::string(Out) + ".weight"});
    ASSERT_TRUE(Model);
    EXPECT_EQ(Model->role(std::string(In) + ".weight"),
              TensorRole::InputEmbedding);
    EXPECT_EQ(Model->role(std::string(Out) + ".weight"),
              TensorRole::OutputEmbedding);
    EXPECT_FALSE(Model->tiesHead());
  }
}

TEST(CheckpointLayers, ExpertsAsManyAsLayers) {
  std::vector<std::string> Names;
  for (int I = 0; I != 8; ++I)
    append(Names, layered("model.layers." + std::to_string(I) + ".experts.", 8,
                          "w1.weight"));
  expectLayers(model(Names, R"({"num_hidden_layers": 8})"), "model.layers.", 8);
}

TEST(CheckpointLayers, ExpertsAreNoLayersWhenALayerIsMissing) {
  std::vector<std::string> Names;
  for (int I = 0; I != 7; ++I)
    append(Names, layered("model.layers." + std::to_string(I) + ".experts.", 8,
                          "w1.weight"));
  CheckpointDirectory Dir;
  Dir.writeTensors(Names);
  Dir.write("config.json", R"({"num_hidden_layers": 8})");
  Diagnostics Diags;
  EXPECT_FALSE(Dir.open(Diags));
  EXPECT_EQ(Diags.all()[0].Id, Kind::NoLayers);
}

TEST(CheckpointLayers, VisionTowerAsDeepAsTheLanguageModel) {
  // The tower has more bytes, and still is not it.
  auto Names = layered("vision_tower.encoder.layers.", 4, "mlp.weight",
                       {"language_model.model.embed_tokens.weight",
                        "multi_modal_projector.linear_1.weight",
                        "vision_tower.embeddings.patch_embedding.weight"});
  append(Names, layered("vision_tower.encoder.layers.", 4, "attn.weight"));
  append(Names, layered("language_model.model.layers.", 4, "mlp.weight"));
  auto Model = model(Names, R"({"text_config": {"num_hidden_layers": 4},
                                "vision_config": {"num_hidden_layers": 4}})");
  expectLayers(Model, "language_model.model.layers.", 4);
  EXPECT_EQ(Model->layerCountKey(), "text_config.num_hidden_layers");
  EXPECT_EQ(Model->role("vision_tower.encoder.layers.0.mlp.weight"),
            TensorRole::Before);
  EXPECT_EQ(Model->role("multi_modal_projector.linear_1.weight"),
            TensorRole::Before);
  EXPECT_EQ(Model->role("vision_tower.embeddings.patch_embedding.weight"),
            TensorRole::Before);
}

TEST(CheckpointLayers, TowerAlone) {
  expectLayers(model(layered("vision_model.encoder.layers.", 3, "w"),
                     R"({"num_hidden_layers": 3})"),
               "vision_model.encoder.layers.", 3);
}

TEST(CheckpointLayers, PredictionLayersBehindTheLast) {
  auto Model = model(layered("model.layers.", 5, "mlp.weight"),
                     R"({"num_hidden_layers": 4,
                         "num_nextn_predict_layers": 1})");
  expectLayers(Model, "model.layers.", 4);
  EXPECT_TRUE(Model->splitLayer("model.layers.3.mlp.weight"));
  EXPECT_FALSE(Model->splitLayer("model.layers.4.mlp.weight"));
  EXPECT_EQ(Model->role("model.layers.4.mlp.weight"), TensorRole::After);
}

TEST(CheckpointLayers, EncoderAndDecoder) {
  auto Names = layered("encoder.block.", 6, "w", {"shared.weight"});
  append(Names, layered("decoder.block.", 6, "w"));
  auto Model = model(Names, R"({"num_layers": 6, "architectures": null})");
  expectLayers(Model, "decoder.block.", 6);
  EXPECT_EQ(Model->role("shared.weight"), TensorRole::InputEmbedding);
}

TEST(CheckpointLayers, WithoutConfiguration) {
  auto Names = layered("h.", 5, "w", {"odd.3.w", "odd.7.w"});
  append(Names, layered("head.mlp.", 2, "w"));
  expectLayers(model(Names), "h.", 5);
}

TEST(CheckpointLayers, ConstantNumberAroundTheLayers) {
  expectLayers(model(layered("0.auto_model.layer.", 3, "w"),
                     R"({"num_hidden_layers": 3})"),
               "0.auto_model.layer.", 3);
}

TEST(CheckpointLayers, None) {
  expectLayers(model({"a.weight", "b.weight"}), "", 0);
  expectLayers(model({"a.weight"}, R"({"num_hidden_layers": 0})"), "", 0);
}

TEST(CheckpointLayers, SharedLayers) {
  expectLayers(model({"encoder.albert_layer_groups.0.albert_layers.0.w"},
                     R"({"num_hidden_layers": 12, "num_hidden_groups": 1})"),
               "encoder.albert_layer_groups.", 1);
}

TEST(CheckpointLayers, PythonsNumbersInAConfiguration) {
  auto Model = model(layered("model.layers.", 2, "w"),
                     R"({"time_step_limit": [0.0, Infinity, -Infinity, NaN],
                         "text": "\"NaN\\", "num_hidden_layers": 2})");
  expectLayers(Model, "model.layers.", 2);
}

TEST(CheckpointLayers, HeadIsTiedWhenThereIsNone) {
  std::vector<std::string> Tied = {"model.embed_tokens.weight"};
  EXPECT_TRUE(model(Tied)->tiesHead());
  EXPECT_TRUE(model(Tied, R"({"tie_word_embeddings": false})")->tiesHead());
  std::vector<std::string> Stored = {"model.embed_tokens.weight",
                                     "lm_head.weight"};
  EXPECT_FALSE(model(Stored, R"({"tie_word_embeddings": true})")->tiesHead());
  EXPECT_FALSE(model({"classifier.weight"})->tiesHead());
}

TEST(CheckpointLayers, QuantisedModelsAreNamed) {
  auto Scheme = [](std::vector<std::string> Names, llvm::StringRef Config) {
    auto Model = model(Names, Config);
    return Model ? Model->quantisation().str() : "";
  };
  EXPECT_EQ(Scheme({"a.weight"}, "{}"), "");
  EXPECT_EQ(Scheme({"a"}, R"({"quantization_config": null})"), "");
  EXPECT_EQ(Scheme({"a"}, R"({"quantization_config":
                              {"quant_method": "gptq"}})"),
            "gptq");
  EXPECT_EQ(Scheme({"a"}, R"({"quantization_config":
                              {"load_in_4bit": true}})"),
            "bitsandbytes");
  EXPECT_EQ(Scheme({"a"}, R"({"quantization_config": {"bits": 4}})"),
            "unknown");
  EXPECT_EQ(Scheme({"a.qweight", "a.qzeros", "a.scales", "a.g_idx"}, "{}"),
            "gptq");
  EXPECT_EQ(Scheme({"a.qweight", "a.qzeros", "a.scales"}, "{}"), "awq");
  EXPECT_EQ(Scheme({"a.weight", "a.weight_scale_inv"}, "{}"), "fp8");

  CheckpointDirectory Dir;
  Dir.writeSafetensors(
      "model.safetensors",
      R"({"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}})", 2);
  EXPECT_EQ(Dir.open()->quantisation(), "fp8");
}

} // namespace
