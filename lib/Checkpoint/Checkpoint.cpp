//===- Checkpoint.cpp - A model directory's tensors -----------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Checkpoint/Checkpoint.h"
#include "InputFile.h"
#include "Layers.h"
#include "mergec/Checkpoint/Faults.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mergec;

namespace {

constexpr llvm::StringLiteral Embeddings[] = {
#define MERGEC_EMBEDDING(Suffix) Suffix,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral Heads[] = {
#define MERGEC_HEAD(Suffix) Suffix,
#include "mergec/Checkpoint/Architectures.def"
};
constexpr llvm::StringLiteral VocabularyBiases[] = {
#define MERGEC_VOCABULARY_BIAS(Suffix) Suffix,
#include "mergec/Checkpoint/Architectures.def"
};
struct BufferRow {
  llvm::StringLiteral Suffix;
  size_t Rank; ///< 0: any.
};
constexpr BufferRow Buffers[] = {
#define MERGEC_BUFFER(Suffix, Rank) {Suffix, Rank},
#include "mergec/Checkpoint/Architectures.def"
};

/// True if the last parts of a dotted name are those of `Suffix`.
bool endsInParts(llvm::StringRef Name, llvm::StringRef Suffix) {
  return Name.consume_back(Suffix) && (Name.empty() || Name.back() == '.');
}

bool endsInOneOf(llvm::StringRef Name,
                 llvm::ArrayRef<llvm::StringLiteral> Suffixes) {
  return llvm::any_of(Suffixes, [&](llvm::StringRef Suffix) {
    return endsInParts(Name, Suffix);
  });
}

} // namespace

uint64_t TensorInfo::elements() const {
  uint64_t Product = 1;
  for (int64_t Extent : Shape)
    Product *= Extent;
  return Product;
}

bool CheckpointFile::unchanged() const {
  InputFile Now;
  return !Now.open(Path) && Now.size() == Bytes &&
         Now.modifiedNs() == ModifiedNs && Now.inode() == Inode;
}

const TensorInfo *Checkpoint::find(llvm::StringRef Wanted) const {
  auto At = llvm::lower_bound(
      Tensors, Wanted,
      [](const TensorInfo &T, llvm::StringRef Name) { return T.Name < Name; });
  return At != Tensors.end() && At->Name == Wanted ? &*At : nullptr;
}

llvm::StringRef Checkpoint::foreignType(const TensorInfo &Tensor) const {
  if (Tensor.Type != DType::Opaque)
    return "";
  auto At = llvm::lower_bound(ForeignTypes, Tensor.Name,
                              [](const ForeignDType &F, llvm::StringRef Name) {
                                return F.Tensor < Name;
                              });
  return At != ForeignTypes.end() && At->Tensor == Tensor.Name ? At->Name : "";
}

std::optional<std::pair<int64_t, llvm::StringRef>>
Checkpoint::splitLayer(llvm::StringRef TensorName) const {
  if (!Layers.Count || !TensorName.consume_front(Layers.Prefix))
    return std::nullopt;
  auto [Number, Rest] = TensorName.split('.');
  bool HasDot = Number.size() != TensorName.size();
  bool IsPlain = Number.size() == 1 || !Number.starts_with("0");
  int64_t Layer;
  if (!HasDot || !IsPlain || !llvm::all_of(Number, llvm::isDigit) ||
      Number.getAsInteger(10, Layer) || Layer >= Layers.Count)
    return std::nullopt;
  return std::pair(Layer, Rest);
}

TensorRole Checkpoint::role(llvm::StringRef TensorName) const {
  for (const BufferRow &Row : Buffers) {
    if (!endsInParts(TensorName, Row.Suffix))
      continue;
    const TensorInfo *Tensor = Row.Rank ? find(TensorName) : nullptr;
    if (!Row.Rank || (Tensor && Tensor->Shape.size() == Row.Rank))
      return TensorRole::Buffer;
  }
  if (splitLayer(TensorName))
    return TensorRole::Layer;
  if (isTower(TensorName))
    return TensorRole::Before;
  llvm::StringRef Stem = TensorName;
  if (!Stem.consume_back(".weight"))
    Stem.consume_back(".bias");
  if (endsInOneOf(Stem, Embeddings))
    return TensorRole::InputEmbedding;
  if (endsInOneOf(Stem, Heads))
    return TensorRole::OutputEmbedding;
  if (isUsedBefore(TensorName))
    return TensorRole::Before;
  return TensorRole::After;
}

bool Checkpoint::isVocabularyBias(llvm::StringRef TensorName) const {
  return endsInOneOf(TensorName, VocabularyBiases);
}

bool mergec::checkUnchanged(const Checkpoint &Model, Diagnostics &Diags) {
  bool Unchanged = true;
  for (const CheckpointFile &File : Model.files()) {
    if (File.unchanged())
      continue;
    Unchanged = false;
    Diags
        .report(Kind::InputChanged, "model " + quotedName(Model.name()) +
                                        ": `" + File.Path +
                                        "` changed while it was being merged")
        .hint("merge again when nothing writes to the model");
  }
  return Unchanged;
}
