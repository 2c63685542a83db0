//===- Index.cpp - Which file holds which tensor --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Index.h"
#include "Sax.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Path.h"

using namespace mergec;

namespace {

constexpr llvm::StringLiteral DamagedHint =
    "download the index again, or remove it: without one, all the shards in "
    "the "
    "directory are read";

/// Why `File` can't be a shard; empty if it can.
llvm::StringRef objection(llvm::StringRef File) {
  if (llvm::sys::path::is_absolute(File) ||
      llvm::any_of(llvm::make_range(llvm::sys::path::begin(File),
                                    llvm::sys::path::end(File)),
                   [](llvm::StringRef Part) { return Part == ".."; }))
    return "outside the model's directory";
  if (File.contains('\0') || !File.ends_with(".safetensors"))
    return "not a safetensors file";
  return "";
}

class IndexReader : public SaxReader<IndexReader> {
public:
  IndexReader(ShardIndex &Into, Faults &Found) : Into(Into), Found(Found) {}

  void onKey(llvm::StringRef Key) {
    if (Depth == AtSection) {
      InMap = Key == "weight_map";
      if (InMap && std::exchange(HasMap, true))
        Found.add("`weight_map` is given twice", DamagedHint);
    } else if (Depth == AtEntry && InMap) {
      Tensor.assign(Key.data(), Key.size());
    }
  }
  void onScalar(const JsonScalar &Value) {
    if (Depth == AtRoot)
      Found.add("not a JSON object", DamagedHint);
    else if (Depth == AtSection)
      notAMap();
    else if (Depth == AtEntry && InMap && Value.Kind == JsonScalar::Text)
      addEntry(Value.Spelling);
    else if (Depth == AtEntry && InMap)
      notAName();
  }
  void onStart(bool IsObject) {
    if (Depth == AtRoot && !IsObject)
      Found.add("not a JSON object", DamagedHint);
    else if (Depth == AtSection && !IsObject)
      notAMap();
    else if (Depth == AtEntry && InMap)
      notAName();
  }
  void onEnd(bool) {
    if (Depth == AtSection)
      InMap = false;
  }

  void finish() {
    if (!HasMap && Found.empty())
      Found.add("no `weight_map`", DamagedHint);
    auto ByTensor = [](const ShardIndex::Entry &A, const ShardIndex::Entry &B) {
      return A.Tensor < B.Tensor;
    };
    if (!llvm::is_sorted(Into.Entries, ByTensor))
      llvm::stable_sort(Into.Entries, ByTensor);
    for (size_t I = 1; I < Into.Entries.size(); ++I)
      if (Into.Entries[I].Tensor == Into.Entries[I - 1].Tensor)
        Found.add("tensor " + quotedName(Into.Entries[I].Tensor) +
                      " is listed twice",
                  DamagedHint);
  }

private:
  // `Depth` where the parts of an index stand.
  enum : size_t { AtRoot, AtSection, AtEntry };
  static constexpr uint32_t Refused = ~0u;

  void notAMap() {
    if (std::exchange(InMap, false))
      Found.add("`weight_map` is not a JSON object", DamagedHint);
  }
  void notAName() {
    Found.add("tensor " + quotedName(Tensor) +
                  " is not assigned to a file's name",
              DamagedHint);
  }
  void addEntry(llvm::StringRef File) {
    // Neighbours are mostly in the same file.
    if (!LastFile || LastFile->getKey() != File)
      LastFile = &*Numbers.try_emplace(File, newFile(File)).first;
    if (LastFile->getValue() != Refused)
      Into.Entries.push_back(
          {llvm::StringRef(Tensor).copy(Into.Names), LastFile->getValue()});
  }
  uint32_t newFile(llvm::StringRef File) {
    if (auto Known = Numbers.find(File); Known != Numbers.end())
      return Known->getValue();
    if (llvm::StringRef Why = objection(File); !Why.empty()) {
      Found.add("tensor " + quotedName(Tensor) + " is assigned to " +
                    quotedName(File) + ", which is " + Why,
                DamagedHint);
      return Refused;
    }
    Into.Files.push_back(File.str());
    return Into.Files.size() - 1;
  }

  ShardIndex &Into;
  Faults &Found;
  llvm::StringMap<uint32_t> Numbers;
  const llvm::StringMapEntry<uint32_t> *LastFile = nullptr;
  std::string Tensor;
  bool InMap = false, HasMap = false;
};

} // namespace

std::optional<uint32_t> ShardIndex::fileOf(llvm::StringRef Tensor) const {
  auto At = llvm::lower_bound(
      Entries, Tensor,
      [](const Entry &E, llvm::StringRef Name) { return E.Tensor < Name; });
  if (At == Entries.end() || At->Tensor != Tensor)
    return std::nullopt;
  return At->File;
}

void mergec::parseIndex(llvm::StringRef Text, ShardIndex &Into, Faults &Found) {
  IndexReader Reader(Into, Found);
  std::optional<size_t> Offset = Reader.read(Text);
  if (Offset && *Offset >= Text.size())
    Found.add("its JSON stops in the middle", DamagedHint);
  else if (Offset)
    Found.add("not valid JSON at byte " + llvm::Twine(*Offset), DamagedHint);
  Reader.finish();
}
