//===- Generate.cpp - Code for groups ------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/RowMap.h"
#include "mergec/Schedule/Schedule.h"
#include "mergec/Schedule/SweepBuilder.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/StringMap.h"
#include <algorithm>
#include <unordered_map>

using namespace mergec;

namespace mergec {

/// Generates the code of one group after the other. The state of the builder is
/// cleared for each: groups are small and many.
class CodeGenerator {
public:
  CodeGenerator(const Graph &G, const SweepPlan &Plan,
                llvm::ArrayRef<const Checkpoint *> Models,
                llvm::ArrayRef<OutputTensor> Outputs)
      : G(G), Plan(Plan), B(G), Wanted(G.size()) {
    for (const Checkpoint *M : Models) {
      ModelOf.try_emplace(M->name(), Model{M, uint32_t(P.Inputs.size())});
      for (const CheckpointFile &F : M->files())
        P.Inputs.push_back({F.Path, M->name().str()});
    }
    for (const OutputTensor &T : Outputs)
      P.Places.push_back({T.Name, T.Shard, T.Offset, T.Type});
  }

  Program run() {
    // Outputs and stores have the same order: layout follows the graph.
    uint32_t Output = 0;
    for (ValueId S : G.stores())
      OutputIndex[S] = Output++;
    for (const WorkGroup &W : Plan.Groups) {
      llvm::SmallVector<uint64_t, 256> Words = structure(W);
      if (Words.empty()) {
        generateGroup(W);
        continue;
      }
      llvm::StringRef Key(reinterpret_cast<const char *>(Words.data()),
                          Words.size() * sizeof(uint64_t));
      if (auto Known = Structures.find(Key); Known != Structures.end()) {
        repeatGroup(W, P.Groups[Known->second]);
        continue;
      }
      if (Structures.size() == MostStructures)
        Structures.clear();
      Structures[Key] = P.Groups.size();
      generateGroup(W);
    }
    return std::move(P);
  }

private:
  struct Model {
    const Checkpoint *From;
    uint32_t FirstFile;
  };

  void generateGroup(const WorkGroup &W);
  llvm::SmallVector<uint64_t, 256> structure(const WorkGroup &W) const;
  void repeatGroup(const WorkGroup &W, const Group &Like);
  void generateLevel(const WorkGroup &W, uint32_t Level);
  void generateSweep(const WorkGroup &W, uint32_t Level, bool ByColumns,
                     std::optional<unsigned> GuessStage = std::nullopt);
  std::vector<ValueId> inOrderOfNeed(const WorkGroup &W, uint32_t Level) const;
  void bindStream(ValueId V, Group &Bound);
  void bindGathered(ValueId Gather);
  /// The file and the tensor that a `load` reads.
  std::pair<uint32_t, const TensorInfo *> loaded(ValueId Load);
  GatheredRows::Source gatheredSource(ValueId V);
  uint32_t readHeld(ValueId V);
  void bindHeld(const HeldValue &H);
  void findLifetimes(const WorkGroup &W, const GroupCode &Code);
  /// A value that sweeps of this level read rather than compute.
  bool isRead(ValueId V, uint32_t Level) const;
  uint32_t share(GroupCode &&Code);

  const Graph &G;
  const SweepPlan &Plan;
  SweepBuilder B;
  Program P;
  llvm::StringMap<Model> ModelOf;
  llvm::DenseMap<uint64_t, const Model *> ModelOfName; ///< By the name's id.
  llvm::DenseMap<ValueId, uint32_t> OutputIndex, HeldIndex;
  std::unordered_multimap<size_t, uint32_t> CodesByHash;
  /// Groups by the bytes of their structure: the last few that differ.
  llvm::StringMap<uint32_t> Structures;
  static constexpr unsigned MostStructures = 256;
  std::vector<bool> Wanted; ///< Values, by the sweep at hand.
};

} // namespace mergec

static bool isLeaf(const Graph &G, ValueId V) {
  OpClass Class = G.info(V).Class;
  return Class == OpClass::Source || Class == OpClass::Movement;
}

/// What a slice is the beginning of.
static ValueId withoutSlices(const Graph &G, ValueId V) {
  while (G.op(V) == Op::Slice)
    V = G.operands(V)[0];
  return V;
}

