//===- OutputCard.cpp - The model card ------------------------------------===//
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
constexpr Method Average = {
    "average", "the mean of the models", "", "Someone, 2022", BaseUse::None,
    1,         Method::AnyNumber,        {}, nullptr};
} // namespace

TEST(OutputCard, SaysWhatWasMergedAndHow) {
  Plan ThePlan;
  ThePlan.Path = "/nowhere/plan.yml";
  ThePlan.Name = "My model";
  ThePlan.MergeMethod = &Average;
  OutputContents Contents;
  Contents.ThePlan = &ThePlan;
  Contents.PlanText = "merge_method: average # ```` in a plan";
  Contents.Models = {"org/one@main", "./local|model", "org/one@main",
                     "org/two+org/adapter"};
  Contents.BaseModel = "org/base";
  Contents.Seed = 7;
  Contents.Version = "1.2.3";
  EXPECT_EQ(
      modelCard(Contents),
      "---\n"
      "base_model:\n"
      "- org/one\n"
      "- org/two\n"
      "- org/base\n"
      "library_name: transformers\n"
      "tags:\n"
      "- mergec\n"
      "- merge\n"
      "---\n"
      "\n"
      "# My model\n"
      "\n"
      "This model was merged from 4 models with mergec 1.2.3.\n"
      "\n"
      "## Method\n"
      "\n"
      "`average`: the mean of the models\n"
      "\n"
      "Paper: Someone, 2022\n"
      "\n"
      "## Models\n"
      "\n"
      "| Model | Part in the merge |\n"
      "| --- | --- |\n"
      "| [org/one@main](https://huggingface.co/org/one) | merged |\n"
      "| `./local\\|model` | merged |\n"
      "| [org/two+org/adapter](https://huggingface.co/org/two) | merged |\n"
      "| [org/base](https://huggingface.co/org/base) | base |\n"
      "\n"
      "## Plan\n"
      "\n"
      "`````yaml\n"
      "merge_method: average # ```` in a plan\n"
      "`````\n"
      "\n"
      "Seed: 7. The same plan, models, seed and version give the same "
      "bytes.\n");
}

TEST(OutputCard, OnlyLocalModelsGiveNoBaseModels) {
  OutputContents Contents;
  for (const char *Local : {"model", "./org/model", "../model", "/abs/model",
                            "~/model", "a/b/c", "org/", "-org/model"})
    Contents.Models.push_back(Local);
  EXPECT_EQ(modelCard(Contents).find("base_model"), std::string::npos);
}

TEST_F(OutputTest, ADirectoryBesideThePlanIsNoHubName) {
  std::filesystem::create_directories(at("models/one"));
  Plan ThePlan;
  ThePlan.Path = at("plan.yml");
  OutputContents Contents;
  Contents.ThePlan = &ThePlan;
  Contents.Models = {"models/one"};
  Contents.BaseModel = "models/one";
  std::string Card = modelCard(Contents);
  EXPECT_EQ(Card.find("base_model"), std::string::npos);
  EXPECT_NE(Card.find("| `models/one` | base |"), std::string::npos);
}
