//===- VocabularyRows.cpp - Tensors with a row for each token -------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the plan says what the vocabulary of the result is, tensors with a row
// for each token are not merged as they lie: each model's is read in the order
// of the result's tokens, with rows of other models where it has none. What
// methods see are tensors of the result's shape, like all others.
//
//===----------------------------------------------------------------------===//

#include "StageLowering.h"
#include "mergec/Tokenizer/Vocabulary.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

/// Input and output embedding, and the biases of the latter: by the names that
/// the architecture gives them, and by having rows enough for the tokens.
bool StageLowering::hasVocabularyRows(const Slice &S, const Job &J) const {
  if (!Options.Vocabulary)
    return false;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    bool ByName = J.Role == TensorRole::InputEmbedding ||
                  J.Role == TensorRole::OutputEmbedding ||
                  S.Inputs[L].Model->isVocabularyBias(T->Name);
    const VocabularyPlan::Model *M =
        Options.Vocabulary->find(S.Inputs[L].Spelling);
    if (!ByName || !M || T->Shape.empty() || T->Shape[0] < M->Tokens)
      return false;
  }
  return true;
}

/// The model as an input, whether or not the slice has it.
Input StageLowering::vocabularySource(llvm::StringRef Spelling) {
  const InputModel &M = Models.find(Spelling.str())->second;
  return {nullptr, M.Headers, &Tables.of(*M.Headers), M.Values, Spelling.str()};
}

/// The tensor that gives `From`'s rows where input `L` has none.
const TensorInfo *StageLowering::counterpart(const Slice &S, const Job &J,
                                             size_t L, const Input &From) {
  for (size_t I = 0; I != S.Inputs.size(); ++I)
    if (S.Inputs[I].Model == From.Model && J.Tensors[I])
      return J.Tensors[I];
  llvm::StringRef Name = J.Tensors[L]->Name;
  if (const TensorInfo *T = From.Model->find(Name))
    return T;
  bool IsBias = J.Tensors[L]->Shape.size() == 1;
  if (J.Role == TensorRole::InputEmbedding && !IsBias)
    return From.Table->InputEmbedding;
  if (J.Role != TensorRole::OutputEmbedding || IsBias)
    return nullptr;
  return From.Model->tiesHead() ? From.Table->InputEmbedding : From.Table->Head;
}

/// Checks that every row that the maps take is there.
bool StageLowering::completeVocabularyJob(const Slice &S, Job &J) {
  size_t Before = Mistakes.size();
  const TensorInfo *First = nullptr;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    if (!First)
      First = T;
    const RowMap &Map = Options.Vocabulary->find(S.Inputs[L].Spelling)->Map;
    const auto &Sources =
        Options.Vocabulary->find(S.Inputs[L].Spelling)->Sources;
    for (size_t I = 0; I != Sources.size(); ++I) {
      Input From = I ? vocabularySource(Sources[I]) : S.Inputs[L];
      const TensorInfo *Tensor = I ? counterpart(S, J, L, From) : T;
      std::string Name = "`" + From.Spelling + "`";
      if (!Tensor) {
        Mistakes.add(Kind::MissingTensor, J.Pattern, "not in " + Name, J.Layer);
        continue;
      }
      if (Tensor->Shape.empty() ||
          Tensor->Shape.drop_front() != First->Shape.drop_front() ||
          (I < Map.sources() && Map.highestRow(I) >= Tensor->Shape[0]))
        Mistakes.add(Kind::ShapeMismatch, J.Pattern,
                     shapeText(Tensor->Shape) + " in " + Name + ", " +
                         shapeText(First->Shape) + " in another",
                     J.Layer);
      bool Computes = Map.hasMeans() || Tensor->Type != T->Type;
      if (bitWidth(Tensor->Type) % 8 || Tensor->Type == DType::Opaque ||
          (Computes && !isFloat(Tensor->Type)))
        Mistakes.add(Kind::NotFloat, J.Pattern,
                     (Tensor->Type == DType::Opaque
                          ? From.Model->foreignType(*Tensor)
                          : safetensorsName(Tensor->Type))
                             .str() +
                         " in " + Name,
                     J.Layer);
    }
  }
  return Mistakes.size() == Before;
}

/// Input `L` of the job with the rows of the result.
ValueId StageLowering::loadVocabularyRows(const Slice &S, const Job &J,
                                          size_t L) {
  const VocabularyPlan::Model &M =
      *Options.Vocabulary->find(S.Inputs[L].Spelling);
  ValueId Own = load(S.Inputs[L], *J.Tensors[L]);
  if (M.Map.isLeading()) {
    if (G.type(Own).Shape[0] == M.Map.rows())
      return Own;
    return G.create(Op::Slice, {Own}, {uint64_t(M.Map.rows())});
  }
  // Written down once, and shared by all tensors that follow it.
  ValueId &Map = RowMaps[&M];
  if (!Map.valid())
    Map = G.create(Op::RowMap, {}, {G.intern(M.Map.text()).Index});
  llvm::SmallVector<ValueId, 4> Operands = {Map, Own};
  for (llvm::StringRef Spelling : llvm::drop_begin(M.Sources)) {
    Input From = vocabularySource(Spelling);
    Operands.push_back(load(From, *counterpart(S, J, L, From)));
  }
  return G.create(Op::GatherRows, Operands);
}