std::pair<uint32_t, const TensorInfo *> CodeGenerator::loaded(ValueId Load) {
  const Model *&Known = ModelOfName[G.attribute(Load, 0)];
  if (!Known)
    Known = &ModelOf.find(G.nameAttribute(Load, 0))->second;
  const Model &M = *Known;
  uint64_t Index = G.attribute(Load, 2);
  const TensorInfo *T = Index < M.From->tensors().size()
                            ? &M.From->tensors()[Index]
                            : M.From->find(G.nameAttribute(Load, 1));
  return {M.FirstFile + T->File, T};
}

/// By this group, to its end; the index of a file that it is like.
uint32_t CodeGenerator::readHeld(ValueId V) {
  uint32_t Index = HeldIndex.lookup(V);
  P.Held[Index].LastGroup = P.Groups.size();
  return HeldBit | Index;
}

GatheredRows::Source CodeGenerator::gatheredSource(ValueId V) {
  uint64_t Rows = G.type(V).Shape[0];
  ValueId From = withoutSlices(G, V);
  if (HeldIndex.count(From))
    return {readHeld(From), 0, G.type(From).Element, Rows};
  auto [File, T] = loaded(From);
  return {File, T->Offset, T->Type, Rows};
}

void CodeGenerator::bindGathered(ValueId Gather) {
  llvm::ArrayRef<ValueId> Operands = G.operands(Gather);
  std::string Error;
  GatheredRows Rows;
  Rows.Map = G.rowMap(NameId{uint32_t(G.attribute(Operands[0], 0))}, Error);
  Rows.RowElements = G.type(Gather).columnCount();
  for (ValueId Source : Operands.drop_front())
    Rows.Sources.push_back(gatheredSource(Source));
  B.Code->StreamTypes.push_back(G.type(Gather).Element);
  P.Streams.push_back({Rows.Sources[0].File, 0, uint32_t(P.Gathered.size())});
  P.Gathered.push_back(std::move(Rows));
}

void CodeGenerator::bindStream(ValueId V, Group &Bound) {
  B.StreamOf[V] = B.Code->StreamTypes.size();
  ValueId From = withoutSlices(G, V);
  if (From != V && HeldIndex.count(From)) {
    B.Code->StreamTypes.push_back(G.type(From).Element);
    P.Streams.push_back({readHeld(From), 0});
    return;
  }
  if (G.op(From) == Op::GatherRows)
    return bindGathered(From);
  auto [File, T] = loaded(From);
  DType Type = T->Type;
  if (bitWidth(Type) % 8 || bitWidth(Type) == 0) {
    // Only ever copied: a run of bytes.
    Type = DType::U8;
    Bound.Elements = Bound.RowLength = T->Bytes;
  }
  B.Code->StreamTypes.push_back(Type);
  P.Streams.push_back({File, T->Offset});
}

bool CodeGenerator::isRead(ValueId V, uint32_t Level) const {
  return isLeaf(G, V) || (Level > Plan.Level[V.Index] && Plan.held(V));
}

/// As an output of one sweep and an input of later ones.
void CodeGenerator::bindHeld(const HeldValue &H) {
  ValueId V = H.Value;
  const Type &T = G.type(V);
  uint32_t Index = P.Held.size(), Group = P.Groups.size();
  HeldIndex[V] = Index;
  P.Held.push_back({T.elements() * byteWidth(T.Element),
                    H.Where == Holding::InMemory, Group, 0, Group, 0});
  B.HeldOutputOf[V] = B.Code->OutputTypes.size();
  B.Code->OutputTypes.push_back(T.Element);
  P.Outputs.push_back({HeldBit | Index});
  if (isLeaf(G, V))
    return; // Is read as before.
  B.StreamOf[V] = B.Code->StreamTypes.size();
  B.Code->StreamTypes.push_back(T.Element);
  P.Streams.push_back({HeldBit | Index, 0});
}

/// What is left out is looked for in inputs: by the last sweep that reads them.
static void countInputsOnce(GroupCode &Code) {
  llvm::SmallBitVector Counted(Code.StreamTypes.size());
  for (Sweep &S : llvm::reverse(Code.Sweeps)) {
    llvm::SmallBitVector Before = Counted;
    llvm::erase_if(S.Body, [&](const Instruction &I) {
      if (I.State != Instruction::NonFiniteCount ||
          I.A.Where != TileOperand::Place::Stream ||
          I.Out.Where != TileOperand::Place::None)
        return false;
      Counted.set(I.A.Index);
      return Before.test(I.A.Index);
    });
  }
}

