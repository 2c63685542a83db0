//===- Worker.h - One thread's buffers and its interpreter ---------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_LIB_RUNTIME_WORKER_H
#define MERGEC_LIB_RUNTIME_WORKER_H

#include "File.h"
#include "Flight.h"
#include "HeldStore.h"
#include "PieceDraw.h"
#include "ShardFile.h"
#include "SourceFile.h"
#include "WritingWays.h"
#include "mergec/IR/RowMap.h"
#include "mergec/Kernels/Recipe.h"
#include "mergec/Kernels/State.h"
#include "mergec/Runtime/Runtime.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>
#include <memory>
#include <optional>

namespace mergec {

/// What a window on an input shows, or a chunk if that is more: to open one has
/// a price of its own.
inline constexpr uint64_t WindowBytes = 2 << 20;

/// What all workers of a run share.
struct RunContext {
  const Program &P;
  InstructionSet Set;
  RunProgress &Progress;
  HeldStore Held;
  std::vector<SourceFile> Inputs;
  std::deque<ShardFile> Shards;
  Diagnostics &Diags;
  llvm::function_ref<void(uint32_t)> Finished;
  ReadingWays Ways;
  WritingWays Writing;
  /// Of the buffers of a chunk that is read through the page cache.
  uint64_t ChunkBytes;
  /// Whether cached inputs are read without a copy.
  bool MapsInputs;
  /// Set with `Progress.Cancel` after a failure has been reported.
  std::atomic<bool> Failed{false};

  void reportFailure(Kind K, const llvm::Twine &Message,
                     llvm::StringRef Hint = "");
  /// Of a scratch file, or of the memory for a held value.
  void reportHeldFailure(int Error);
  void reportWriteFailure(int Error);
};

/// The memory of one worker and the loop over a segment's chunks and tiles.
class Worker {
public:
  explicit Worker(RunContext &Run);

  /// Sweeps segments of `F` until none is left to claim, then merges the
  /// worker's reduction states. May stop early when the run is cancelled.
  void runStrand(Flight &F);

private:
  /// An instruction with its operands' addresses. Tiles advance by `…Step`
  /// bytes per element; registers by none.
  struct Bound {
    KernelFunction First, Next;
    char *Out;
    const char *A, *B, *C;
    uint32_t OutStep, AStep, BStep, CStep;
    double S, T;
    void *State;
    uint64_t Key;
    const Instruction *From;
    /// Of the first of several that one kernel does: how many, the kernel, and
    /// of inner products their vectors.
    uint16_t Fused = 0, Vectors = 0;
    KernelFunction Together = nullptr;
    /// Of the first of those that a recipe does: which of `Fusions`.
    static constexpr uint16_t NoFusion = ~0;
    uint16_t Fusion = NoFusion;
    /// Of an inner product that others are formed with: its vectors' numbers.
    uint16_t VectorA = 0, VectorB = 0;
  };
  static constexpr size_t MostFused = 10; ///< The products of four vectors.
  struct Address {
    char *Base = nullptr;
    uint32_t Step = 0;
  };

  /// Instructions that the kernel of a recipe does.
  struct Fusion {
    KernelFunction Run;
    TileOperand Ins[Recipe::MostInputs], Result;
    unsigned Inputs = 0;
    FusedCall Call;
    // By `aim`:
    Address At[Recipe::MostInputs], Out;
  };

