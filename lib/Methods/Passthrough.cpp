//===- Passthrough.cpp - Tensors unchanged -------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Methods/MethodContext.h"

using namespace mergec;

static ValueId lower(MethodContext &C) {
  std::optional<double> Scale = C.optionalParameter(0, "scale");
  if (!Scale || *Scale == 1.0)
    return C.storedInput(0);
  if (!isFloat(C.shape().Element)) {
    C.report(Kind::NotFloat,
             "`scale` can't be applied to a tensor that is not floating point",
             "give `scale` a filter that leaves such tensors out");
    return C.storedInput(0);
  }
  return C.combine({C.input(0)}, llvm::ArrayRef<double>{*Scale});
}

static constexpr ParameterSpec Parameters[] = {
    {.Name = "scale",
     .Scope = ParameterScope::Model,
     .Kind = ParameterKind::Number,
     .Optional = true,
     .Help = "factor for the tensor; without it bytes are copied unchanged"},
};

namespace mergec::methods {
extern const Method methodPassthrough;
const Method methodPassthrough = {
    .Name = "passthrough",
    .Summary = "each layer from one model, unchanged",
    .Purpose =
        "Frankenmerges: layers of several models stacked into a deeper one.",
    .Base = BaseUse::None,
    .MaxModels = 1,
    .Parameters = Parameters,
    .Lower = lower,
    .AnyDType = true,
};
} // namespace mergec::methods