/// Of held values: the sweeps that write and that read them.
void CodeGenerator::findLifetimes(const WorkGroup &W, const GroupCode &Code) {
  for (ValueId V : W.Members) {
    auto Output = B.HeldOutputOf.find(V);
    if (Output == B.HeldOutputOf.end())
      continue;
    HeldTensor &H = P.Held[HeldIndex.lookup(V)];
    uint16_t Stream = B.StreamOf.lookup(V);
    for (uint32_t S = 0; S != Code.Sweeps.size(); ++S) {
      for (const Sweep::Written &Written : Code.Sweeps[S].Outputs)
        if (Written.Output == Output->second)
          H.FirstSweep = H.LastSweep = S;
      if (llvm::is_contained(Code.Sweeps[S].Streams, Stream))
        H.LastSweep = S;
    }
  }
}

/// All that code and constants of a group follow from, if it holds no values
/// and moves no rows; else nothing. A model's groups are many and alike, and
/// this is found faster than the code.
llvm::SmallVector<uint64_t, 256>
CodeGenerator::structure(const WorkGroup &W) const {
  constexpr uint64_t IsConstant = ~uint64_t(0);
  llvm::SmallVector<uint64_t, 256> Words;
  uint32_t First = W.Members.front().Index;
  for (ValueId V : W.Members) {
    bool IsLoad = G.op(V) == Op::Load;
    if ((isLeaf(G, V) && !IsLoad) || Plan.held(V))
      return {};
    Words.push_back(uint64_t(V.Index - First) << 32 | G.typeId(V).Index);
    Words.push_back(uint64_t(G.op(V)) << 32 | G.operands(V).size());
    if (!IsLoad && G.info(V).Class != OpClass::Sink)
      llvm::append_range(Words, G.attributes(V));
    for (ValueId O : G.operands(V)) {
      if (std::optional<double> Number = G.constantValue(O)) {
        Words.push_back(IsConstant);
        Words.push_back(word(*Number));
      } else {
        Words.push_back(O.Index - First);
      }
    }
  }
  return Words;
}

/// A group of the structure of `Like`: only its inputs and outputs are others.
void CodeGenerator::repeatGroup(const WorkGroup &W, const Group &Like) {
  Group Bound = Like;
  Bound.FirstStream = P.Streams.size();
  Bound.FirstOutput = P.Outputs.size();
  for (ValueId V : W.Members) {
    if (G.op(V) == Op::Load) {
      auto [File, T] = loaded(V);
      P.Streams.push_back({File, T->Offset});
    } else if (G.info(V).Class == OpClass::Sink) {
      P.Outputs.push_back({OutputIndex.lookup(V)});
    }
  }
  P.Groups.push_back(Bound);
}

void CodeGenerator::generateGroup(const WorkGroup &W) {
  GroupCode Code;
  std::vector<double> Constants;
  B.Code = &Code;
  B.Constants = &Constants;
  B.StreamOf.clear();
  B.OutputOf.clear();
  B.SelectionOf.clear();
  B.NumbersOf.clear();
  B.HeldOutputOf.clear();

  Group Bound;
  Bound.FirstStream = P.Streams.size();
  Bound.FirstOutput = P.Outputs.size();
  Bound.FirstConstant = P.Constants.size();

  for (ValueId V : W.Members) {
    bool IsSink = G.info(V).Class == OpClass::Sink;
    if (IsSink || Plan.held(V)) {
      const Type &T = G.type(IsSink ? G.operands(V)[0] : V);
      Bound.Elements = T.elements();
      Bound.RowLength = T.rowLength();
      Bound.Columns = T.columnCount();
    }
  }
  for (ValueId V : W.Members) {
    // Leaves: movement ops, and loads that something reads directly.
    if (isLeaf(G, V))
      bindStream(V, Bound);
    if (const HeldValue *H = Plan.held(V))
      bindHeld(*H);
    // What takes several sweeps selects by rank: a tensor, then the ranks.
    if (G.info(V).Class == OpClass::Reduction && G.info(V).Phases > 1) {
      B.SelectionOf[V] = Code.Selections;
      Code.Selections += G.operands(V).size() - 1;
    }
    if (G.info(V).Class == OpClass::Sink) {
      B.OutputOf[V] = Code.OutputTypes.size();
      uint32_t Tensor = OutputIndex.lookup(V);
      DType Type = P.Places[Tensor].Type;
      Code.OutputTypes.push_back(
          bitWidth(Type) % 8 || !bitWidth(Type) ? DType::U8 : Type);
      P.Outputs.push_back({Tensor});
    }
  }
  // Numbers that are not constants come behind those that are: how many
  // constants there are is known at the end, so they are shifted then.
  for (uint32_t Level = 0; Level != W.Sweeps; ++Level)
    generateLevel(W, Level);
  countInputsOnce(Code);
  findLifetimes(W, Code);
  Code.Constants = Constants.size();
  Code.Numbers += Code.Constants;
  P.Constants.insert(P.Constants.end(), Constants.begin(), Constants.end());
  Bound.Code = share(std::move(Code));
  P.Groups.push_back(Bound);
}

