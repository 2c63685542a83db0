//===- DiagnosticsPrint.cpp - Order and looks of diagnostics --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Diagnostics/Diagnostics.h"
#include "gtest/gtest.h"

using namespace mergec;

namespace {

class DiagnosticsPrint : public testing::Test {
protected:
  /// The place of the first `Part` in `Text`.
  static llvm::SMRange at(llvm::StringRef Text, llvm::StringRef Part) {
    const char *Begin = Text.data() + Text.find(Part);
    return {llvm::SMLoc::getFromPointer(Begin),
            llvm::SMLoc::getFromPointer(Begin + Part.size())};
  }

  std::string text(bool Colours = false) {
    std::string Said;
    llvm::raw_string_ostream OS(Said);
    Diags.flush(OS, Colours);
    return Said;
  }

  std::string json() {
    std::string Said;
    llvm::raw_string_ostream OS(Said);
    Diags.flushJson(OS);
    return Said;
  }

  Diagnostics Diags;
};

TEST_F(DiagnosticsPrint, InSourceOrderPlacesLastAndEqualOnesOnce) {
  llvm::StringRef First = Diags.addFile("first.yml", "a: 1\nb: 2\n");
  llvm::StringRef Second = Diags.addFile("second.yml", "c: 3");
  Diags.report(Kind::OutputExists, "nowhere");
  Diags.report(Kind::BadValue, at(Second, "3"), "third");
  Diags.report(Kind::BadValue, at(First, "b"), "second");
  Diags.report(Kind::BadValue, at(First, "1"), "first");
  Diags.report(Kind::BadValue, at(First, "b"), "second");
  EXPECT_EQ(text(), "first.yml:1:4: error: first [bad-value]\n"
                    "a: 1\n"
                    "   ^\n"
                    "first.yml:2:1: error: second [bad-value]\n"
                    "b: 2\n"
                    "^\n"
                    "second.yml:1:4: error: third [bad-value]\n"
                    "c: 3\n"
                    "   ^\n"
                    "error: nowhere [output-exists]\n");
  EXPECT_EQ(text(), "") << "each is printed once";
}

TEST_F(DiagnosticsPrint, NotesAndHintsFollowTheirDiagnostic) {
  llvm::StringRef Text = Diags.addFile("x.yml", "one: two");
  Diags.report(Kind::DuplicateKey, at(Text, "two"), "seen")
      .note("a place", at(Text, "one"))
      .note("no place")
      .hint("mend it");
  EXPECT_EQ(text(), "x.yml:1:6: error: seen [duplicate-key]\n"
                    "one: two\n"
                    "     ^~~\n"
                    "x.yml:1:1: note: a place\n"
                    "one: two\n"
                    "^~~\n"
                    "note: no place\n"
                    "x.yml:1:6: hint: mend it\n");
}

TEST_F(DiagnosticsPrint, CaretsStandBelowTheirLetters) {
  // A tab, a letter of two bytes, one of two columns, and one that is no text.
  llvm::StringRef Text =
      Diags.addFile("x.yml", "\ta: \xc3\xa9 \xe6\xbc\xa2 \x01 here\r\n");
  Diags.report(Kind::BadValue, at(Text, "here"), "odd letters");
  Diags.report(Kind::BadValue, at(Text, "\xe6\xbc\xa2"), "wide");
  EXPECT_EQ(text(), "x.yml:1:8: error: wide [bad-value]\n"
                    "        a: \xc3\xa9 \xe6\xbc\xa2 ? here\n"
                    "             ^~\n"
                    "x.yml:1:14: error: odd letters [bad-value]\n"
                    "        a: \xc3\xa9 \xe6\xbc\xa2 ? here\n"
                    "                  ^~~~\n");
}

TEST_F(DiagnosticsPrint, RangesEndWithTheirLine) {
  llvm::StringRef Text = Diags.addFile("x.yml", "a:\n  b\n");
  Diags.report(Kind::BadValue, at(Text, "a:\n  b"), "two lines");
  llvm::SMLoc End = llvm::SMLoc::getFromPointer(Text.end());
  Diags.report(Kind::BadValue, {End, End}, "the end");
  EXPECT_EQ(text(), "x.yml:1:1: error: two lines [bad-value]\n"
                    "a:\n"
                    "^~\n"
                    "x.yml:3:1: error: the end [bad-value]\n"
                    "\n"
                    "^\n");
}

TEST_F(DiagnosticsPrint, OfLongLinesThePartAroundTheCaret) {
  llvm::StringRef Text = Diags.addFile(
      "x.yml", std::string(200, 'a') + " here " + std::string(200, 'b'));
  Diags.report(Kind::BadValue, at(Text, "here"), "far out");
  EXPECT_EQ(text(), "x.yml:1:202: error: far out [bad-value]\n..." +
                        std::string(39, 'a') + " here " + std::string(75, 'b') +
                        "...\n" + std::string(43, ' ') + "^~~~\n");
}

TEST_F(DiagnosticsPrint, AsJson) {
  llvm::StringRef Text = Diags.addFile("x.yml", "one: two");
  Diags.report(Kind::CannotRead, "gone \xff");
  Diags.report(Kind::UnknownKey, at(Text, "two"), "seen")
      .note("a place", at(Text, "one"))
      .hint("mend it");
  EXPECT_EQ(json(),
            "{\"severity\":\"warning\",\"kind\":\"unknown-key\","
            "\"file\":\"x.yml\",\"line\":1,\"column\":6,\"message\":\"seen\","
            "\"notes\":[{\"file\":\"x.yml\",\"line\":1,\"column\":1,"
            "\"message\":\"a place\"}],\"hint\":\"mend it\"}\n"
            "{\"severity\":\"failure\",\"kind\":\"cannot-read\","
            "\"message\":\"gone \xef\xbf\xbd\"}\n");
}

TEST_F(DiagnosticsPrint, ColoursLeaveTheTextAsItIs) {
  Diags.report(Kind::BadValue, "wrong");
  std::string Said = text(/*Colours=*/true);
  EXPECT_NE(Said.find("\033["), std::string::npos);
  EXPECT_NE(Said.find("wrong [bad-value]\n"), std::string::npos);
}

TEST_F(DiagnosticsPrint, QuietHidesRemarks) {
  Diags.setQuiet(true);
  Diags.report(Kind::UnusedBase, "a remark");
  Diags.report(Kind::UnknownKey, "a warning");
  EXPECT_EQ(text(), "warning: a warning [unknown-key]\n");
}

TEST(DiagnosticsStatus, StrictMakesWarningsErrors) {
  Diagnostics Diags;
  Diags.report(Kind::UnknownKey, "");
  Diags.report(Kind::UnusedBase, "");
  EXPECT_FALSE(Diags.hasErrors());
  EXPECT_EQ(Diags.exitCode(), 0);
  Diags.setStrict(true);
  Diags.report(Kind::UnusedBase, "");
  EXPECT_FALSE(Diags.hasErrors());
  Diags.report(Kind::UnknownKey, "");
  EXPECT_TRUE(Diags.hasErrors());
  EXPECT_EQ(Diags.exitCode(), 1);
}

TEST(DiagnosticsStatus, FailuresAreOfTheEnvironmentUnlessTheInputIsWrongToo) {
  Diagnostics Diags;
  Diags.report(Kind::DiskFull, "");
  EXPECT_TRUE(Diags.hasErrors());
  EXPECT_EQ(Diags.exitCode(), 2);
  Diags.report(Kind::BadValue, "");
  EXPECT_EQ(Diags.exitCode(), 1);
}

TEST(DiagnosticsNearest, FindsWhatWasMeant) {
  llvm::StringRef Known[] = {"models", "modules", "weight", "t", "out_dtype"};
  EXPECT_EQ(Diagnostics::nearest("wieght", Known), "weight");
  EXPECT_EQ(Diagnostics::nearest("Weights", Known), "weight");
  EXPECT_EQ(Diagnostics::nearest("modles", Known), "models");
  EXPECT_EQ(Diagnostics::nearest("output_dtype", Known), "out_dtype");
  EXPECT_EQ(Diagnostics::nearest("x", Known), "") << "nothing in common";
  EXPECT_EQ(Diagnostics::nearest("interpolation_factor", Known), "");
  EXPECT_EQ(Diagnostics::nearest("", Known), "");
}

} // namespace
