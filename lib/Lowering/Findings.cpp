//===- Findings.cpp - Mistakes that many tensors share -------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Findings.h"

using namespace mergec;

void Findings::add(Kind K, llvm::StringRef Pattern, llvm::StringRef Detail,
                   int64_t Layer) {
  Group &G = Groups[K][{Pattern.str(), Detail.str()}];
  ++G.Tensors;
  ++Added;
  if (Layer >= 0)
    G.Layers.push_back(Layer);
}

/// `0-3, 7`.
static std::string ranges(llvm::ArrayRef<int64_t> Layers) {
  std::string Text;
  for (size_t I = 0; I != Layers.size();) {
    size_t J = I + 1;
    while (J != Layers.size() && Layers[J] == Layers[J - 1] + 1)
      ++J;
    if (!Text.empty())
      Text += ", ";
    Text += std::to_string(Layers[I]);
    if (J - I > 1)
      Text += "-" + std::to_string(Layers[J - 1]);
    I = J;
  }
  return Text;
}

void Findings::report(Diagnostics &Diags, llvm::SMRange Where,
                      llvm::function_ref<std::string(Kind, size_t)> Heading,
                      llvm::function_ref<std::string(Kind)> Hint) {
  for (auto &[K, ByGroup] : Groups) {
    size_t Tensors = 0;
    for (auto &[Key, G] : ByGroup)
      Tensors += G.Tensors;
    Diagnostic &D = Diags.report(K, Where, Heading(K, Tensors));
    for (auto &[Key, G] : ByGroup) {
      std::string Text = "`" + Key.first + "`";
      if (!G.Layers.empty())
        Text += (G.Layers.size() == 1 ? " (layer " : " (layers ") +
                ranges(G.Layers) + ")";
      D.note(Text + ": " + Key.second);
    }
    if (std::string H = Hint(K); !H.empty())
      D.hint(H);
  }
}
