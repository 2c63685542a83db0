//===- LowerTensor.cpp - The ops of one tensor ----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageLowering.h"
#include "mergec/Tokenizer/Vocabulary.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

std::string StageLowering::listShapes(const Slice &S, const Job &J) {
  std::string Text;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    if (!J.Tensors[L])
      continue;
    if (!Text.empty())
      Text += ", ";
    Text +=
        shapeText(J.Tensors[L]->Shape) + " in `" + S.Inputs[L].Spelling + "`";
  }
  return Text;
}

/// For tensors with a row per vocabulary entry that differ in nothing but the
/// number of rows: the rows that all have, here and at the result's other end.
std::optional<int64_t> StageLowering::commonRows(const Job &J) {
  if (J.Role != TensorRole::InputEmbedding &&
      J.Role != TensorRole::OutputEmbedding)
    return std::nullopt;
  std::optional<int64_t> Least = CommonVocabulary;
  const TensorInfo *First = nullptr;
  for (const TensorInfo *T : J.Tensors) {
    if (!T)
      continue;
    if (!First)
      First = T;
    // Rows of packed or unknown elements can't be told apart.
    if (T->Shape.empty() || T->Type == DType::Opaque || bitWidth(T->Type) % 8)
      return std::nullopt;
    if (First->Shape.drop_front() != T->Shape.drop_front())
      return std::nullopt;
    Least = std::min(Least.value_or(T->Shape[0]), T->Shape[0]);
  }
  return Least;
}

/// Checks presence, shapes and dtypes; false if the tensor can't be merged.
bool StageLowering::completeJob(const Slice &S, Job &J) {
  addTied(S, J);
  size_t Present = llvm::count_if(J.Tensors, [](auto *T) { return T; });
  if (Present != S.Inputs.size()) {
    std::string Missing;
    bool OnlyQuantised = true; // What is there is packed weights and scales.
    for (size_t L = 0; L != S.Inputs.size(); ++L) {
      if (J.Tensors[L])
        OnlyQuantised &= isQuantised(S.Inputs[L]);
      else if (!isQuantised(S.Inputs[L]))
        Missing += (Missing.empty() ? "`" : ", `") + S.Inputs[L].Spelling + "`";
    }
    if (OnlyQuantised || Missing.empty())
      return false;
    if (J.Role != TensorRole::Buffer) {
      Kind K =
          Options.AllowMissing ? Kind::AllowedMissing : Kind::MissingTensor;
      (Options.AllowMissing ? Remarks : Mistakes)
          .add(K, J.Pattern, "not in " + Missing, J.Layer);
      if (!Options.AllowMissing)
        return false;
    }
  }

  if (J.Role == TensorRole::Buffer)
    return true; // Copied from one model.

  if (hasVocabularyRows(S, J))
    return completeVocabularyJob(S, J);

  const TensorInfo *First = nullptr;
  bool SameShape = true;
  for (const TensorInfo *T : J.Tensors) {
    if (T && First)
      SameShape &= T->Shape == First->Shape;
    if (!First)
      First = T;
  }
  std::optional<int64_t> Rows = commonRows(J);
  if (!SameShape && !Rows) {
    Mistakes.add(Kind::ShapeMismatch, J.Pattern, listShapes(S, J), J.Layer);
    return false;
  }
  if (!SameShape || (Rows && CommonVocabulary))
    Remarks.add(Kind::RowsDiffer, J.Pattern, listShapes(S, J), J.Layer);
  return true;
}

/// The result's tensor and those it is made from mostly have one name.
NameId StageLowering::intern(llvm::StringRef Name) {
  if (!LastName.valid() || G.get(LastName) != Name)
    LastName = G.intern(Name);
  return LastName;
}

/// The tensor as it is stored, or as the stage that computes it would store it.
ValueId StageLowering::load(const Input &In, const TensorInfo &T) {
  uint64_t Index = &T - In.Model->tensors().data();
  Result.Sources.push_back({In.Model, uint32_t(Index)});
  if (!In.Values.empty())
    return In.Values[Index];
  Type Stored = T.Type == DType::Opaque
                    ? Type::tensor({int64_t(T.Bytes)}, DType::Opaque)
                    : Type::tensor(T.Shape, T.Type);
  return G.create(
      Op::Load, {},
      {G.intern(In.Model->name()).Index, intern(T.Name).Index, Index},
      G.intern(Stored));
}

