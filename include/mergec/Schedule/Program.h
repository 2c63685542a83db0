//===- Program.h - What the runtime executes --------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program is a list of groups in schedule order. A group is the work that
// shares inputs: one or more output tensors of one shape, made in one or more
// sweeps. A sweep streams the group's tensors once: for every tile it runs a
// straight line of kernel calls over registers (tiles in the first-level
// cache), which end in reductions or in output tiles. Between sweeps,
// reductions are finished and host functions turn them into the scalars of the
// next sweep.
//
// Groups of equal structure share their code; they differ in where their
// streams and outputs lie and in the constants.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_PROGRAM_H
#define MERGEC_SCHEDULE_PROGRAM_H

#include "mergec/Kernels/Kernel.h"
#include "mergec/Kernels/State.h"
#include "mergec/Schedule/Segments.h"
#include "mergec/Types/DType.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <memory>
#include <string>
#include <vector>

namespace mergec {

struct HostFunction;
class RowMap;

/// Where a kernel finds or leaves a tile.
struct TileOperand {
  enum class Place : uint8_t {
    None,
    Register,   ///< A tile of the worker's own.
    Stream,     ///< The chunk of an input, as stored.
    Output,     ///< The chunk of an output, as it will be stored.
    Ranked,     ///< Rows of a chunk that are being ranked.
    Drawn,      ///< What was drawn by rank of a chunk, a byte for each element.
    ColumnSums, ///< A worker's f64 for each column, at the instruction's
                ///< `State`.
  };
  Place Where = Place::None;
  DType Type = DType::F32;
  uint16_t Index = 0;
  bool operator==(const TileOperand &) const = default;
};

/// Sums over columns are formed for so many columns at a time.
constexpr uint64_t BandColumns = 2048;

/// A number of the group: `Numbers[Slot]`, or for one value per row
/// `Numbers[Slot + row * Stride]`, per column `Numbers[Slot + column *
/// Stride]`.
struct NumberRef {
  enum class Axis : uint8_t { None, Whole, Row, Column };
  Axis By = Axis::None;
  uint32_t Slot = 0;
  uint32_t Stride = 0;
  bool operator==(const NumberRef &) const = default;
};

struct Instruction {
  enum class Form : uint8_t {
    Call,       ///< Run `First`.
    Accumulate, ///< A term of a sum: nothing if S is 0; else `First` if the sum
                ///< is empty so far, `Next` if not.
    Columns,    ///< Out, a register, = S for each column.
    Operand,    ///< A is one more operand of the call that follows.
    CallWithOperands, ///< Run `First`, A being the operands' addresses.
  };
  Form How = Form::Call;
  /// What is ranked is computed for a whole chunk before the rest is, by
  /// instructions at the front.
  enum class Pass : uint8_t { Main, Ranking } Runs = Pass::Main;
  bool StartsSum = false; ///< Accumulate: the sum is empty before this term.
  bool EndsSum = false;   ///< Accumulate: an empty sum becomes 0 here.
  Kernel First = Kernel(0), Next = Kernel(0);
  TileOperand Out, A, B, C;
  NumberRef S, T;
  /// Byte offset in the worker's state area; NoState: none.
  uint32_t State = NoState;
  enum class IndexBase : uint8_t {
    Tensor,
    Segment,
    Row
  } Base = IndexBase::Tensor;
  /// A number, or with `KeyFrom` the selection whose bin or threshold it is, or
  /// the slot whose bits it is.
  uint64_t Key = 0;
  enum class KeySource : uint8_t {
    Literal,
    NumberBits,
    SelectionBin,
    SelectionThreshold
  } KeyFrom = KeySource::Literal;

