//===- SweepBuilder.h - Nodes to kernel calls -------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ops' side of code generation. The schedule visits the nodes that a sweep
// needs in order and lets each op emit its instructions through this class,
// which knows where values are, hands out registers and number slots, and takes
// registers back after the last use.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_SCHEDULE_SWEEPBUILDER_H
#define MERGEC_SCHEDULE_SWEEPBUILDER_H

#include "mergec/IR/Graph.h"
#include "mergec/Schedule/Program.h"
#include "llvm/ADT/DenseMap.h"

namespace mergec {

class SweepBuilder {
public:
  const Graph &graph() const { return G; }

  /// Where a tensor value is, in the type it is kept in there. A `cast` is not
  /// performed but looked through: the operand's type is that of the narrow
  /// value, and the kernel that reads it widens as it loads.
  TileOperand read(ValueId V);

  /// The value in a register or buffer of exactly its own type.
  TileOperand readWide(ValueId V);

  /// The value in f64, whatever its own type.
  TileOperand readDouble(ValueId V);

  /// The numbers of `V`, one for each column, as a tile.
  TileOperand readColumns(ValueId V, DType Type);

  /// The register for the result of elementwise node `V`; for a rounded value
  /// that is stored in this sweep, or a value that is held from it on, the
  /// output's buffer.
  TileOperand result(ValueId V);

  /// `V` is drawn by the rank of |X| in its row.
  void rankRows(ValueId V, TileOperand X, const RankedValue &How);

  /// A register for the duration of one node's code.
  TileOperand scratch(DType Type);

  /// A value's numbers; constants get a slot of their own.
  NumberRef numbers(ValueId V);

  void call(Kernel K, TileOperand Out, TileOperand A, TileOperand B = {},
            NumberRef S = {}, NumberRef T = {}) {
    Instruction I;
    I.First = K;
    I.Out = Out;
    I.A = A;
    I.B = B;
    I.S = S;
    I.T = T;
    append(I);
  }
  void append(const Instruction &I);

  /// Adds a reduction whose value is `V` (numbers or a selection), and returns
  /// it; `WorkerState` is its kernel's state.
  Reduction &reduction(const ReductionInfo &Info, ValueId V);
  /// Adds a reduction that finishes with what the first one of this sweep on
  /// tensor `Of` has collected. The first gets info `Collects` and needs the
  /// kernel; those behind get `Shares`, which has no state of its own.
  Reduction &sharedReduction(const ReductionInfo &Collects,
                             const ReductionInfo &Shares, ValueId V,
                             ValueId Of);
  /// State without a result, for an elementwise op on selection `Selected`.
  Reduction &state(const ReductionInfo &Info, ValueId Selected);

  /// A slot that holds a number of the op's own.
  NumberRef literal(double Number);

  /// Says where the numbers of `V` are: in those of another value.
  void bind(ValueId V, NumberRef Numbers);

  /// `V` is the function of its operands' numbers, computed before the sweep
  /// that first needs it.
  void hostCall(const HostFunction &Function, ValueId V);

  /// The index of the selection that `V` is.
  uint32_t selection(ValueId V) const;

  /// `store`: the value goes to output tensor of this store.
  void store(ValueId Store);

private:
  friend class CodeGenerator;
  SweepBuilder(const Graph &G) : G(G) {}

  void countNonFiniteInputs();
  /// `V`, just computed, is written to where it is held.
  void hold(ValueId V, uint16_t Output) {
    Current->Outputs.push_back({Output, read(V)});
  }
  TileOperand allocate(DType Type);
  void release(TileOperand O);
  /// Counts one use of `V` in this sweep less.
  void used(ValueId V);

  const Graph &G;
  GroupCode *Code = nullptr;
  Sweep *Current = nullptr;
  // Per group.
  llvm::DenseMap<ValueId, uint16_t> StreamOf, OutputOf;
  llvm::DenseMap<ValueId, uint32_t> SelectionOf;
  llvm::DenseMap<ValueId, NumberRef> NumbersOf;
  llvm::DenseMap<ValueId, ValueId> StoreOf; ///< Of a rounded value.
  llvm::DenseMap<ValueId, uint16_t> HeldOutputOf;
  std::vector<double> *Constants = nullptr;
  // Per sweep.
  llvm::DenseMap<ValueId, uint16_t> HeldHere; ///< Written by this sweep.
  llvm::DenseMap<ValueId, TileOperand> Places;
  llvm::DenseMap<std::pair<const ReductionInfo *, ValueId>, uint32_t> Collected;
  llvm::DenseMap<ValueId, unsigned> Uses;
  std::vector<uint16_t> FreeRegisters;
  std::vector<TileOperand> Scratch;
};

} // namespace mergec

#endif // MERGEC_SCHEDULE_SWEEPBUILDER_H
