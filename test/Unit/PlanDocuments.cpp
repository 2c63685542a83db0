//===- PlanDocuments.cpp - Files of several plans
//--------------------------===//
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

constexpr llvm::StringLiteral Body = "merge_method: linear\n"
                                     "models: [{model: a}]\n"
                                     "parameters: {weight: 1}\n";

class PlanDocuments : public PlanTest {
protected:
  /// The file's plans, or none and a failure.
  PlanFile read(const std::string &Text, llvm::ArrayRef<PlanSetting> Set = {}) {
    EXPECT_TRUE(write(Text));
    std::optional<PlanFile> File = readPlanFile(Path, Diags, Set);
    std::string Said;
    llvm::raw_string_ostream OS(Said);
    Diags.flush(OS);
    EXPECT_EQ(Said, "");
    EXPECT_TRUE(File);
    return File ? std::move(*File) : PlanFile();
  }

  std::vector<std::string> textsOf(const PlanFile &File) {
    std::vector<std::string> Texts;
    for (const Plan &P : File.Plans)
      Texts.push_back(P.Text.str());
    return Texts;
  }
};

using Texts = std::vector<std::string>;

TEST_F(PlanDocuments, OneDocumentIsTheWholeFile) {
  std::string Text = "# first\n---\n" + Body.str() + "...\n# last\n";
  EXPECT_EQ(textsOf(read(Text)), Texts{Text});
}

TEST_F(PlanDocuments, MarkersDivide) {
  std::string First = "# of the first\nname: one\n" + Body.str();
  std::string Second = "--- # of the second\n" + Body.str();
  PlanFile File = read(First + Second + "...\n---\n# nothing\n---\n");
  EXPECT_EQ(textsOf(File), (Texts{First, Second}));
  EXPECT_EQ(File.Result, 1u);
}

TEST_F(PlanDocuments, DirectivesBelongToWhatFollows) {
  std::string First = "%YAML 1.2\n---\nname: one\n" + Body.str();
  PlanFile File = read(First + "...\n" + "%YAML 1.2\n--- \n" + Body.str());
  EXPECT_EQ(textsOf(File), (Texts{First, "%YAML 1.2\n--- \n" + Body.str()}));
}

TEST_F(PlanDocuments, ALineThatOnlyBeginsLikeAMarkerIsNone) {
  std::string Text = "name: one\nchat_template: |\n  ---\n  ...\n" + Body.str();
  EXPECT_EQ(read(Text).Plans.size(), 1u);
}

TEST_F(PlanDocuments, TheNamelessOneIsTheResultOrTheLast) {
  auto Named = [](std::string Name) { return "name: " + Name + "\n"; };
  std::string B = Body.str(), Next = "---\n";
  EXPECT_EQ(read(B + Next + Named("a") + B).Result, 0u);
  EXPECT_EQ(read(Named("a") + B + Next + Named("b") + B).Result, 1u);
}

TEST_F(PlanDocuments, SettingsReplaceAndAdd) {
  PlanSetting Weight{"parameters.weight", {"0.5"}};
  PlanSetting Model{"models.0.parameters.weight", {"[0, 1]"}};
  PlanSetting Seed{"seed", {"7"}};
  PlanSetting Normalize{"parameters.normalize", {"false"}};
  PlanFile File = read(Body.str(), {Weight, Model, Seed, Normalize});
  ASSERT_EQ(File.Plans.size(), 1u);
  EXPECT_EQ(File.Plans[0].Text,
            "seed: 7\nmerge_method: linear\n"
            "models: [{parameters: {weight: [0, 1]}, model: a}]\n"
            "parameters: {normalize: false, weight: 0.5}\n");
  EXPECT_EQ(File.Plans[0].Variant, "");
  EXPECT_EQ(File.Plans[0].Seed, 7u);
}

TEST_F(PlanDocuments, AMatrixIsCombinedAndTakenOut) {
  std::string Text = "merge_method: linear\n"
                     "matrix: # of what to try\n"
                     "  seed: [1, 2]\n"
                     "  parameters.weight: [0.5, [0, 1], 0.5]\n"
                     "models:\n"
                     "  - model: a\n"
                     "parameters:\n"
                     "  weight:\n"
                     "    - {filter: mlp, value: 1}\n"
                     "    - value: 2\n"
                     "dtype: bfloat16\n";
  PlanFile File = read(Text);
  ASSERT_EQ(File.Plans.size(), 6u);
  EXPECT_EQ(File.Variants, 6u);
  EXPECT_EQ(File.Plans[0].Variant, "seed=1-weight=0.5");
  EXPECT_EQ(File.Plans[2].Variant, "seed=1-weight=0.5_2");
  EXPECT_EQ(File.Plans[5].Variant, "seed=2-weight=0.5_2");
  EXPECT_EQ(File.Plans[3].Text, "seed: 2\n"
                                "merge_method: linear\n"
                                "models:\n"
                                "  - model: a\n"
                                "parameters:\n"
                                "  weight:\n"
                                "    0.5\n"
                                "dtype: bfloat16\n");
}

TEST_F(PlanDocuments, TheCommandCountsInsteadOfTheMatrix) {
  std::string Text =
      "{matrix: {seed: [1, 2, 3]}, merge_method: linear, models: "
      "[{model: a}], parameters: {weight: 1}}\n";
  PlanSetting Seed{"seed", {"4", "5"}};
  PlanFile File = read(Text, {Seed});
  ASSERT_EQ(File.Plans.size(), 2u);
  EXPECT_EQ(File.Plans[1].Text,
            "{ seed: 5, merge_method: linear, models: [{model: a}], "
            "parameters: {weight: 1}}\n");
}

} // namespace
