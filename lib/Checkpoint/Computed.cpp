//===- Computed.cpp - A model that is computed, not read ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"
#include "llvm/ADT/STLExtras.h"

using namespace mergec;

std::unique_ptr<Checkpoint>
mergec::computedCheckpoint(llvm::StringRef Name, llvm::StringRef Directory,
                           llvm::StringRef ConfigText,
                           llvm::ArrayRef<ComputedTensor> Tensors,
                           llvm::SMRange Where, Diagnostics &Diags) {
  auto Result = std::make_unique<Checkpoint>();
  Result->Name = Name.str();
  Result->Directory = Directory.str();
  Result->ConfigText = ConfigText.str();
  for (const ComputedTensor &T : Tensors) {
    llvm::StringRef Kept = llvm::StringRef(T.Name).copy(Result->Arena);
    Result->Tensors.push_back({Kept,
                               llvm::ArrayRef(T.Shape).copy(Result->Arena), 0,
                               T.Bytes, 0, T.Type});
    if (T.Type == DType::Opaque)
      Result->ForeignTypes.push_back(
          {Kept, llvm::StringRef(T.ForeignType).copy(Result->Arena)});
  }
  llvm::sort(Result->Tensors, [](const TensorInfo &A, const TensorInfo &B) {
    return A.Name < B.Name;
  });
  llvm::sort(Result->ForeignTypes,
             [](const ForeignDType &A, const ForeignDType &B) {
               return A.Tensor < B.Tensor;
             });

  Faults Found;
  ModelConfig Config;
  if (!ConfigText.empty())
    Config = readConfig(ConfigText, Found);
  findStructure(*Result, Config, Found);
  Found.report(Diags, Kind::NoLayers, Where, "stage `" + Name + "`");
  return Found.empty() ? std::move(Result) : nullptr;
}
