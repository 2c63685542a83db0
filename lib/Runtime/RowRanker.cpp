//===- RowRanker.cpp - Ranks of magnitudes within a row ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowRanker.h"
#include "mergec/Schedule/Program.h"
#include <algorithm>
#include <bit>
#include <utility>

using namespace mergec;

RowRanker::RowRanker(char *Memory, uint64_t Capacity) : Capacity(Capacity) {
  static_assert(RankBytesPerElement ==
                2 * sizeof(uint64_t) + 4 * sizeof(uint32_t));
  Equal = reinterpret_cast<uint64_t *>(Memory);
  Below = Equal + Capacity;
  Keys = reinterpret_cast<uint32_t *>(Below + Capacity);
  Places = Keys + Capacity;
  OtherKeys = Places + Capacity;
  OtherPlaces = OtherKeys + Capacity;
}

/// The bits of |x|, which order as |x| does; a NaN is larger than all.
static uint32_t magnitude(float X) {
  return std::min(std::bit_cast<uint32_t>(X) & 0x7fffffff, 0x7fc00000u);
}

/// By 11 bits at a time, from the lowest. Digits that all keys share are passed
/// over.
void RowRanker::sort() {
  constexpr unsigned Bits = 11, Digits = 3, Bins = 1 << Bits;
  uint32_t Starts[Digits][Bins] = {};
  for (size_t I = 0; I != N; ++I)
    for (unsigned D = 0; D != Digits; ++D)
      ++Starts[D][Keys[I] >> (D * Bits) & (Bins - 1)];
  for (unsigned D = 0; D != Digits; ++D) {
    if (Starts[D][Keys[0] >> (D * Bits) & (Bins - 1)] == N)
      continue;
    uint32_t Before = 0;
    for (uint32_t &Start : Starts[D])
      Before += std::exchange(Start, Before);
    for (size_t I = 0; I != N; ++I) {
      uint32_t To = Starts[D][Keys[I] >> (D * Bits) & (Bins - 1)]++;
      OtherKeys[To] = Keys[I];
      OtherPlaces[To] = Places[I];
    }
    std::swap(Keys, OtherKeys);
    std::swap(Places, OtherPlaces);
  }
}

void RowRanker::begin(llvm::ArrayRef<float> Part) {
  N = Part.size();
  for (size_t I = 0; I != N; ++I) {
    Keys[I] = magnitude(Part[I]);
    Places[I] = I;
  }
  sort();
  // From here on `OtherKeys` holds the distinct magnitudes.
  Distinct = std::unique_copy(Keys, Keys + N, OtherKeys) - OtherKeys;
  std::fill_n(Equal, Distinct, 0);
  std::fill_n(Below, Distinct, 0);
}

void RowRanker::countItself() {
  size_t Class = 0;
  for (size_t I = 0; I != N; ++I) {
    Class += Keys[I] != OtherKeys[Class];
    ++Equal[Class];
  }
}

void RowRanker::count(llvm::ArrayRef<float> Other) {
  for (float X : Other) {
    uint32_t Key = magnitude(X);
    size_t Class =
        std::lower_bound(OtherKeys, OtherKeys + Distinct, Key) - OtherKeys;
    if (Class == Distinct)
      continue;
    ++(OtherKeys[Class] == Key ? Equal : Below)[Class];
  }
}

namespace {
/// What ranks stand for, in a row of some length.
struct RankScale {
  double Low, Step;
  RankScale(uint64_t Length, double Low, double High)
      : Low(Length == 1 ? (Low + High) / 2 : Low),
        Step(Length == 1 ? 0 : (High - Low) / double(Length - 1)) {}
  /// For `Equal` elements of one magnitude, `Smaller` of them below.
  float operator()(uint64_t Smaller, uint64_t Equal) const {
    double Rank = double(Smaller) + double(Equal - 1) / 2;
    return float(Low + Step * Rank);
  }
};

/// The magnitudes that share their upper bits: sign, exponent and seven bits of
/// the mantissa, as many as BF16 has.
struct MagnitudeClass {
  uint32_t Count; ///< Then: how many of the row are smaller.
  uint32_t Key;   ///< Of one of them; `Mixed` if there are others.
  static constexpr unsigned Shift = 16, Classes = 1 << 15;
  static constexpr uint32_t Mixed = ~0u, None = ~1u;
};
} // namespace

