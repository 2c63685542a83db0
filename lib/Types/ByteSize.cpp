//===- ByteSize.cpp - Sizes as people write them --------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mergec/Types/ByteSize.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mergec;

/// 0 for an unknown unit.
static uint64_t unitBytes(llvm::StringRef Unit) {
  return llvm::StringSwitch<uint64_t>(Unit)
      .Case("", 1)
      .CasesLower("k", "kb", 1000)
      .CasesLower("m", "mb", 1000 * 1000)
      .CasesLower("g", "gb", "b", 1000 * 1000 * 1000)
      .CasesLower("t", "tb", 1000ull * 1000 * 1000 * 1000)
      .CaseLower("kib", 1ull << 10)
      .CaseLower("mib", 1ull << 20)
      .CaseLower("gib", 1ull << 30)
      .CaseLower("tib", 1ull << 40)
      .Default(0);
}

std::optional<uint64_t> mergec::parseByteSize(llvm::StringRef Text) {
  Text = Text.trim();
  llvm::StringRef Number =
      Text.take_while([](char C) { return llvm::isDigit(C) || C == '.'; });
  llvm::StringRef UnitName = Text.substr(Number.size()).ltrim();
  uint64_t Unit = unitBytes(UnitName);
  auto [Whole, Fraction] = Number.split('.');
  bool HasFraction = Whole.size() != Number.size();
  if (Unit == 0 || Whole.empty() || (HasFraction && Fraction.empty()) ||
      (HasFraction && UnitName.empty()) || Fraction.contains('.'))
    return std::nullopt;

  uint64_t Units;
  if (Whole.getAsInteger(10, Units))
    return std::nullopt;
  // 19 digits at most: smaller ones can't make up a byte, and the product with
  // the largest unit stays below 2^128.
  unsigned __int128 Bytes = 0, Scale = 1;
  for (char Digit : Fraction.take_front(19)) {
    Bytes = Bytes * 10 + (Digit - '0');
    Scale *= 10;
  }
  Bytes = Bytes * Unit / Scale;
  Bytes += static_cast<unsigned __int128>(Units) * Unit;
  if (Bytes > UINT64_MAX)
    return std::nullopt;
  return static_cast<uint64_t>(Bytes);
}

std::string mergec::formatBytes(uint64_t Bytes) {
  if (Bytes < 1024)
    return llvm::formatv("{0} byte{1}", Bytes, Bytes == 1 ? "" : "s");
  static constexpr llvm::StringLiteral Units[] = {"KiB", "MiB", "GiB",
                                                  "TiB", "PiB", "EiB"};
  // Hundredths of the unit, rounded to nearest; on to the next unit when that
  // would print 1024.00.
  for (unsigned I = 0;; ++I) {
    unsigned Shift = 10 * (I + 1);
    auto Wide = static_cast<unsigned __int128>(Bytes) * 100;
    auto Hundredths = static_cast<uint64_t>(
        (Wide + (static_cast<unsigned __int128>(1) << (Shift - 1))) >> Shift);
    if (Hundredths < 1024 * 100 || I + 1 == std::size(Units))
      return llvm::formatv("{0}.{1} {2}", Hundredths / 100,
                           llvm::formatv("{0,0+2}", Hundredths % 100).str(),
                           Units[I]);
  }
}
