//===- ReportFindings.cpp - What many tensors have in common --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageLowering.h"

using namespace mergec;

void StageLowering::reportFindings() {
  auto Count = [](size_t N) {
    return std::to_string(N) + (N == 1 ? " tensor" : " tensors");
  };
  auto Heading = [&](Kind K, size_t N) -> std::string {
    std::string Verb = N == 1 ? " is" : " are";
    switch (K) {
    case Kind::MissingTensor:
      return Count(N) + Verb + " missing from some of the models";
    case Kind::AllowedMissing:
      return Count(N) + Verb + " merged from the models that have " +
             (N == 1 ? "it" : "them");
    case Kind::ShapeMismatch:
      return Count(N) + (N == 1 ? " has" : " have") +
             " different shapes in the models";
    case Kind::RowsDiffer:
      return Count(N) + (N == 1 ? " has" : " have") +
             " different numbers of vocabulary rows; the leading rows common "
             "to all are used";
    case Kind::NotFloat:
      return Count(N) + Verb + " not floating point and can't be computed with";
    case Kind::UntiedHead:
      return "models without a head of their own use their embedding as the "
             "head";
    default:
      return Count(N) + Verb + " not merged but copied";
    }
  };
  auto Hint = [&](Kind K) -> std::string {
    switch (K) {
    case Kind::MissingTensor:
      return ArchitecturesDiffer
                 ? ""
                 : "`--allow-missing` merges each from the models that have it";
    case Kind::ShapeMismatch:
      return "only models of one architecture and size can be merged, or "
             "stacked";
    case Kind::NotFloat:
      return "use the model's unquantised weights, or copy its layers with "
             "`merge_method: passthrough`";
    default:
      return "";
    }
  };
  if (!Mistakes.empty() && ArchitecturesDiffer) {
    Diagnostic &D =
        Diags.report(Kind::ArchitectureMismatch, P.MethodWhere,
                     "the models have different architectures, and their "
                     "tensors don't match");
    std::set<std::string> Seen;
    for (const Slice &S : Slices)
      for (const Input &In : S.Inputs)
        if (Seen.insert(In.Spelling).second)
          D.note("`" + In.Spelling + "` is a " +
                 (In.Model->architecture().empty()
                      ? std::string("model that does not say")
                      : In.Model->architecture().str()));
    D.hint("merge models that descend from one base, or of the same "
           "architecture and size");
  }
  Mistakes.report(Diags, P.MethodWhere, Heading, Hint);
  // Next to tensors that have nothing to do with each other, remarks on those
  // that happen to fit would only distract.
  if (Mistakes.empty() || !ArchitecturesDiffer)
    Remarks.report(Diags, P.MethodWhere, Heading, Hint);
}