/// `V` is what the result's tensor `Name` holds.
void StageLowering::finish(ValueId V, llvm::StringRef Name) {
  NameId Id = intern(Name);
  Result.Parameters += G.type(V).elements();
  // What has been loaded since the last tensor.
  uint32_t First = 0;
  if (!Result.Tensors.empty())
    First = Result.Tensors.back().FirstSource + Result.Tensors.back().Sources;
  Result.Tensors.push_back(
      {Id, V, First, uint32_t(Result.Sources.size() - First)});
  if (Options.Store)
    G.create(Op::Store, {V}, {Id.Index, G.intern(Options.Result).Index});
}

void StageLowering::lowerJob(const Slice &S, Job &J) {
  if (!completeJob(S, J))
    return;

  // The dtype of the result: the plan's, else what the base or first stores.
  const TensorInfo *Lead = S.Base >= 0 ? J.Tensors[S.Base] : nullptr;
  if (!Lead)
    Lead = *llvm::find_if(J.Tensors, [](auto *T) { return T; });

  if (J.Role == TensorRole::Buffer) {
    const Input &In = S.Inputs[llvm::find(J.Tensors, Lead) - J.Tensors.begin()];
    if (S.Inputs.size() > 1)
      Remarks.add(Kind::BufferKept, J.Pattern,
                  "taken from `" + In.Spelling + "`", J.Layer);
    finish(load(In, *Lead), J.OutputName);
    return;
  }

  DType Wanted = P.resultDType().value_or(Lead->Type);
  bool Double = Wanted == DType::F64;
  bool Sound = true;
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    Double |= T->Type == DType::F64;
    if (isFloat(T->Type) || method().AnyDType)
      continue;
    Sound = false;
    if (isQuantised(S.Inputs[L]))
      continue;
    const Checkpoint &C = *S.Inputs[L].Model;
    std::string Detail = T->Type == DType::Opaque
                             ? C.foreignType(*T).str()
                             : safetensorsName(T->Type).str();
    Mistakes.add(Kind::NotFloat, J.Pattern,
                 Detail + " in `" + S.Inputs[L].Spelling + "`", J.Layer);
  }
  if (!Sound)
    return;

  bool OfVocabulary = hasVocabularyRows(S, J);
  std::optional<int64_t> Rows =
      OfVocabulary ? Options.Vocabulary->Rows : commonRows(J);
  Context.begin(S, J);
  for (size_t L = 0; L != S.Inputs.size(); ++L) {
    const TensorInfo *T = J.Tensors[L];
    if (!T)
      continue;
    ValueId V =
        OfVocabulary ? loadVocabularyRows(S, J, L) : load(S.Inputs[L], *T);
    Double |= G.type(V).Element == DType::F64;
    if (!OfVocabulary && Rows && *Rows != T->Shape[0])
      V = G.create(Op::Slice, {V}, {uint64_t(*Rows)});
    if (int(L) == S.Base)
      Context.setBase(V);
    else
      Context.addInput(S.Inputs[L], V, T->Name);
  }
  Context.setCompute(Double ? DType::F64 : DType::F32);
  if (Rows && J.Role == TensorRole::InputEmbedding)
    Result.Vocabulary = *Rows;

  ValueId V;
  if (!Context.inputCount())
    V = Context.storedBase(); // No other model has it.
  else if (S.Base >= 0 && !Context.hasBase())
    V = Context.storedInput(0); // Nothing to measure differences from.
  else
    V = method().Lower(Context);

  Type T = G.type(V);
  if (isFloat(T.Element) && isFloat(Wanted) && T.Element != Wanted) {
    DType Compute = Double ? DType::F64 : DType::F32;
    if (bitWidth(T.Element) < bitWidth(Compute)) {
      T.Element = Compute;
      V = G.create(Op::Cast, {V}, {}, G.intern(T));
    }
    T.Element = Wanted;
    if (Wanted != G.type(V).Element)
      V = G.create(Op::Round, {V}, {}, G.intern(T));
  }
  // A result in the type it was computed in still passes through the rounding
  // op, which makes every NaN the same.
  if (G.op(V) != Op::Round && G.info(V).Class != OpClass::Source &&
      G.info(V).Class != OpClass::Movement)
    V = G.create(Op::Round, {V}, {}, G.typeId(V));
  finish(V, J.OutputName);
}