  static constexpr uint32_t NoState = ~0u;
  /// The worker's count of elements that are NaN or infinite: of the output
  /// that is written, or of the stream that is read.
  static constexpr uint32_t NonFiniteCount = ~0u - 1;
  bool operator==(const Instruction &) const = default;
};

/// The state of one rank of a radix selection, over its sweeps.
struct SelectionState {
  uint32_t Bin = 0; ///< High bits of the threshold, after the first sweep.
  uint32_t Threshold = 0; ///< Magnitude bits, after the second.
  uint64_t Rank = 0; ///< Still to be selected from the bin, then the class.
  uint64_t ClassSize = 0;
  uint64_t Survivors = 0;
  bool None = false;  ///< The rank is 0: no element is that large.
  bool Known = false; ///< Before the sweeps that would find it.
  /// The class's elements before each segment; empty unless it is thinned.
  std::vector<uint64_t> ClassBefore;
};

/// What a sample says about the magnitude at one rank (GuessSelection.h).
struct SelectionGuess {
  bool Made = false;     ///< There is a sample, and something is wanted.
  bool IsCoarse = false; ///< The magnitudes from Low to High have few bits.
  bool IsOpen = false;   ///< Another sweep looks from Low to High.
  uint32_t Low = 0, High = 0; ///< Bits of the magnitudes where to look.
  uint64_t Rank = 0;          ///< If it is open: among those.
  uint32_t Likely[2] = {};    ///< Those that most of the likely ranks have.
  double Covered = 0;         ///< Which part of these ranks.
  /// Magnitudes that may turn out to be it, the likeliest first.
  std::vector<uint32_t> Watched;
  static constexpr unsigned MostWatched = 64;
};

struct Reduction;

/// A group's memory between and during its sweeps.
struct GroupState {
  Segments Cut;
  std::vector<double> Numbers;
  std::vector<SelectionState> Selections;
  std::vector<SelectionGuess> Guesses; ///< By selection.
};

/// How a reduction (or any op with a state) works; one constant per op phase.
/// A worker's state is zeroed when the worker starts on the sweep.
struct ReductionInfo {
  llvm::StringLiteral Name;
  uint32_t WorkerBytes;      ///< State of one worker.
  uint32_t SegmentBytes = 0; ///< Left behind by each segment.
  uint32_t SharedBytes = 0;  ///< Collects the workers' states.
  /// Before a worker's first tile of a segment; null: nothing.
  void (*BeginSegment)(const Reduction &R, const GroupState &G,
                       uint32_t Segment, void *Worker) = nullptr;
  /// After a worker's last tile of a segment.
  void (*EndSegment)(void *Worker, void *Segment) = nullptr;
  /// When a worker leaves the sweep; called under a lock.
  void (*Merge)(void *Shared, const void *Worker) = nullptr;
  /// When all segments are done, by one thread. `Segments` holds SegmentBytes
  /// for each.
  void (*Finish)(const Reduction &R, GroupState &G, const void *Shared,
                 const void *Segments) = nullptr;
  /// False if this run's data makes the sweep superfluous for it.
  bool (*Needed)(const Reduction &R, const GroupState &G) = nullptr;
  /// Per-row reductions: the end of a row, or of its piece in a segment.
  void (*EndRow)(void *Worker, double *Number) = nullptr;
  /// How many bytes of a worker's state have to be zero at first; null: all.
  uint32_t (*Cleared)(const Reduction &R, const GroupState &G) = nullptr;
};

struct Reduction {
  const ReductionInfo *Info = nullptr;
  uint32_t Target = 0;           ///< First number slot.
  uint32_t Selection = 0;        ///< Index of a state kept over several sweeps.
  uint32_t Stride = 1;           ///< From one row's number to the next one's.
  std::vector<NumberRef> Inputs; ///< Parameters, e.g. how many to select.
  uint32_t WorkerState = 0;      ///< Byte offset in the worker's state area.
  /// The reduction of the sweep whose shared state it finishes with; Own: its
  /// own.
  uint32_t SharedOf = Own;
  static constexpr uint32_t Own = ~0u;
  bool PerRow = false;
  bool PerColumn = false; ///< No hooks: the state is an f64 for each column.
  bool ToNumbers = false; ///< The target is a number slot.
  bool operator==(const Reduction &) const = default;
};

/// A host function applied to numbers; per row or column if any input is.
struct HostCall {
  const HostFunction *Function = nullptr;
  std::vector<NumberRef> Inputs;
  uint32_t Target = 0;
  uint32_t Width = 1;
  uint64_t Count = 1; ///< Rows or columns.
  bool operator==(const HostCall &) const = default;
};

/// However short the budget is.
constexpr uint64_t LeastChunkElements = 16 * 1024;

/// Of each element of a chunk whether it is drawn, as 1 or 0, with a
/// probability by its rank in the row.
struct RankedValue {
  NumberRef Low, High; ///< Of the smallest magnitude, of the largest.
  NumberRef Key;       ///< Of the random words: the number's bits.
  bool operator==(const RankedValue &) const = default;
};

/// What is ranked, and whether it is drawn.
constexpr uint64_t RankedBytesPerElement = sizeof(float) + 1;

/// Beyond that, for pieces of rows: what decides about an element.
constexpr uint64_t RankBytesPerElement = 16;

struct Sweep {
  std::vector<HostCall> Before;
  std::vector<Instruction> Body;
  std::vector<Reduction> Reductions;
  std::vector<uint16_t> Streams; ///< Which of the group's streams are read.
  struct Written {
    uint16_t Output;
    /// Its own buffer, or the unchanged chunk of a stream or another output.
    TileOperand From;
    bool operator==(const Written &) const = default;
  };
  std::vector<Written> Outputs;
  std::vector<RankedValue> Ranked;
  uint16_t Registers = 0;
  uint32_t StateBytes = 0;   ///< Of a worker.
  bool SplitRows = false;    ///< Tiles must not span rows.
  bool SplitColumns = false; ///< Nor entries of the first axis.
  /// The reductions are over columns: what a worker claims is not a segment but
  /// a band of columns, which it sums from the first entry to the last.
  bool ByColumns = false;
  /// Run only if some reduction says it is needed.
  bool Conditional = false;
  /// What the selections of a sweep are found by.
  enum class Way : uint8_t {
    Only,   ///< There is no other, or it does more than select.
    Sample, ///< Looks at a part of the tensor (Sample.h) to make a guess.
    Guess,  ///< Looks where the sample says, if it says enough.
    Settle, ///< Looks at what that leaves open.
    Search, ///< What is done without one.
  } Selects = Way::Only;
  bool operator==(const Sweep &) const = default;
};

struct GroupCode {
  std::vector<Sweep> Sweeps;
  std::vector<DType> StreamTypes, OutputTypes;
  uint64_t Numbers = 0;   ///< Slots, constants first.
  uint32_t Constants = 0; ///< How many of them are constants.
  uint32_t Selections = 0;
  bool operator==(const GroupCode &) const = default;
};

/// With this bit it is no input file or output tensor but one of Program::Held.
constexpr uint32_t HeldBit = uint32_t(1) << 31;
constexpr bool isHeld(uint32_t Binding) { return Binding & HeldBit; }
constexpr uint32_t heldIndex(uint32_t Binding) { return Binding & ~HeldBit; }

struct StreamBinding {
  uint32_t File; ///< Index into Program::Inputs, or of a held value. Gathered:
                 ///< a source's.
  uint64_t Offset;
  uint32_t Gathered = None; ///< Index into Program::Gathered.
  static constexpr uint32_t None = ~0u;
};

/// A stream that lies nowhere in one piece: its rows are those of several
/// tensors, by a map.
struct GatheredRows {
  std::shared_ptr<const RowMap> Map;
  uint64_t RowElements;
  struct Source {
    uint32_t File; ///< As a stream's.
    uint64_t Offset;
    DType Type;
    uint64_t Rows;
  };
  std::vector<Source> Sources;