  void bind(Flight &F);
  std::vector<DrawnLengths> findDrawnLengths(const Flight &F) const;
  void layOutBuffers(Flight &F);
  void fuseCalls();
  size_t findFusions();
  void repeatDifferences(bool ForResults);
  size_t findRecipe(size_t Begin);
  size_t follows(const Recipe &R, size_t Begin, Fusion &F) const;
  bool isReadLater(const TileOperand &Register, size_t From) const;
  bool needsNoRegister() const;
  size_t findSum(size_t Begin);
  size_t findGram(size_t Begin);
  void runFused(llvm::ArrayRef<Bound> Calls, llvm::ArrayRef<KernelCall> Each);
  Address locate(const TileOperand &O) const;
  void aim();
  bool runSample(Flight &F, uint32_t Part);
  bool mayWriteDirectly(const Flight &F) const;
  bool readsDirectly(Flight &F);
  bool runSegments(Flight &F, uint32_t First, uint32_t Last);
  uint64_t toPageEnd(const Flight &F, uint64_t Begin, uint64_t Count) const;
  uint64_t chunkLength(const Flight &F, uint32_t Segment, uint64_t Begin,
                       uint32_t Last) const;
  void beginSegment(Flight &F, uint32_t Segment);
  void endSegment(Flight &F, uint32_t Segment);
  uint64_t wholeRows(const Flight &F, uint64_t Begin, uint64_t Count) const;
  bool rankChunk(Flight &F, uint64_t Begin, uint64_t Count);
  bool rankPiece(Flight &F, uint64_t Begin, uint64_t Count);
  KernelCall drawingOf(const Flight &F, uint16_t Value) const;
  void runRankingPass(Flight &F, uint64_t Begin, uint64_t Offset,
                      uint64_t Count,
                      llvm::function_ref<void(size_t)> Visit = {});
  size_t tileLength(const Flight &F, uint64_t Index, uint64_t Left) const;
  void runTiles(Flight &F, uint32_t Segment, uint64_t ChunkBegin,
                uint64_t Offset, uint64_t End);
  void runTile(Flight &F, Instruction::Pass Pass, uint64_t SegmentBegin,
               uint64_t ChunkOffset, uint64_t Index, size_t N);
  /// Where a tile is.
  struct Tile {
    uint64_t ChunkOffset, Index;
    uint64_t InSegment, Row, Column; ///< 0 if nothing is per row.
    size_t N;
  };
  void runByTiles(Flight &F, const Tile &All, size_t Begin, size_t End);
  void runInstructions(Flight &F, const Tile &Where, size_t Begin, size_t End);
  KernelCall callFor(const Flight &F, const Bound &X, const Tile &T) const;
  bool runFusion(const Bound &X, const Tile &T);
  bool runBand(Flight &F, uint64_t Band);
  bool readBand(Flight &F, uint64_t Entry, uint64_t Count, uint64_t Width);
  bool readStream(Flight &F, uint16_t Stream, char *To, uint64_t Begin,
                  uint64_t Count);
  bool readFile(uint32_t File, uint64_t Offset, char *To, uint64_t Bytes,
                bool Directly = false);
  bool readGathered(Flight &F, uint16_t Stream, char *To, uint64_t Begin,
                    uint64_t Count);
  bool readRows(const GatheredRows::Source &From, uint64_t Begin,
                uint64_t Count, DType Type, char *To);
  bool readMean(const GatheredRows &Rows, llvm::ArrayRef<RowMap::Term> Of,
                uint64_t Column, uint64_t Count, DType Type, char *To);
  const std::vector<double> *rowMeans(Flight &F, uint16_t Stream,
                                      uint32_t Source);
  bool readChunk(Flight &F, uint64_t Begin, uint64_t Count);
  void place(char *&Buffer, char *Where);
  void placeOutputs(Flight &F, uint64_t Begin);
  bool takeSlot(uint64_t Begin, uint64_t Count);
  char *inSlot(char *Slot, uint64_t Offset, uint64_t Width) const;
  void placeHeld(const Flight &F, const Sweep::Written &W, uint32_t Held,
                 uint64_t Begin);
  ReadingWays::Way wayToRead(Flight &F, uint16_t Stream);
  const char *findCached(const Flight &F, uint16_t Stream, uint64_t Begin,
                         uint64_t Count);
  bool readChunkInPlace(Flight &F, uint64_t Begin, uint64_t Count);
  bool takeChunk(Flight &F, uint64_t Begin, uint64_t Count);
  bool writeChunk(Flight &F, uint64_t Begin, uint64_t Count);
  bool writeCollected(bool Waits);
  void countNonFinite(Flight &F, uint64_t Count);

  struct Free {
    void operator()(char *P) const;
  };
  RunContext &Run;
  std::unique_ptr<char, Free> Memory;
  // For the sweep that is being run:
  char *States = nullptr, *Registers = nullptr, *Bounce = nullptr;
  /// Of a chunk, and of what buffers hold.
  uint64_t ChunkElements = 0, CollectElements = 0, SlotElements = 0;
  uint64_t BandBegin = 0; ///< First column.
  /// Buffers, each at a block, and where in them the chunk is.
  std::vector<char *> StreamSlots, OutputSlots, StreamBuffers, OutputBuffers;
  std::vector<FileMapping> Mappings; ///< By file, if any of it was needed.
  std::vector<FileWindow> Windows;   ///< By stream, if it is mapped.
  uint64_t ClaimEnd = 0;             ///< Of the segments at hand.
  bool Moved = false;             ///< A buffer, since instructions were aimed.
  std::vector<bool> WritesStream; ///< Unchanged, to a file.
  std::vector<uint64_t> StreamsWrittenAt; ///< File offsets, or 0.
  /// Of the segments at hand: whether chunks are large, and whether results
  /// that can be are written directly.
  bool LargeChunks = false, WritesDirectly = false;
  /// Bytes of a result that are made, and not written yet.
  struct Collected {
    uint32_t Shard;
    char *From;
    uint64_t Bytes, Offset;
  };
  std::vector<std::vector<Collected>> Waiting; ///< By output of the sweep.
  uint64_t CollectedEnd = 0; ///< In slots, an element; 0: nothing waits.
  uint64_t WaitingBytes = 0;
  /// Elements that follow each other in slots as in the tensor, the chunk at
  /// last: where they begin in both, and how many there are before the chunk.
  struct {
    uint64_t Slot = 0, Begin = 0, Before = 0;
  } Stretch;
  bool MayCollect = false;
  std::vector<float *> RankedRows;
  std::vector<uint8_t *> DrawnSlots, DrawnBuffers; ///< As those of outputs.
  std::vector<const void *> Operands; ///< Of the call that comes next.
  /// By ranked value the lanes of what drawing measures, if that is all that
  /// the rest of the body does; and whether it has been done in a chunk.
  std::vector<DrawnLengths> Lengths;
  bool Measured = false;
  std::optional<PieceDraw> Piece;
  std::vector<Bound> Body;
  size_t RankingEnd = 0; ///< Of the body's part that runs ahead.
  /// The most elements that the body is run on at once.
  size_t MostAtOnce = TileElements;
  std::vector<Fusion> Fusions;
  std::vector<uint64_t> NonFinite; ///< By output, then of all others, then
                                   ///< by stream.
};

} // namespace mergec

#endif // MERGEC_LIB_RUNTIME_WORKER_H