/// Moves what reads nothing but streams to where it is needed first: next to
/// what a kernel of several steps may do together with it.
static void computeLate(std::vector<Instruction> &Body) {
  for (size_t At = Body.size(); At-- != 0;) {
    const Instruction I = Body[At];
    auto FromStream = [](const TileOperand &O) {
      return O.Where == TileOperand::Place::None ||
             O.Where == TileOperand::Place::Stream;
    };
    if (I.How != Instruction::Form::Call || readsOut(I.First) ||
        I.Out.Where != TileOperand::Place::Register ||
        I.State != Instruction::NoState ||
        I.A.Where != TileOperand::Place::Stream || !FromStream(I.B) ||
        !FromStream(I.C))
      continue;
    size_t To = At + 1;
    while (To != Body.size() && Body[To].Out != I.Out && Body[To].A != I.Out &&
           Body[To].B != I.Out && Body[To].C != I.Out)
      ++To;
    std::rotate(Body.begin() + At, Body.begin() + At + 1, Body.begin() + To);
  }
}

/// Drops copies of what could as well be computed where it is collected.
static void collectDirectly(std::vector<Instruction> &Ranking) {
  auto IsReadLater = [&](const TileOperand &O, size_t From) {
    for (size_t At = From; At != Ranking.size(); ++At) {
      const Instruction &I = Ranking[At];
      if (I.A == O || I.B == O || I.C == O)
        return true;
      if (I.Out == O)
        return I.How != Instruction::Form::Call || readsOut(I.First);
    }
    return false;
  };
  for (size_t At = 1; At < Ranking.size(); ++At) {
    const Instruction &Copy = Ranking[At];
    Instruction &From = Ranking[At - 1];
    if (Copy.Out.Where != TileOperand::Place::Ranked ||
        Copy.First != Kernel::FillF32 || From.Out != Copy.A ||
        From.How != Instruction::Form::Call ||
        From.Out.Where != TileOperand::Place::Register ||
        readsOut(From.First) || IsReadLater(Copy.A, At + 1))
      continue;
    From.Out = Copy.Out;
    Ranking.erase(Ranking.begin() + At--);
  }
}

/// Takes what the values to be ranked are computed from to the front, again:
/// it has no state (`fuseSweeps` has seen to it).
static void separateRanking(Sweep &S) {
  using Pass = Instruction::Pass;
  std::vector<Instruction> Ranking, Main;
  llvm::SmallVector<TileOperand, 8> Needed;
  auto IsNeeded = [&](const TileOperand &O) {
    return llvm::any_of(Needed, [&](const TileOperand &N) {
      return N.Where == O.Where && N.Index == O.Index;
    });
  };
  for (const Instruction &I : llvm::reverse(S.Body)) {
    const bool Collects = I.Runs == Pass::Ranking;
    if (!Collects)
      Main.push_back(I);
    if (!Collects && !IsNeeded(I.Out))
      continue;
    Ranking.push_back(I);
    Ranking.back().Runs = Pass::Ranking;
    if (I.How == Instruction::Form::Call && !readsOut(I.First))
      llvm::erase_if(Needed, [&](const TileOperand &N) {
        return N.Where == I.Out.Where && N.Index == I.Out.Index;
      });
    for (const TileOperand &O : {I.A, I.B, I.C})
      if (O.Where == TileOperand::Place::Register ||
          O.Where == TileOperand::Place::Output)
        Needed.push_back(O);
  }
  std::reverse(Ranking.begin(), Ranking.end());
  collectDirectly(Ranking);
  S.Body = std::move(Ranking);
  std::reverse(Main.begin(), Main.end());
  computeLate(Main);
  S.Body.insert(S.Body.end(), Main.begin(), Main.end());
}