/// Counts how many elements each class has. In most only one magnitude occurs,
/// and all elements of it have the same rank; the others are sorted. False if
/// these are so many that all might as well be.
bool RowRanker::rankByClasses(llvm::ArrayRef<float> Row, double Low,
                              double High, float *Out) {
  using Class = MagnitudeClass;
  static_assert(sizeof(Class) * Class::Classes <=
                uint64_t(16 * 1024) * 2 * sizeof(uint64_t));
  // `Equal` and `Below` are free.
  auto *Classes = reinterpret_cast<Class *>(Equal);
  uint32_t *const Keys = this->Keys; // Members might alias what is written.
  const size_t N = this->N;
  // Zeros are far from everything else: they get the class before the least.
  uint32_t Least = Class::Mixed, Most = 0;
  for (size_t I = 0; I != N; ++I)
    Keys[I] = magnitude(Row[I]);
  for (size_t I = 0; I != N; ++I) {
    Least = std::min(Least, Keys[I] - 1); // Of a zero it is the largest.
    Most = std::max(Most, Keys[I]);
  }
  const uint32_t First = std::min(std::max((Least + 1) >> Class::Shift, 1u) - 1,
                                  Class::Classes - 1);
  const uint32_t Last = std::max(Most >> Class::Shift, First);
  auto ClassOf = [=](uint32_t Key) -> Class & {
    return Classes[std::max(Key >> Class::Shift, First)];
  };
  std::fill(Classes + First, Classes + Last + 1, Class{0, Class::None});
  for (size_t I = 0; I != N; ++I) {
    Class &C = ClassOf(Keys[I]);
    ++C.Count;
    C.Key = C.Key == Keys[I] || C.Key == Class::None ? Keys[I] : Class::Mixed;
  }
  size_t Odd = 0;
  for (uint32_t I = First; I <= Last; ++I)
    Odd += Classes[I].Key == Class::Mixed ? Classes[I].Count : 0;
  if (Odd > N / 4)
    return false;

  const RankScale Value(N, Low, High);
  // By class, as the bits of its value, next to `Count`.
  uint32_t Smaller = 0;
  for (uint32_t I = First; I <= Last; ++I) {
    Class &C = Classes[I];
    uint32_t Count = std::exchange(C.Count, Smaller);
    if (Count && C.Key != Class::Mixed)
      C.Key = std::bit_cast<uint32_t>(Value(Smaller, Count));
    Smaller += Count;
  }
  // Of mixed classes: keys and places as one number each.
  auto *Sorted = reinterpret_cast<uint64_t *>(OtherKeys);
  size_t Taken = 0;
  for (size_t I = 0; I != N; ++I) {
    const Class &C = ClassOf(Keys[I]);
    if (C.Key == Class::Mixed)
      Sorted[Taken++] = uint64_t(Keys[I]) << 32 | I;
    else
      Out[I] = std::bit_cast<float>(C.Key);
  }
  std::sort(Sorted, Sorted + Taken);
  for (size_t I = 0; I != Taken;) {
    const uint32_t Key = Sorted[I] >> 32;
    Class &C = ClassOf(Key);
    size_t End = I;
    while (End != Taken && Sorted[End] >> 32 == Key)
      ++End;
    const float Shared = Value(C.Count, End - I);
    C.Count += End - I;
    for (; I != End; ++I)
      Out[uint32_t(Sorted[I])] = Shared;
  }
  return true;
}

void RowRanker::rankRow(llvm::ArrayRef<float> Row, double Low, double High,
                        float *Out) {
  N = Row.size();
  if (Capacity >= MagnitudeClass::Classes / 2 &&
      rankByClasses(Row, Low, High, Out))
    return;
  begin(Row);
  countItself();
  finish(N, Low, High, Out);
}

void RowRanker::finish(uint64_t Length, double Low, double High,
                       float *Out) const {
  const RankScale Value(Length, Low, High);
  uint64_t Smaller = 0;
  size_t I = 0;
  for (size_t Class = 0; Class != Distinct; ++Class) {
    Smaller += Below[Class];
    const float Shared = Value(Smaller, Equal[Class]);
    for (; I != N && Keys[I] == OtherKeys[Class]; ++I)
      Out[Places[I]] = Shared;
    Smaller += Equal[Class];
  }
}
