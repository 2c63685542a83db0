//===- Graph.h - The tensor IR ----------------------------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A graph is a list of nodes in topological order: operands stand before their
// users. Each node has one op, operands, attributes, and one result (a `store`
// has none); node and result share an id. Ids are 32-bit indices into vectors,
// and types and strings are interned, so that a million tensors stay small.
//
// Values are
//   tensor<4096x14336xbf16>   a tensor of any rank and element type,
//   f64, vec<10xf64>          small results of reductions and host functions,
//   rows<4096xf64>, rows<4096x3xf64>    the same for each row of a tensor (a
//   row
//                             runs along the last axis),
//   cols<14336xf64>           the same for each column (position in the entries
//                             of the first axis; of a matrix, a column),
//   selection                 which elements of a tensor were selected,
//   rowmap                    where the rows of a tensor come from.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_IR_GRAPH_H
#define MERGEC_IR_GRAPH_H

#include "mergec/Ops/Op.h"
#include "mergec/Types/DType.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

class Diagnostics;
class RowMap;

struct ValueId {
  uint32_t Index = ~0u;
  bool valid() const { return Index != ~0u; }
  bool operator==(const ValueId &) const = default;
};

struct TypeId {
  uint32_t Index = ~0u;
  bool valid() const { return Index != ~0u; }
  bool operator==(const TypeId &) const = default;
};

struct NameId {
  uint32_t Index = ~0u;
  bool valid() const { return Index != ~0u; }
  bool operator==(const NameId &) const = default;
};

enum class TypeKind : uint8_t {
  Void,
  Tensor,
  Scalar,
  Rows,
  Columns,
  Selection,
  RowMap
};

struct Type {
  TypeKind Kind = TypeKind::Void;
  DType Element = DType::F64; ///< Tensor only; the others are f64.
  uint32_t Width = 1;         ///< Numbers per entry: Scalar, Rows, Columns.
  /// Tensor: its shape. Rows, Columns: how many. Opaque tensors: {bytes}.
  std::vector<int64_t> Shape;

  static Type tensor(llvm::ArrayRef<int64_t> Shape, DType Element) {
    return {TypeKind::Tensor, Element, 1, Shape.vec()};
  }
  static Type scalar(uint32_t Width = 1) {
    return {TypeKind::Scalar, DType::F64, Width, {}};
  }
  static Type rows(int64_t Count, uint32_t Width = 1) {
    return {TypeKind::Rows, DType::F64, Width, {Count}};
  }
  static Type columns(int64_t Count, uint32_t Width = 1) {
    return {TypeKind::Columns, DType::F64, Width, {Count}};
  }
  static Type selection() { return {TypeKind::Selection, DType::F64, 1, {}}; }
  static Type rowMap() { return {TypeKind::RowMap, DType::F64, 1, {}}; }

  bool isTensor() const { return Kind == TypeKind::Tensor; }
  /// Scalar, Rows or Columns: numbers that a host function can take.
  bool isNumbers() const {
    return Kind == TypeKind::Scalar || Kind == TypeKind::Rows ||
           Kind == TypeKind::Columns;
  }
  /// The product of a tensor's shape; 1 for a rank-0 tensor.
  uint64_t elements() const;
  /// Extent of the last axis; 1 for a rank-0 tensor.
  uint64_t rowLength() const { return Shape.empty() ? 1 : Shape.back(); }
  /// How many columns: the product of all extents but the first.
  uint64_t columnCount() const;
  /// How many rows: elements / rowLength, 0 if the tensor is empty.
  uint64_t rowCount() const;

  bool operator==(const Type &) const = default;
};

/// A number as an attribute word, and back.
inline uint64_t word(double Number) { return std::bit_cast<uint64_t>(Number); }
inline double number(uint64_t Word) { return std::bit_cast<double>(Word); }

class Graph {
public:
  Graph();
  Graph(Graph &&) = default;
  Graph &operator=(Graph &&) = default;

  //===--------------------------------------------------------------------===//
  // Reading
  //===--------------------------------------------------------------------===//

  uint32_t size() const { return Nodes.size(); }
  Op op(ValueId V) const { return Nodes[V.Index].Kind; }
  const OpInfo &info(ValueId V) const { return opInfo(op(V)); }
  TypeId typeId(ValueId V) const { return Nodes[V.Index].Result; }
  const Type &type(ValueId V) const { return Types[typeId(V).Index]; }
  llvm::ArrayRef<ValueId> operands(ValueId V) const {
    const Node &N = Nodes[V.Index];
    return llvm::ArrayRef(OperandPool).slice(N.FirstOperand, N.NumOperands);
  }
  llvm::ArrayRef<uint64_t> attributes(ValueId V) const {
    return llvm::ArrayRef(AttributePool)
        .slice(Nodes[V.Index].FirstAttribute, info(V).Attributes.size());
  }
  uint64_t attribute(ValueId V, unsigned I) const { return attributes(V)[I]; }
  const Type &get(TypeId T) const { return Types[T.Index]; }
  llvm::StringRef get(NameId N) const { return Names[N.Index]; }
  llvm::StringRef nameAttribute(ValueId V, unsigned I) const {
    return get(NameId{uint32_t(attribute(V, I))});
  }
  /// The value of a scalar `constant`.
  std::optional<double> constantValue(ValueId V) const;
  /// The map whose text is `Text`, parsed once; null, and what is wrong in
  /// `Error`, if it is none.
  std::shared_ptr<const RowMap> rowMap(NameId Text, std::string &Error) const;

