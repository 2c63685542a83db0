//===- Layout.cpp - Which byte of which shard a tensor begins at ----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A safetensors file is the header's length (8 bytes, little endian), the
// header (JSON, padded with spaces) and the data. Readers demand that the
// tensors cover the data without gap or overlap, so a tensor begins where the
// one before it ends, and only the order is free. See docs/Output.md.
//
//===----------------------------------------------------------------------===//

#include "JsonText.h"
#include "mergec/Output/Output.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mergec;

namespace {
/// Data begin at a multiple of this: what direct I/O asks for.
constexpr uint64_t DataAlignment = 4096;
/// The safetensors library refuses a longer header.
constexpr uint64_t LongestHeader = 100'000'000;

constexpr llvm::StringLiteral HeaderBegin =
    R"({"__metadata__":{"format":"pt"})";

/// `,"name":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]}`
void appendEntry(std::string &Out, const OutputTensor &T, uint64_t Begin,
                 uint64_t End) {
  Out += ',';
  appendJsonString(Out, T.Name);
  Out += R"(:{"dtype":)";
  appendJsonString(Out, T.Type == DType::Opaque ? T.ForeignType
                                                : safetensorsName(T.Type));
  Out += R"(,"shape":[)";
  llvm::ListSeparator Comma(",");
  for (int64_t Extent : T.Shape) {
    Out += llvm::StringRef(Comma);
    Out += llvm::utostr(Extent);
  }
  Out += R"(],"data_offsets":[)";
  Out += llvm::utostr(Begin);
  Out += ',';
  Out += llvm::utostr(End);
  Out += "]}";
}

/// What the address of an element must be a multiple of.
uint64_t elementAlignment(DType T) {
  unsigned Bits = bitWidth(T);
  return Bits % 8 == 0 && Bits != 0 ? Bits / 8 : 1;
}

/// The tensors of one shard, in the order of their data.
using ShardOrder = llvm::MutableArrayRef<uint32_t>;

/// The given order if it aligns every element; else wider elements first, which
/// aligns all, since a tensor's size is a multiple of its element's.
void orderForAlignment(llvm::ArrayRef<OutputTensor> Tensors, ShardOrder Order) {
  uint64_t Offset = 0;
  for (uint32_t I : Order) {
    if (Offset % elementAlignment(Tensors[I].Type) != 0) {
      llvm::stable_sort(Order, [&](uint32_t A, uint32_t B) {
        return elementAlignment(Tensors[A].Type) >
               elementAlignment(Tensors[B].Type);
      });
      return;
    }
    Offset += Tensors[I].Bytes;
  }
}

/// Sets the places of the shard's tensors and makes its header.
OutputShard layOutShard(std::vector<OutputTensor> &Tensors,
                        llvm::ArrayRef<uint32_t> Order, uint32_t Number) {
  std::string Header(8, '\0');
  Header += HeaderBegin;
  uint64_t End = 0;
  for (uint32_t I : Order) {
    OutputTensor &T = Tensors[I];
    T.Shard = Number;
    T.Offset = End;
    End += T.Bytes;
    appendEntry(Header, T, T.Offset, End);
  }
  Header += '}';
  Header.resize(llvm::alignTo(Header.size(), DataAlignment), ' ');
  llvm::support::endian::write64le(Header.data(), Header.size() - 8);
  for (uint32_t I : Order)
    Tensors[I].Offset += Header.size();
  uint64_t FileBytes = Header.size() + End;
  return {"", std::move(Header), FileBytes};
}
} // namespace

OutputLayout mergec::layOut(std::vector<OutputTensor> &Tensors,
                            uint64_t ShardBytes) {
  OutputLayout Layout;
  std::vector<uint32_t> Members;
  auto Close = [&] {
    orderForAlignment(Tensors, Members);
    Layout.Shards.push_back(
        layOutShard(Tensors, Members, Layout.Shards.size()));
    Members.clear();
  };

  // The header's length is bounded by the longest offsets there are, because
  // the true ones are known only when the order is.
  constexpr uint64_t AnyOffset = std::numeric_limits<uint64_t>::max();
  constexpr uint64_t EmptyHeader =
      8 + HeaderBegin.size() + 1 + (DataAlignment - 1);
  uint64_t DataBytes = 0, HeaderBytes = EmptyHeader;
  std::string Entry;
  for (uint32_t I = 0; I != Tensors.size(); ++I) {
    const OutputTensor &T = Tensors[I];
    Entry.clear();
    appendEntry(Entry, T, AnyOffset, AnyOffset);
    bool Fits = DataBytes <= ShardBytes && T.Bytes <= ShardBytes - DataBytes &&
                HeaderBytes + Entry.size() <= LongestHeader;
    if (!Fits && !Members.empty()) {
      Close();
      DataBytes = 0;
      HeaderBytes = EmptyHeader;
    }
    Members.push_back(I);
    DataBytes += T.Bytes;
    HeaderBytes += Entry.size();
    Layout.TensorBytes += T.Bytes;
  }
  // Without a tensor the result is one file without tensors.
  if (!Members.empty() || Layout.Shards.empty())
    Close();

  for (auto [I, Shard] : llvm::enumerate(Layout.Shards))
    Shard.FileName = Layout.Shards.size() == 1
                         ? std::string("model.safetensors")
                         : llvm::formatv("model-{0,0+5}-of-{1,0+5}.safetensors",
                                         I + 1, Layout.Shards.size())
                               .str();
  return Layout;
}
