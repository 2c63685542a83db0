//===- ShareTensors.cpp - Results that share blocks with inputs -----------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ShareTensors.h"

using namespace mergec;

namespace {
struct Copy {
  uint32_t File, Shard;
  uint64_t From, To, Bytes;

  /// The whole blocks of the file, from `To` on.
  uint64_t begin() const {
    return (To + FileBlockBytes - 1) / FileBlockBytes * FileBlockBytes;
  }
  uint64_t end() const {
    return (To + Bytes) / FileBlockBytes * FileBlockBytes;
  }
};
} // namespace

/// Less is not worth the request.
static constexpr uint64_t LeastBytes = 64 * 1024;

/// What the group stores; nothing if it computes, or if something is in the
/// way.
static llvm::SmallVector<Copy, 2> copiesOf(RunContext &Run, const Group &G) {
  const GroupCode &Code = Run.P.code(G);
  if (Code.Sweeps.size() != 1)
    return {};
  const Sweep &S = Code.Sweeps.front();
  if (!S.Body.empty() || !S.Reductions.empty())
    return {};
  llvm::SmallVector<Copy, 2> Copies;
  for (const Sweep::Written &W : S.Outputs) {
    uint32_t Tensor = Run.P.Outputs[G.FirstOutput + W.Output].Tensor;
    if (W.From.Where != TileOperand::Place::Stream || isHeld(Tensor))
      return {};
    const StreamBinding &In = Run.P.Streams[G.FirstStream + W.From.Index];
    if (isHeld(In.File) || In.Gathered != StreamBinding::None)
      return {};
    const OutputPlace &Out = Run.P.Places[Tensor];
    uint64_t Bytes = G.Elements * byteWidth(Code.OutputTypes[W.Output]);
    if (Bytes < LeastBytes || (In.Offset ^ Out.Offset) % FileBlockBytes != 0 ||
        !Run.Shards[Out.Shard].mayShare())
      return {};
    Copies.push_back({In.File, Out.Shard, In.Offset, Out.Offset, Bytes});
  }
  return Copies;
}

namespace {
/// The bytes before the first whole block, or behind the last one.
struct Edge {
  alignas(FileBlockBytes) char Block[FileBlockBytes];
  uint32_t Shard;
  uint64_t Offset, Bytes;
  char *data() { return Block + Offset % FileBlockBytes; }
};
using Edges = std::vector<std::unique_ptr<Edge>>;
} // namespace

static bool readEdges(RunContext &Run, const Copy &C, Edges &All) {
  uint64_t End = C.To + C.Bytes;
  for (auto [From, To] : {std::pair(C.To, C.begin()), {C.end(), End}}) {
    if (From == To)
      continue;
    Edge &E = *All.emplace_back(new Edge);
    E.Shard = C.Shard, E.Offset = From, E.Bytes = To - From;
    if (Run.Inputs[C.File].readAt(E.data(), E.Bytes, C.From + (From - C.To)))
      return false;
  }
  return true;
}

bool mergec::shareTensors(RunContext &Run, const Group &G) {
  llvm::SmallVector<Copy, 2> Copies = copiesOf(Run, G);
  if (Copies.empty())
    return false;
  // What goes wrong here goes wrong again when the tensors are made as usual,
  // and is told of then. Only edges can't be written twice.
  Edges All;
  for (const Copy &C : Copies)
    if (!Run.Shards[C.Shard].share(Run.Inputs[C.File],
                                   C.From + (C.begin() - C.To),
                                   C.end() - C.begin(), C.begin()) ||
        !readEdges(Run, C, All))
      return false;
  for (std::unique_ptr<Edge> &E : All)
    if (int Error = Run.Shards[E->Shard].writeAt(E->data(), E->Bytes, E->Offset,
                                                 nullptr, /*Directly=*/true))
      Run.reportWriteFailure(Error);
  for (const Copy &C : Copies)
    Run.Progress.BytesShared += C.Bytes;
  return true;
}