/// One sweep, or two where some reductions are over columns and some not; and
/// those for guesses before the sweeps that they may make superfluous.
void CodeGenerator::generateLevel(const WorkGroup &W, uint32_t Level) {
  bool Columns = false, Others = false, Guesses = false;
  for (ValueId V : W.Members) {
    OpClass Class = G.info(V).Class;
    if (Class == OpClass::Reduction && Level >= Plan.start(G, V) &&
        Level < Plan.Level[V.Index]) {
      (G.type(V).Kind == TypeKind::Columns ? Columns : Others) = true;
      Guesses |= G.info(V).Guess && Level == Plan.start(G, V);
    }
    if (Plan.Level[V.Index] == Level)
      Others |= Class == OpClass::Sink || Plan.held(V);
  }
  if (Guesses)
    for (unsigned Stage = 0; Stage != OpInfo::GuessStages; ++Stage)
      generateSweep(W, Level, /*ByColumns=*/false, Stage);
  if (Columns)
    generateSweep(W, Level, /*ByColumns=*/true);
  if (Others || !Columns)
    generateSweep(W, Level, /*ByColumns=*/false);
}

/// Those that are wanted, each behind what it needs but no sooner than somebody
/// needs it: so tiles are used again while they lie in the cache, and few are
/// alive at a time.
std::vector<ValueId> CodeGenerator::inOrderOfNeed(const WorkGroup &W,
                                                  uint32_t Level) const {
  std::vector<ValueId> Order;
  llvm::DenseMap<ValueId, bool> Seen;
  struct Visit {
    ValueId V;
    size_t Next; ///< Operand.
  };
  std::vector<Visit> Stack;
  auto Begin = [&](ValueId V) {
    if (Wanted[V.Index] && !std::exchange(Seen[V], true))
      Stack.push_back({V, 0});
  };
  for (ValueId Root : W.Members) {
    OpClass Class = G.info(Root).Class;
    if (Class != OpClass::Reduction && Class != OpClass::Sink &&
        !B.HeldHere.count(Root))
      continue;
    Begin(Root);
    while (!Stack.empty()) {
      Visit &Top = Stack.back();
      llvm::ArrayRef<ValueId> Operands = G.operands(Top.V);
      if (isRead(Top.V, Level) || Top.Next == Operands.size()) {
        Order.push_back(Top.V);
        Stack.pop_back();
      } else {
        Begin(Operands[Top.Next++]);
      }
    }
  }
  return Order;
}

