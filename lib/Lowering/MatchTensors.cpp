//===- MatchTensors.cpp - Which tensors become one ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageLowering.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

/// A merge of its name over sorted lists: calls `Visit` for each name that any
/// list has, with the position in each list or -1.
template <typename NameAt>
static void
mergeSorted(size_t Lists, llvm::ArrayRef<size_t> Sizes, NameAt Name,
            llvm::function_ref<void(llvm::ArrayRef<int64_t>)> Visit) {
  llvm::SmallVector<size_t, 8> At(Lists, 0);
  llvm::SmallVector<int64_t, 8> Positions(Lists);
  while (true) {
    std::optional<llvm::StringRef> Least;
    for (size_t L = 0; L != Lists; ++L)
      if (At[L] != Sizes[L] && (!Least || Name(L, At[L]) < *Least))
        Least = Name(L, At[L]);
    if (!Least)
      return;
    for (size_t L = 0; L != Lists; ++L) {
      bool Has = At[L] != Sizes[L] && Name(L, At[L]) == *Least;
      Positions[L] = Has ? int64_t(At[L]++) : -1;
    }
    Visit(Positions);
  }
}

void StageLowering::lowerLayer(const Slice &S, int64_t Index) {
  llvm::SmallVector<size_t, 8> Sizes;
  auto List = [&](size_t L) -> const std::vector<LayerTable::Entry> & {
    const Input &In = S.Inputs[L];
    return In.Table->Layers[In.FirstLayer + Index];
  };
  for (size_t L = 0; L != S.Inputs.size(); ++L)
    Sizes.push_back(List(L).size());
  int64_t Layer = Result.Layers + Index;
  llvm::StringRef Prefix = Result.Donor->layers().Prefix;
  mergeSorted(
      S.Inputs.size(), Sizes,
      [&](size_t L, size_t I) { return List(L)[I].Suffix; },
      [&](llvm::ArrayRef<int64_t> Positions) {
        Job J;
        J.Layer = Layer;
        J.Position = S.Layers > 1 ? double(Index) / double(S.Layers - 1) : 1.0;
        llvm::StringRef Suffix;
        for (size_t L = 0; L != S.Inputs.size(); ++L) {
          if (Positions[L] < 0) {
            J.Tensors.push_back(nullptr);
            continue;
          }
          const LayerTable::Entry &E = List(L)[Positions[L]];
          Suffix = E.Suffix;
          J.Tensors.push_back(&S.Inputs[L].Model->tensors()[E.Tensor]);
        }
        J.OutputName = (Prefix + llvm::Twine(Layer) + "." + Suffix).str();
        J.Pattern = Suffix;
        for (size_t L = 0; L != S.Inputs.size(); ++L)
          if (J.Tensors[L])
            J.Role = S.Inputs[L].Model->role(J.Tensors[L]->Name);
        lowerJob(S, J);
      });
}

void StageLowering::lowerOthers(const Slice &S, bool Behind) {
  llvm::SmallVector<size_t, 8> Sizes;
  for (const Input &In : S.Inputs)
    Sizes.push_back(In.Table->Others.size());
  auto Tensor = [&](size_t L, size_t I) -> const TensorInfo & {
    return S.Inputs[L].Model->tensors()[S.Inputs[L].Table->Others[I]];
  };
  bool HeadSeen = false;
  mergeSorted(
      S.Inputs.size(), Sizes,
      [&](size_t L, size_t I) { return Tensor(L, I).Name; },
      [&](llvm::ArrayRef<int64_t> Positions) {
        Job J;
        J.Position = Behind ? 1.0 : 0.0;
        for (size_t L = 0; L != S.Inputs.size(); ++L) {
          J.Tensors.push_back(Positions[L] < 0 ? nullptr
                                               : &Tensor(L, Positions[L]));
          if (J.Tensors[L]) {
            J.OutputName = J.Tensors[L]->Name.str();
            J.Role = S.Inputs[L].Model->role(J.Tensors[L]->Name);
          }
        }
        J.Pattern = J.OutputName;
        bool IsBehind = J.Role == TensorRole::After ||
                        J.Role == TensorRole::OutputEmbedding;
        if (IsBehind != Behind)
          return;
        HeadSeen |= J.Role == TensorRole::OutputEmbedding;
        lowerJob(S, J);
      });
  // A head that exists only as the embedding of the models behind the layers,
  // where the result's own embedding is another one.
  if (!Behind || HeadSeen || Result.TiesHead ||
      llvm::none_of(S.Inputs, [](const Input &In) {
        return In.Table->InputEmbedding && In.Model->tiesHead();
      }))
    return;
  Job J;
  J.Position = 1.0;
  J.OutputName = headName();
  J.Pattern = J.OutputName;
  J.Role = TensorRole::OutputEmbedding;
  J.Tensors.assign(S.Inputs.size(), nullptr);
  lowerJob(S, J);
}

/// The result's head is its embedding if every model's is, and both ends of the
/// result come from the same models.
bool StageLowering::resultTiesHead() const {
  auto Ties = [](const Slice &S) {
    return llvm::all_of(S.Inputs,
                        [](const Input &In) { return In.Model->tiesHead(); });
  };
  const Slice &First = Slices.front(), &Last = Slices.back();
  if (!Ties(First) || !Ties(Last))
    return false;
  return std::equal(
      First.Inputs.begin(), First.Inputs.end(), Last.Inputs.begin(),
      Last.Inputs.end(),
      [](const Input &A, const Input &B) { return A.Model == B.Model; });
}

std::string StageLowering::headName() const {
  for (const Slice &S : Slices)
    for (const Input &In : S.Inputs)
      if (In.Table->Head)
        return In.Table->Head->Name.str();
  return "lm_head.weight";
}

/// Fills the gaps of a head with the embeddings of models that tie it.
void StageLowering::addTied(const Slice &S, Job &J) {
  if (J.Role != TensorRole::OutputEmbedding)
    return;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const Input &In = S.Inputs[L];
    if (J.Tensors[L] || !In.Model->tiesHead() || !In.Table->InputEmbedding)
      continue;
    J.Tensors[L] = In.Table->InputEmbedding;
    Remarks.add(Kind::UntiedHead, J.Pattern,
                "model `" + In.Spelling + "` uses its embedding `" +
                    In.Table->InputEmbedding->Name.str() + "`",
                -1);
  }
}
