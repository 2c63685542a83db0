//===- Driver.cpp - From a command to a model directory ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Driver/Driver.h"
#include "Compilation.h"
#include "Execute.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

/// A graph as text: passes can be run on it and the result looked at.
static int driveGraph(const DriverOptions &Options, Session &S,
                      llvm::raw_ostream &Out) {
  if (Options.Inputs.size() > 1) {
    S.Diags.report(Kind::BadOption, "a graph (.mir) is read alone")
        .hint("name it without other files");
    return S.end();
  }
  if (Options.Emit == EmitIR::Dot) {
    S.Diags
        .report(Kind::BadOption,
                "a graph (.mir) has no stages and models to draw")
        .hint("`--emit-ir=dot` draws plans");
    return S.end();
  }
  if (!Options.Output.empty() || Options.Emit == EmitIR::No) {
    S.Diags
        .report(Kind::BadOption,
                "a graph (.mir) has no models to read, so it can't be run")
        .hint("say `--emit-ir` to print it, with `--run-pass=…` to run passes");
    return S.end();
  }
  std::optional<Graph> Parsed = parseGraph(Options.Inputs.front(), S.Diags);
  if (!Parsed || !verifyGraph(*Parsed, S.Diags))
    return S.end();
  Compilation C(Options, S.Diags, Out);
  C.G = std::move(*Parsed);
  bool Optimizes =
      !Options.RunPasses.empty() || Options.Emit != EmitIR::Lowered;
  if (Optimizes && !C.optimize())
    return S.end();
  if (Options.Emit != EmitIR::Scheduled)
    printGraph(C.G, Out);
  else if (C.fuse())
    printSchedule(C.G, *C.Sweeps, Out);
  return S.end();
}

int mergec::drive(const DriverOptions &Options, llvm::raw_ostream &Out,
                  llvm::raw_ostream &Err) {
  Session S(Options, Err);
  if (llvm::any_of(Options.Inputs,
                   [](llvm::StringRef Path) { return Path.ends_with(".mir"); }))
    return driveGraph(Options, S, Out);

  Compilation C(Options, S.Diags, Out);
  bool Runs = Options.Emit == EmitIR::No && !Options.DryRun;
  if (Runs && Options.Output.empty() && Options.OutRoot.empty())
    S.Diags.report(Kind::BadOption, "where should the result go?")
        .hint("say `-o directory`, or `--dry-run` to see what would be done");
  if (!Options.Output.empty() && !Options.OutRoot.empty())
    S.Diags
        .report(Kind::BadOption,
                "both `-o` and `--out-root` say where results go")
        .hint("`-o` is the directory of one result, `--out-root` one in which "
              "each result has its own");

  if (!C.readPlans() || !C.openModels() || !C.lower() || S.Diags.hasErrors())
    return S.end();
  // Beyond this point the plan fits the models: every input of every tensor
  // exists, with a dtype and a shape that its method can take.
  if (C.emits(EmitIR::Lowered)) {
    printGraph(C.G, Out);
    return S.end();
  }
  if (!C.optimize())
    return S.end();
  if (C.emits(EmitIR::Optimized)) {
    printGraph(C.G, Out);
    return S.end();
  }
  // Beyond this point the graph holds only what the stores need, once.
  C.layOutResults();
  // Beyond this point every output byte has its place.
  OutputDirectories Directories;
  if (Runs)
    Directories = beginOutputs(C, S, Out);
  if (S.Diags.hasErrors())
    return S.end();
  // Beyond this point the graph makes only what is not there already.
  if (!C.fuse())
    return S.end();
  if (C.emits(EmitIR::Scheduled)) {
    printSchedule(C.G, *C.Sweeps, Out);
    return S.end();
  }
  if (C.emits(EmitIR::Dot)) {
    printDot(C, Out);
    return S.end();
  }
  if (!C.makeProgram())
    return S.end();
  if (Runs)
    return execute(C, Directories, S, Out, Err);
  if (checkOutputs(C, S.Diags))
    printDryRun(C, Out);
  return S.end();
}