void CodeGenerator::generateSweep(const WorkGroup &W, uint32_t Level,
                                  bool ByColumns,
                                  std::optional<unsigned> GuessStage) {
  B.Code->Sweeps.emplace_back();
  Sweep &S = B.Code->Sweeps.back();
  B.Current = &S;
  S.ByColumns = ByColumns;
  B.Places.clear();
  B.Collected.clear();
  B.Uses.clear();
  B.StoreOf.clear();
  B.FreeRegisters.clear();
  B.HeldHere.clear();

  // Reductions and stores of this sweep, and what they need of the tensors.
  for (ValueId V : W.Members)
    Wanted[V.Index] = false;
  for (ValueId V : llvm::reverse(W.Members)) {
    OpClass Class = G.info(V).Class;
    bool Runs = Wanted[V.Index];
    if (Class == OpClass::Reduction) {
      uint32_t Start = Plan.start(G, V);
      Runs = GuessStage
                 ? G.info(V).Guess && Level == Start
                 : Level >= Start && Level < Start + G.info(V).Phases &&
                       ByColumns == (G.type(V).Kind == TypeKind::Columns);
    } else if (GuessStage) {
      // Nothing else.
    } else if (Class == OpClass::Sink) {
      Runs = Plan.Level[V.Index] == Level && !ByColumns;
    } else if (Plan.held(V) && Plan.Level[V.Index] == Level && !ByColumns) {
      Runs = true;
      B.HeldHere[V] = B.HeldOutputOf.lookup(V);
    }
    if (!Runs)
      continue;
    Wanted[V.Index] = true;
    if (isRead(V, Level))
      continue;
    for (ValueId O : G.operands(V)) {
      if (!G.type(O).isTensor())
        continue;
      Wanted[O.Index] = true;
      ++B.Uses[O];
      if (Class == OpClass::Sink && G.op(O) == Op::Round)
        B.StoreOf.try_emplace(O, V);
    }
  }

  for (ValueId V : W.Members)
    if (G.info(V).Class == OpClass::Host && Plan.Level[V.Index] == Level &&
        !B.NumbersOf.count(V))
      G.info(V).Emit(B, V, 0);

  bool AllReductions = true, LeavesOut = false, AllGuessed = true;
  for (ValueId V : inOrderOfNeed(W, Level)) {
    const OpInfo &Info = G.info(V);
    if (auto It = B.HeldHere.find(V); It != B.HeldHere.end() && isLeaf(G, V)) {
      B.hold(V, It->second);
      AllReductions = false;
    }
    if (isRead(V, Level))
      continue;
    if (!Info.Emit)
      continue; // A cast: performed by what reads it.
    unsigned Phase =
        Info.Class == OpClass::Reduction ? Level - Plan.start(G, V) : 0;
    AllReductions &= Info.Class != OpClass::Sink;
    LeavesOut |= Info.LeavesOut;
    if (Info.Class == OpClass::Reduction)
      AllGuessed &= Info.Guess != nullptr;
    if (GuessStage && Info.Guess)
      Info.Guess(B, V, *GuessStage);
    else
      Info.Emit(B, V, Phase);
    if (auto It = B.HeldHere.find(V); It != B.HeldHere.end()) {
      B.hold(V, It->second);
      AllReductions = false;
    }
    for (ValueId O : G.operands(V))
      if (G.type(O).isTensor())
        B.used(O);
    for (TileOperand O : B.Scratch)
      B.release(O);
    B.Scratch.clear();
  }
  S.Conditional = AllReductions;
  if (GuessStage)
    S.Selects = *GuessStage < OpInfo::SampledStages    ? Sweep::Way::Sample
                : *GuessStage == OpInfo::SampledStages ? Sweep::Way::Guess
                                                       : Sweep::Way::Settle;
  else if (AllReductions && AllGuessed)
    S.Selects = Sweep::Way::Search;
  if (LeavesOut && !AllReductions)
    B.countNonFiniteInputs();
  if (!S.Ranked.empty())
    separateRanking(S);
}

/// Numbers are kept behind the constants.
static void shiftNumbers(GroupCode &Code) {
  auto Shift = [&](NumberRef &N) {
    if (N.By != NumberRef::Axis::None && N.Stride)
      N.Slot += Code.Constants;
  };
  for (Sweep &S : Code.Sweeps) {
    for (HostCall &C : S.Before) {
      for (NumberRef &N : C.Inputs)
        Shift(N);
      C.Target += Code.Constants;
    }
    for (Instruction &I : S.Body) {
      Shift(I.S);
      Shift(I.T);
    }
    for (RankedValue &R : S.Ranked) {
      Shift(R.Low);
      Shift(R.High);
    }
    for (Reduction &R : S.Reductions) {
      for (NumberRef &N : R.Inputs)
        Shift(N);
      if (R.ToNumbers)
        R.Target += Code.Constants;
    }
  }
}

static size_t hashCode(const GroupCode &Code) {
  llvm::hash_code H = llvm::hash_combine(
      Code.Sweeps.size(), Code.StreamTypes.size(), Code.Numbers, Code.Constants,
      Code.Selections, Code.OutputTypes.size());
  for (const Sweep &S : Code.Sweeps)
    for (const Instruction &I : S.Body)
      H = llvm::hash_combine(H, I.First, I.Out.Index, I.A.Index, I.A.Type,
                             I.B.Index, I.S.Slot, I.State);
  return H;
}

uint32_t CodeGenerator::share(GroupCode &&Code) {
  shiftNumbers(Code);
  size_t Hash = hashCode(Code);
  auto [First, Last] = CodesByHash.equal_range(Hash);
  for (auto It = First; It != Last; ++It)
    if (P.Codes[It->second] == Code)
      return It->second;
  CodesByHash.emplace(Hash, P.Codes.size());
  P.Codes.push_back(std::move(Code));
  return P.Codes.size() - 1;
}

Program mergec::generate(const Graph &G, const SweepPlan &Plan,
                         llvm::ArrayRef<const Checkpoint *> Models,
                         llvm::ArrayRef<OutputTensor> Outputs) {
  return CodeGenerator(G, Plan, Models, Outputs).run();
}
