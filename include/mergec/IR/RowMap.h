//===- RowMap.h - Rows put together from several tensors --------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where each row of a tensor comes from: a row of one of several sources, a
// mean of such rows, the mean of all rows of a source, or zero. A row here is
// an entry along the first axis. Vocabularies are mostly kept in order, so the
// map is a list of runs, and takes memory only for what moves.
//
// As text, in the order of the rows:
//
//   0:0-31999          rows 0 to 31999 of source 0
//   1:5                row 5 of source 1
//   zero               zeros
//   mean(0:3 1:4)      the mean of these rows
//   mean(0:*) x 63     63 rows that are each the mean of all rows of source 0
//
// with commas in between.
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_IR_ROWMAP_H
#define MERGEC_IR_ROWMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mergec {

class RowMap {
public:
  struct Term {
    uint32_t Source;
    int64_t Row;
    bool operator==(const Term &) const = default;
  };
  enum class RunKind : uint8_t { Rows, Zero, Mean, MeanOfAll };
  /// Consecutive rows of the result.
  struct Run {
    int64_t First; ///< The first of them.
    int64_t Count;
    RunKind Kind;
    uint32_t Source = 0; ///< Rows, MeanOfAll. Mean: how many terms.
    int64_t Row = 0;     ///< Rows: the first. Mean: index of its first term.
  };

  int64_t rows() const {
    return Runs.empty() ? 0 : Runs.back().First + Runs.back().Count;
  }
  llvm::ArrayRef<Run> runs() const { return Runs; }
  /// The run that holds `Row`, which there is.
  const Run &runOf(int64_t Row) const;
  llvm::ArrayRef<Term> terms(const Run &Mean) const {
    return llvm::ArrayRef(Terms).slice(Mean.Row, Mean.Source);
  }

  void addRow(uint32_t Source, int64_t Row) { addRows(Source, Row, 1); }
  void addRows(uint32_t Source, int64_t Row, int64_t Count);
  void addZeros(int64_t Count) { addFilling(RunKind::Zero, 0, Count); }
  void addMean(llvm::ArrayRef<Term> Of); ///< One row; at least one term.
  void addMeansOfAll(uint32_t Source, int64_t Count) {
    addFilling(RunKind::MeanOfAll, Source, Count);
  }

  /// One more than the highest source mentioned.
  uint32_t sources() const { return Highest.size(); }
  /// The highest row of `Source` mentioned; -1: none.
  int64_t highestRow(uint32_t Source) const { return Highest[Source]; }
  /// Some rows are computed, not copied.
  bool hasMeans() const { return Means; }
  /// Only the first rows of source 0, in their order.
  bool isLeading() const {
    return Runs.size() == 1 && Runs[0].Kind == RunKind::Rows &&
           Runs[0].Source == 0 && Runs[0].Row == 0;
  }

  std::string text() const;
  /// Nothing, and what is wrong in `Error`, if `Text` is no map.
  static std::optional<RowMap> parse(llvm::StringRef Text, std::string &Error);

private:
  void addFilling(RunKind Kind, uint32_t Source, int64_t Count);
  void mention(uint32_t Source, int64_t Row);

  std::vector<Run> Runs;
  std::vector<Term> Terms;
  std::vector<int64_t> Highest; ///< By source.
  bool Means = false;
};

} // namespace mergec

#endif // MERGEC_IR_ROWMAP_H
