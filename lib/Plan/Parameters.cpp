//===- Parameters.cpp - The value of a parameter for one tensor -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A parameter is looked for in the source, the slice, the module and the plan;
// the first place that yields a value for this tensor wins, and the method's
// default comes last. A place whose filters all miss yields nothing.
//
//===----------------------------------------------------------------------===//

#include "mergec/Plan/Plan.h"
#include <algorithm>

using namespace mergec;

double Gradient::at(double Position) const {
  double Along = std::clamp(Position, 0.0, 1.0) * (Points.size() - 1);
  size_t Left = static_cast<size_t>(Along);
  if (Left + 1 >= Points.size())
    return Points.back();
  double Part = Along - Left;
  return (1 - Part) * Points[Left] + Part * Points[Left + 1];
}

const Setting *Settings::find(llvm::StringRef Name) const {
  for (const Setting &S : Items)
    if (S.Name == Name)
      return &S;
  return nullptr;
}

static std::optional<ParameterValue> lookUp(const Settings &From,
                                            llvm::StringRef Name,
                                            llvm::StringRef TensorName,
                                            double Position) {
  const Setting *S = From.find(Name);
  if (!S)
    return std::nullopt;
  for (const Setting::Alternative &A : S->Alternatives)
    if (TensorName.contains(A.Filter))
      return ParameterValue{A.Value.at(Position), A.Value.Where};
  return std::nullopt;
}

std::optional<ParameterValue>
mergec::resolveGlobal(const ParameterPlace &Place, const ParameterSpec &Spec,
                      llvm::StringRef OutputName) {
  for (const Settings *From :
       {&Place.Slice.Parameters, &Place.TheModule.Parameters,
        &Place.ThePlan.Parameters})
    if (auto Found = lookUp(*From, Spec.Name, OutputName, Place.Position))
      return Found;
  if (Spec.Default)
    return ParameterValue{*Spec.Default, {}};
  return std::nullopt;
}

std::optional<ParameterValue>
mergec::resolvePerModel(const ParameterPlace &Place, const Source &From,
                        const ParameterSpec &Spec, llvm::StringRef InputName) {
  if (auto Found =
          lookUp(From.Parameters, Spec.Name, InputName, Place.Position))
    return Found;
  return resolveGlobal(Place, Spec, InputName);
}