  //===--------------------------------------------------------------------===//
  // Building
  //===--------------------------------------------------------------------===//

  TypeId intern(const Type &T);
  NameId intern(llvm::StringRef Name);

  /// Appends a node. The type rule must hold (asserted).
  ValueId create(Op Kind, llvm::ArrayRef<ValueId> Operands,
                 llvm::ArrayRef<uint64_t> Attributes = {}, TypeId Stated = {});

  /// As `create`, but a broken rule leaves the graph as it was, sets `Error`
  /// and returns an invalid id.
  ValueId tryCreate(Op Kind, llvm::ArrayRef<ValueId> Operands,
                    llvm::ArrayRef<uint64_t> Attributes, TypeId Stated,
                    std::string &Error);

  /// Makes room for `Times` what has been appended behind the first `Before`
  /// nodes: what grows by doubling is copied, and for a time there twice.
  void expectMore(uint32_t Before, uint64_t Times);

  ValueId constant(double Number);
  /// `Result` is empty if the run makes one model only.
  ValueId store(ValueId V, llvm::StringRef Name, llvm::StringRef Result = {}) {
    return create(Op::Store, {V}, {intern(Name).Index, intern(Result).Index});
  }

  //===--------------------------------------------------------------------===//
  // Rewriting, for passes
  //===--------------------------------------------------------------------===//

  void setOperand(ValueId V, unsigned I, ValueId To) {
    OperandPool[Nodes[V.Index].FirstOperand + I] = To;
  }
  /// Replaces the operands by fewer ones.
  void shrinkOperands(ValueId V, llvm::ArrayRef<ValueId> To);
  /// Turns a node with at least one attribute into a constant.
  void becomeConstant(ValueId V, double Number);
  /// Keeps the nodes whose bit is set, renumbering; operands of kept nodes must
  /// be kept.
  void compact(const std::vector<bool> &Keep);

  /// Sinks in order.
  std::vector<ValueId> stores() const;

private:
  struct Node {
    Op Kind;
    uint32_t NumOperands;
    uint32_t FirstOperand;
    uint32_t FirstAttribute;
    TypeId Result;
  };
  std::vector<Node> Nodes;
  // Both in the order of the nodes; with gaps where nodes have been rewritten.
  std::vector<ValueId> OperandPool;
  std::vector<uint64_t> AttributePool;
  std::vector<Type> Types;
  llvm::StringMap<uint32_t> TypeIndex; ///< By `typeKey`.
  std::vector<llvm::StringRef> Names;  ///< Keys of NameIndex.
  llvm::StringMap<uint32_t> NameIndex;
  llvm::DenseMap<uint64_t, uint32_t> Constants; ///< By their bits.
  /// By the names that are their texts.
  mutable llvm::DenseMap<uint32_t, std::shared_ptr<const RowMap>> RowMaps;
};

/// `tensor<2x3xbf16>`.
void printType(const Type &T, llvm::raw_ostream &OS);
std::string typeText(const Type &T);

/// The shortest text that reads back as the same double.
std::string numberText(double Number);

/// The text form, which `parseGraph` reads back to an equal graph.
void printGraph(const Graph &G, llvm::raw_ostream &OS);

/// One node as `printGraph` writes it, without the line's end.
void printNode(const Graph &G, ValueId V, llvm::raw_ostream &OS);

/// Parses the text of a .mir file; reports every mistake with its place.
std::optional<Graph> parseGraph(llvm::StringRef Path, Diagnostics &Diags);

/// Checks what every phase relies on: operands precede their users, arities and
/// types follow the op table, stored names are unique, every node but a store
/// has a value. Reports as `ir-invalid`; true if the graph is well-formed.
bool verifyGraph(const Graph &G, Diagnostics &Diags);

} // namespace mergec

template <> struct llvm::DenseMapInfo<mergec::ValueId> {
  static mergec::ValueId getEmptyKey() { return {~0u}; }
  static mergec::ValueId getTombstoneKey() { return {~0u - 1}; }
  static unsigned getHashValue(mergec::ValueId V) {
    return DenseMapInfo<uint32_t>::getHashValue(V.Index);
  }
  static bool isEqual(mergec::ValueId A, mergec::ValueId B) { return A == B; }
};

#endif // MERGEC_IR_GRAPH_H
