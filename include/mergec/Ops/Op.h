//===- Op.h - The table of ops ----------------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The closed set of ops that merge methods lower onto. Each op is one file in
// lib/Ops that defines `op<Stem>`: its name, arity, attributes and type rule,
// what it folds to, and how it runs in a sweep. Passes, printer, parser,
// verifier and schedule work from the table and never switch over ops.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_OPS_OP_H
#define MERGEC_OPS_OP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mergec {

class Graph;
class SweepBuilder;
struct TypeId;
struct ValueId;

/// One per file of lib/Ops.
enum class Op : uint16_t {
#define MERGEC_ENTRY(Stem) Stem,
#include "mergec/Ops/Registry.inc"
#undef MERGEC_ENTRY
};

/// What the phases need to know of an op, beyond its own functions.
enum class OpClass : uint8_t {
  Source,      ///< Bytes of a checkpoint: `load`.
  Movement,    ///< The same elements elsewhere: `slice`.
  Elementwise, ///< Tensor in, tensor out, element by element (and, where an
               ///< operand is per row or per column, its row's or column's).
  Reduction,   ///< A sweep over tensors that leaves a small value behind.
  Host,        ///< Small values in, a small value out, between sweeps.
  Sink,        ///< Writes a tensor of the result: `store`.
};

enum class AttributeKind : uint8_t {
  Number,  ///< An IEEE double.
  Integer, ///< A signed 64-bit integer.
  Name,    ///< An interned string.
  Hidden,  ///< An index for the compiler's own use: not part of the text form.
};

struct AttributeSpec {
  llvm::StringLiteral Name;
  AttributeKind Kind;
  bool Optional = false; ///< A name that is left out of the text if empty.
};

struct OpInfo {
  llvm::StringLiteral Mnemonic;
  OpClass Class;
  unsigned MinOperands;
  unsigned MaxOperands; ///< `AnyNumber` for no limit.
  llvm::ArrayRef<AttributeSpec> Attributes = {};
  llvm::StringLiteral Summary; ///< One line for the IR reference.

  /// The result's type. `Stated` is the type written in the text or asked for
  /// by the builder (invalid: none); ops whose type does not follow from their
  /// operands (`load`, `cast`, `round`) take it from there. On a mistake sets
  /// `Error` and returns an invalid id. Operand counts are already checked.
  TypeId (*Infer)(Graph &G, llvm::ArrayRef<ValueId> Operands,
                  llvm::ArrayRef<uint64_t> Attributes, TypeId Stated,
                  std::string &Error);

  /// Simplifies node `V` in place, or returns an existing value that equals it
  /// bit for bit on finite inputs; invalid if there is nothing to simplify.
  /// Null for ops that never fold.
  ValueId (*Fold)(Graph &G, ValueId V) = nullptr;

  /// Elementwise: the instructions for one tile. Reduction: for phase
  /// `Phase` of `Phases`. Sink: the write. Null for other classes.
  void (*Emit)(SweepBuilder &B, ValueId V, unsigned Phase) = nullptr;

  /// How many sweeps a reduction takes before its value is known.
  unsigned Phases = 1;

  /// Elementwise: some elements of an operand leave no trace in the value. If
  /// they are NaN or infinite, that does not show in the result, so the inputs
  /// are looked at.
  bool LeavesOut = false;

  /// Elementwise: carries a state from element to element, so that a sweep
  /// computes it once, in order.
  bool KeepsState = false;

  /// Elementwise: goes by the ranks of a row's elements, which are computed
  /// ahead of the sweep and, for long rows, again.
  bool RanksRows = false;

  /// Of an element, for each operand: what it takes to compute, in bytes of
  /// memory traffic that take as long.
  double Price = 0.5;

  /// Reduction of several phases: the code of sweeps that run before the first
  /// one and may make all phases superfluous; null if there are none. Stage 0
  /// sees a sample of the tensor, stage 1 and, if it leaves something open, 2
  /// the whole. For each rank there are two states more than otherwise.
  void (*Guess)(SweepBuilder &B, ValueId V, unsigned Stage) = nullptr;
  static constexpr unsigned GuessStages = 3, SampledStages = 1;

  static constexpr unsigned AnyNumber = ~0u;
};

const OpInfo &opInfo(Op Kind);
llvm::ArrayRef<const OpInfo *> allOps(); ///< Indexed by Op.

} // namespace mergec

#endif // MERGEC_OPS_OP_H
