//===- StackedModels.cpp - Models whose layers follow one another --------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StackedModels.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mergec;

using Shape = llvm::ArrayRef<int64_t>;

std::string mergec::shapeText(Shape S) {
  return "[" +
         llvm::join(
             llvm::map_range(S, [](int64_t E) { return std::to_string(E); }),
             ", ") +
         "]";
}

namespace {
/// The shapes that a tensor has in the layers of each model; none where the
/// model lacks it.
using ShapesByModel = std::vector<llvm::SmallVector<Shape, 1>>;
} // namespace

static bool fits(const ShapesByModel &Shapes) {
  return llvm::any_of(Shapes.front(), [&](Shape S) {
    return llvm::all_of(Shapes, [&](const auto &Others) {
      return llvm::is_contained(Others, S);
    });
  });
}

static void checkLayers(llvm::ArrayRef<StackedModel> Models, Kind MissingKind,
                        Findings &Missing, Findings &Mistakes) {
  std::map<llvm::StringRef, ShapesByModel> BySuffix;
  for (size_t M = 0; M != Models.size(); ++M)
    for (const std::vector<LayerTable::Entry> &Layer : Models[M].Table->Layers)
      for (const LayerTable::Entry &E : Layer) {
        const TensorInfo &T = Models[M].Model->tensors()[E.Tensor];
        if (Models[M].Model->role(T.Name) == TensorRole::Buffer)
          continue;
        ShapesByModel &Shapes = BySuffix[E.Suffix];
        Shapes.resize(Models.size());
        if (!llvm::is_contained(Shapes[M], Shape(T.Shape)))
          Shapes[M].push_back(T.Shape);
      }

  for (const auto &[Suffix, Shapes] : BySuffix) {
    std::string Without, With;
    for (size_t M = 0; M != Models.size(); ++M) {
      std::string Name = ("`" + Models[M].Spelling + "`").str();
      if (Shapes[M].empty())
        Without += (Without.empty() ? "" : ", ") + Name;
      else
        With += (With.empty() ? "" : ", ") + shapeText(Shapes[M].front()) +
                " in " + Name;
    }
    if (!Without.empty())
      Missing.add(MissingKind, Suffix, "not in " + Without, -1);
    else if (!fits(Shapes))
      Mistakes.add(Kind::ShapeMismatch, Suffix, With, -1);
  }
}

/// Of the tensors outside the layers the first model gives those before and the
/// last one those behind. How many rows a vocabulary has is another matter.
static void checkEnds(const StackedModel &First, const StackedModel &Last,
                      Findings &Mistakes) {
  for (uint32_t I : First.Table->Others) {
    const TensorInfo &A = First.Model->tensors()[I];
    const TensorInfo *B = Last.Model->find(A.Name);
    TensorRole Role = First.Model->role(A.Name);
    if (!B || Role == TensorRole::Buffer)
      continue;
    bool Vocabulary = Role == TensorRole::InputEmbedding ||
                      Role == TensorRole::OutputEmbedding;
    size_t Skipped =
        Vocabulary && !A.Shape.empty() && A.Shape.size() == B->Shape.size();
    if (Shape(A.Shape).drop_front(Skipped) !=
        Shape(B->Shape).drop_front(Skipped))
      Mistakes.add(Kind::ShapeMismatch, A.Name,
                   shapeText(A.Shape) + " in `" + First.Spelling.str() + "`, " +
                       shapeText(B->Shape) + " in `" + Last.Spelling.str() +
                       "`",
                   -1);
  }
}

void mergec::checkStackedModels(llvm::ArrayRef<StackedModel> Models,
                                Kind MissingKind, Findings &Missing,
                                Findings &Mistakes) {
  llvm::SmallVector<StackedModel, 4> Distinct;
  for (const StackedModel &M : Models)
    if (llvm::none_of(Distinct, [&](const StackedModel &Other) {
          return Other.Model == M.Model;
        }))
      Distinct.push_back(M);
  if (Distinct.size() < 2)
    return;
  checkLayers(Distinct, MissingKind, Missing, Mistakes);
  checkEnds(Models.front(), Models.back(), Mistakes);
}
