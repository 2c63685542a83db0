//===- TensorContext.cpp - One tensor, as its method sees it --------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorContext.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/xxhash.h"

using namespace mergec;

void TensorContext::begin(const Slice &NewSlice, const Job &NewJob) {
  S = &NewSlice;
  J = &NewJob;
  Inputs.clear();
  Sources.clear();
  Names.clear();
  Base = {};
  Incomplete = false;
}

ParameterPlace TensorContext::place() const {
  return {P, P.Modules.front(), *S->Plan, J->Position};
}

const ParameterSpec &TensorContext::spec(llvm::StringRef Name) const {
  const ParameterSpec *Spec = P.MergeMethod->parameter(Name);
  assert(Spec && "a method asked for a parameter it does not declare");
  return *Spec;
}

std::optional<ParameterValue> TensorContext::resolve(size_t I,
                                                     llvm::StringRef Name) {
  const ParameterSpec &Spec = spec(Name);
  return Spec.Scope == ParameterScope::Global
             ? resolveGlobal(place(), Spec, J->OutputName)
             : resolvePerModel(place(), *Sources[I]->From, Spec, Names[I]);
}

double TensorContext::missing(const ParameterSpec &Spec, const Input *For) {
  Incomplete = true;
  std::string Message = ("`" + Spec.Name + "` is missing").str();
  if (For)
    Message += " for model `" + For->Spelling + "`";
  if (Reported.insert({Kind::MissingParameter, Message}).second)
    Diags
        .report(Kind::MissingParameter,
                For ? For->From->Model.Where : P.MethodWhere,
                Message + ": no filter matches `" + J->OutputName + "`")
        .hint("end the list with `- value: …`, which has no filter and serves "
              "all other tensors");
  return 0;
}

double TensorContext::parameter(size_t I, llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(I, Name))
    return V->Value;
  return missing(spec(Name), Sources[I]);
}

double TensorContext::global(llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(0, Name))
    return V->Value;
  return missing(spec(Name), nullptr);
}

std::optional<double> TensorContext::optionalParameter(size_t I,
                                                       llvm::StringRef Name) {
  if (std::optional<ParameterValue> V = resolve(I, Name))
    return V->Value;
  return std::nullopt;
}

void TensorContext::reportParameter(size_t I, llvm::StringRef Name,
                                    const llvm::Twine &Message,
                                    const llvm::Twine &Hint) {
  std::optional<ParameterValue> V = resolve(I, Name);
  llvm::SMRange Where = V && V->Where.isValid() ? V->Where : P.MethodWhere;
  std::string Text =
      (Message + " for model `" + Sources[I]->Spelling + "`").str();
  if (Reported.insert({Kind::ParameterRange, Text}).second)
    Diags.report(Kind::ParameterRange, Where, Text)
        .note("first at `" + llvm::Twine(J->OutputName) + "`")
        .hint(Hint);
}

uint64_t TensorContext::randomKey(size_t I) {
  uint64_t Ordinal = Sources[I] - S->Inputs.data();
  if (S->Base >= 0 && Ordinal > uint64_t(S->Base))
    --Ordinal;
  std::string Bytes;
  llvm::raw_string_ostream OS(Bytes);
  llvm::support::endian::Writer Writer(OS, llvm::endianness::little);
  Writer.write(P.Seed.value_or(Options.Seed));
  Writer.write(Ordinal);
  OS << J->OutputName;
  return llvm::xxh3_64bits(OS.str());
}

void TensorContext::report(Kind K, const llvm::Twine &Message,
                           const llvm::Twine &Hint) {
  // What follows from a missing parameter is not the user's mistake.
  if (!Incomplete && Reported.insert({K, Message.str()}).second)
    Diags.report(K, P.MethodWhere, Message)
        .note("first at `" + llvm::Twine(J->OutputName) + "`")
        .hint(Hint);
}