  /// What reading all rows once reads.
  uint64_t bytesRead() const;
  /// What a group holds for the means of all rows of a source.
  uint64_t stateBytes() const;
  /// For such a mean a source is read in pieces of so many bytes.
  static constexpr uint64_t MeanBufferBytes = 256 * 1024;
};

struct OutputBinding {
  uint32_t Tensor; ///< Index into Program::Places, or of a held value.
};

/// A value between its sweep and those that read it.
struct HeldTensor {
  uint64_t Bytes;
  bool InMemory;                   ///< Else in a scratch file.
  uint32_t FirstGroup, FirstSweep; ///< That write it.
  uint32_t LastGroup, LastSweep;   ///< That read it last.
};

struct Group {
  uint32_t Code; ///< Index into Program::Codes.
  uint32_t FirstStream, FirstOutput, FirstConstant;
  uint64_t Elements, RowLength, Columns;
};

struct InputFile {
  std::string Path;
  std::string Model; ///< For messages.
};

/// What the memory budget was spent on; decided by `boundMemory`.
struct MemoryPlan {
  uint64_t Budget = 0;
  unsigned Workers = 1;
  uint64_t WorkerBytes = 0; ///< Buffers, registers and states of one worker.
  uint64_t SharedBytes = 0; ///< For groups in flight: states, held values.
  uint64_t peak() const { return Workers * WorkerBytes + SharedBytes; }
};

/// Where the bytes of one output tensor go.
struct OutputPlace {
  llvm::StringRef Name;
  uint32_t Shard;
  uint64_t Offset;
  DType Type;
};

struct Program {
  std::vector<GroupCode> Codes;
  std::vector<Group> Groups;
  std::vector<StreamBinding> Streams;
  std::vector<GatheredRows> Gathered;
  std::vector<OutputBinding> Outputs;
  std::vector<double> Constants;
  std::vector<InputFile> Inputs;
  std::vector<OutputPlace> Places;
  std::vector<HeldTensor> Held;
  MemoryPlan Memory;

