//===- RowMap.cpp - Rows put together from several tensors ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/IR/RowMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mergec;

const RowMap::Run &RowMap::runOf(int64_t Row) const {
  return *std::prev(llvm::upper_bound(
      Runs, Row, [](int64_t Row, const Run &R) { return Row < R.First; }));
}

void RowMap::mention(uint32_t Source, int64_t Row) {
  if (Source >= Highest.size())
    Highest.resize(Source + 1, -1);
  Highest[Source] = std::max(Highest[Source], Row);
}

void RowMap::addRows(uint32_t Source, int64_t Row, int64_t Count) {
  if (!Count)
    return;
  mention(Source, Row + Count - 1);
  if (!Runs.empty()) {
    Run &Last = Runs.back();
    if (Last.Kind == RunKind::Rows && Last.Source == Source &&
        Last.Row + Last.Count == Row) {
      Last.Count += Count;
      return;
    }
  }
  Runs.push_back({rows(), Count, RunKind::Rows, Source, Row});
}

void RowMap::addFilling(RunKind Kind, uint32_t Source, int64_t Count) {
  if (!Count)
    return;
  if (Kind == RunKind::MeanOfAll) {
    mention(Source, -1);
    Means = true;
  }
  if (!Runs.empty() && Runs.back().Kind == Kind &&
      Runs.back().Source == Source) {
    Runs.back().Count += Count;
    return;
  }
  Runs.push_back({rows(), Count, Kind, Source, 0});
}

void RowMap::addMean(llvm::ArrayRef<Term> Of) {
  for (const Term &T : Of)
    mention(T.Source, T.Row);
  Means = true;
  Runs.push_back(
      {rows(), 1, RunKind::Mean, uint32_t(Of.size()), int64_t(Terms.size())});
  Terms.insert(Terms.end(), Of.begin(), Of.end());
}

std::string RowMap::text() const {
  std::string Text;
  llvm::raw_string_ostream OS(Text);
  for (const Run &R : Runs) {
    if (R.First)
      OS << ", ";
    switch (R.Kind) {
    case RunKind::Rows:
      OS << R.Source << ':' << R.Row;
      if (R.Count > 1)
        OS << '-' << R.Row + R.Count - 1;
      continue;
    case RunKind::Mean:
      OS << "mean(";
      llvm::interleave(
          terms(R), OS, [&](const Term &T) { OS << T.Source << ':' << T.Row; },
          " ");
      OS << ')';
      continue;
    case RunKind::Zero:
      OS << "zero";
      break;
    case RunKind::MeanOfAll:
      OS << "mean(" << R.Source << ":*)";
      break;
    }
    if (R.Count > 1)
      OS << " x " << R.Count;
  }
  return Text;
}

namespace {
/// Reads from the front of a text.
class Reader {
public:
  Reader(llvm::StringRef Rest, RowMap &Map) : Rest(Rest), Map(Map) {}

  bool read() {
    do {
      skipSpace();
      Item = Rest;
      if (!readItem())
        return false;
      skipSpace();
    } while (Rest.consume_front(","));
    return Rest.empty();
  }
  /// Where the last one began.
  llvm::StringRef item() const { return Item; }

private:
  void skipSpace() { Rest = Rest.ltrim(' '); }
  bool number(int64_t &N) {
    uint64_t Value;
    if (Rest.consumeInteger(10, Value) || Value > uint64_t(1) << 40)
      return false;
    N = Value;
    return true;
  }
  bool source(uint32_t &Source) {
    int64_t N;
    if (!number(N) || N >= 1 << 16 || !Rest.consume_front(":"))
      return false;
    Source = N;
    return true;
  }
  bool times(int64_t &Count) {
    Count = 1;
    skipSpace();
    if (!Rest.consume_front("x"))
      return true;
    skipSpace();
    return number(Count) && Count >= 1;
  }
  bool readItem() {
    int64_t Count, Row;
    uint32_t Source;
    if (Rest.consume_front("zero")) {
      if (!times(Count))
        return false;
      Map.addZeros(Count);
      return true;
    }
    if (Rest.consume_front("mean("))
      return readMean();
    if (!source(Source) || !number(Row))
      return false;
    int64_t Last = Row;
    if (Rest.consume_front("-") && (!number(Last) || Last < Row))
      return false;
    Map.addRows(Source, Row, Last - Row + 1);
    return true;
  }
  bool readMean() {
    std::vector<RowMap::Term> Terms;
    while (!Rest.consume_front(")")) {
      RowMap::Term T{0, 0};
      if (!source(T.Source))
        return false;
      if (Terms.empty() && Rest.consume_front("*")) {
        int64_t Count;
        if (!Rest.consume_front(")") || !times(Count))
          return false;
        Map.addMeansOfAll(T.Source, Count);
        return true;
      }
      if (!number(T.Row))
        return false;
      Terms.push_back(T);
      skipSpace();
    }
    if (Terms.empty())
      return false;
    Map.addMean(Terms);
    return true;
  }

  llvm::StringRef Rest, Item;
  RowMap &Map;
};
} // namespace

std::optional<RowMap> RowMap::parse(llvm::StringRef Text, std::string &Error) {
  RowMap Map;
  Reader R(Text, Map);
  if (R.read())
    return Map;
  Error = ("`" + R.item().split(',').first.take_front(40) +
           "` is not rows as in `0:0-9, 1:3, zero x 2, mean(0:1 1:4)`")
              .str();
  return std::nullopt;
}
