//===- Graph.cpp - The tensor IR ------------------------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/Graph.h"
#include "mergec/IR/RowMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/ErrorHandling.h"
#include <cassert>

using namespace mergec;

uint64_t Type::elements() const {
  uint64_t Product = 1;
  for (int64_t Extent : Shape)
    Product *= Extent;
  return Product;
}

uint64_t Type::columnCount() const {
  uint64_t Product = 1;
  for (size_t I = 1; I < Shape.size(); ++I)
    Product *= Shape[I];
  return Product;
}

uint64_t Type::rowCount() const {
  uint64_t Length = rowLength();
  return Length ? elements() / Length : 0;
}

Graph::Graph() { intern(Type()); }

/// All that the type's text shows, which is all that makes it what it is.
static llvm::SmallString<64> typeKey(const Type &T) {
  llvm::SmallString<64> Key;
  auto Append = [&](const auto &Field) {
    Key.append(
        llvm::StringRef(reinterpret_cast<const char *>(&Field), sizeof(Field)));
  };
  Append(T.Kind);
  if (T.isTensor())
    Append(T.Element);
  else if (T.isNumbers())
    Append(T.Width);
  if (T.isTensor() || T.isNumbers())
    for (int64_t Extent : T.Shape)
      Append(Extent);
  return Key;
}

TypeId Graph::intern(const Type &T) {
  auto [It, New] = TypeIndex.try_emplace(typeKey(T), Types.size());
  if (New)
    Types.push_back(T);
  return {It->second};
}

NameId Graph::intern(llvm::StringRef Name) {
  auto [It, New] = NameIndex.try_emplace(Name, Names.size());
  if (New)
    Names.push_back(It->first());
  return {It->second};
}

ValueId Graph::tryCreate(Op Kind, llvm::ArrayRef<ValueId> Operands,
                         llvm::ArrayRef<uint64_t> Attributes, TypeId Stated,
                         std::string &Error) {
  const OpInfo &Info = opInfo(Kind);
  if (Operands.size() < Info.MinOperands ||
      Operands.size() > Info.MaxOperands) {
    Error = ("`" + Info.Mnemonic + "` can't have " +
             llvm::Twine(Operands.size()) + " operands")
                .str();
    return {};
  }
  assert(Attributes.size() == Info.Attributes.size());
  TypeId Result = Info.Infer(*this, Operands, Attributes, Stated, Error);
  if (!Error.empty())
    return {};
  if (Stated.valid() && Stated != Result) {
    Error = ("`" + Info.Mnemonic + "` gives " + typeText(get(Result)) +
             ", not " + typeText(get(Stated)))
                .str();
    return {};
  }
  Node N;
  N.Kind = Kind;
  N.NumOperands = Operands.size();
  N.FirstOperand = OperandPool.size();
  N.FirstAttribute = AttributePool.size();
  N.Result = Result;
  OperandPool.insert(OperandPool.end(), Operands.begin(), Operands.end());
  AttributePool.insert(AttributePool.end(), Attributes.begin(),
                       Attributes.end());
  Nodes.push_back(N);
  return {uint32_t(Nodes.size() - 1)};
}

ValueId Graph::create(Op Kind, llvm::ArrayRef<ValueId> Operands,
                      llvm::ArrayRef<uint64_t> Attributes, TypeId Stated) {
  std::string Error;
  ValueId V = tryCreate(Kind, Operands, Attributes, Stated, Error);
  if (!V.valid())
    llvm::report_fatal_error(llvm::Twine("mergec built invalid IR: ") + Error);
  return V;
}

ValueId Graph::constant(double Number) {
  // Two bit patterns are reserved by DenseMap; they are NaNs that no plan
  // holds.
  uint64_t Bits = word(Number);
  auto [It, New] = Constants.try_emplace(Bits, 0);
  if (New) {
    ValueId V = create(Op::Constant, {}, {Bits});
    Constants[Bits] = V.Index;
    return V;
  }
  return {It->second};
}

std::optional<double> Graph::constantValue(ValueId V) const {
  if (op(V) != Op::Constant)
    return std::nullopt;
  return number(attribute(V, 0));
}

std::shared_ptr<const RowMap> Graph::rowMap(NameId Text,
                                            std::string &Error) const {
  std::shared_ptr<const RowMap> &Known = RowMaps[Text.Index];
  if (!Known)
    if (std::optional<RowMap> Map = RowMap::parse(get(Text), Error))
      Known = std::make_shared<const RowMap>(std::move(*Map));
  return Known;
}

void Graph::shrinkOperands(ValueId V, llvm::ArrayRef<ValueId> To) {
  Node &N = Nodes[V.Index];
  assert(To.size() <= N.NumOperands);
  for (unsigned I = 0; I != To.size(); ++I)
    OperandPool[N.FirstOperand + I] = To[I];
  N.NumOperands = To.size();
}

void Graph::becomeConstant(ValueId V, double Number) {
  assert(!info(V).Attributes.empty() && "nowhere to keep the number");
  Node &N = Nodes[V.Index];
  AttributePool[N.FirstAttribute] = word(Number);
  N.Kind = Op::Constant;
  N.NumOperands = 0;
}

void Graph::expectMore(uint32_t Before, uint64_t Times) {
  if (Before == Nodes.size())
    return;
  auto Expect = [&](auto &List, size_t Begin) {
    List.reserve(List.size() + (List.size() - Begin) * Times);
  };
  Expect(OperandPool, Nodes[Before].FirstOperand);
  Expect(AttributePool, Nodes[Before].FirstAttribute);
  Expect(Nodes, Before);
}

void Graph::compact(const std::vector<bool> &Keep) {
  std::vector<uint32_t> Renumbered(Nodes.size(), ~0u);
  uint32_t Kept = 0, Operands = 0, Words = 0;
  Constants.clear();
  for (uint32_t I = 0; I != Nodes.size(); ++I) {
    if (!Keep[I])
      continue;
    ValueId V{Kept};
    Node N = Nodes[I];
    for (ValueId &O : llvm::MutableArrayRef(OperandPool)
                          .slice(N.FirstOperand, N.NumOperands)) {
      assert(Renumbered[O.Index] != ~0u && "operand of a kept node dropped");
      O.Index = Renumbered[O.Index];
    }
    // The pools are in the order of the nodes, so everything moves down.
    size_t Attributes = opInfo(N.Kind).Attributes.size();
    std::copy_n(OperandPool.begin() + N.FirstOperand, N.NumOperands,
                OperandPool.begin() + Operands);
    std::copy_n(AttributePool.begin() + N.FirstAttribute, Attributes,
                AttributePool.begin() + Words);
    N.FirstOperand = Operands;
    N.FirstAttribute = Words;
    Operands += N.NumOperands;
    Words += Attributes;
    Renumbered[I] = Kept;
    Nodes[Kept++] = N;
    if (std::optional<double> Number = constantValue(V))
      Constants.try_emplace(word(*Number), V.Index);
  }
  Nodes.resize(Kept);
  OperandPool.resize(Operands);
  AttributePool.resize(Words);
}

std::vector<ValueId> Graph::stores() const {
  std::vector<ValueId> Result;
  for (uint32_t I = 0; I != Nodes.size(); ++I)
    if (info({I}).Class == OpClass::Sink)
      Result.push_back({I});
  return Result;
}