  const GroupCode &code(const Group &G) const { return Codes[G.Code]; }
  /// How many elements of the group the sweep is expected to read: all, a
  /// sample of them, or 0 if it is one for guesses that are not made or should
  /// be right.
  static uint64_t expectedElements(const Group &G, const Sweep &S);
  /// Bytes that all sweeps read from inputs and write to outputs when guesses
  /// are right and no other sweep is skipped.
  uint64_t bytesRead() const;
  /// What a sweep that reads so many elements of the group reads from inputs.
  uint64_t bytesRead(const Group &G, const Sweep &S, uint64_t Elements) const;
  uint64_t bytesWritten() const;
  /// Of these, the most that have to be moved one after the other, however many
  /// threads there are. Held values are counted, too.
  uint64_t longestChain() const;
  /// Bytes of held values, in memory and in scratch files, over the whole run.
  uint64_t bytesHeld(bool InMemory) const;
};

/// The kernel that widens elements, exactly, from one float type to F32 or F64.
Kernel widening(DType From, DType To);

/// Files are read and written in blocks of so many bytes where they are not
/// read and written through the page cache. Buffers have one to spare.
constexpr uint64_t FileBlockBytes = 4096;
/// Of a worker whose sweep writes what it has read, which may not lie where
/// direct writes want it; whole blocks.
constexpr uint64_t BounceBytes = 128 * 1024;
bool writesUnchanged(const Sweep &S);

/// Bytes of one chunk element over a sweep's buffers (streams and outputs).
uint64_t chunkBytesPerElement(const GroupCode &Code, const Sweep &S);
/// What a worker needs for a sweep besides its chunk: registers and states.
uint64_t workerFixedBytes(const Sweep &S);
/// What a group needs while it is in flight, besides its workers.
uint64_t groupStateBytes(const Program &P, const Group &G);
/// The most memory that the values a group makes and holds take at a time.
std::vector<uint64_t> heldBytesOfGroups(const Program &P);

} // namespace mergec

#endif // MERGEC_SCHEDULE_PROGRAM_H
