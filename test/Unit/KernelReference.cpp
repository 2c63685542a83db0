//===- KernelReference.cpp - What each kernel must compute ----------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelReference.h"
#include "mergec/Kernels/RandomWord.h"
#include "mergec/Kernels/State.h"
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

using namespace mergec;
using namespace mergec::reference;

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

double reference::roundTo(double X, int Precision, int MinExponent,
                          double Max) {
  if (X == 0 || !std::isfinite(X))
    return X;
  const int Exponent = std::max(std::ilogb(X), MinExponent);
  const int Unit = Exponent - (Precision - 1);
  // Scaled to integers; |x| far below the unit becomes ±0, whatever the scaling
  // loses.
  const double Rounded = std::ldexp(std::nearbyint(std::ldexp(X, -Unit)), Unit);
  return std::fabs(Rounded) > Max ? std::copysign(INFINITY, X) : Rounded;
}

double reference::fromBF16(uint16_t X) {
  return std::bit_cast<float>(static_cast<uint32_t>(X) << 16);
}

double reference::fromF16(uint16_t X) {
  const int Exponent = X >> 10 & 31, Fraction = X & 1023;
  const double Sign = X & 0x8000 ? -1 : 1;
  if (Exponent == 31)
    return Fraction ? std::nan("") : Sign * INFINITY;
  if (Exponent == 0)
    return Sign * std::ldexp(Fraction, -24);
  return Sign * std::ldexp(1024 + Fraction, Exponent - 25);
}

uint16_t reference::toBF16(double X) {
  if (std::isnan(X))
    return 0x7fc0;
  const float Rounded =
      static_cast<float>(roundTo(X, 8, -126, std::ldexp(255, 120)));
  return std::bit_cast<uint32_t>(Rounded) >> 16;
}

uint16_t reference::toF16(double X) {
  if (std::isnan(X))
    return 0x7e00;
  const double Rounded = roundTo(X, 11, -14, 65504);
  const uint16_t Sign = std::signbit(X) ? 0x8000 : 0;
  const double Magnitude = std::fabs(Rounded);
  if (std::isinf(Magnitude))
    return Sign | 0x7c00;
  if (Magnitude < std::ldexp(1, -14))
    return Sign | static_cast<uint16_t>(std::ldexp(Magnitude, 24));
  const int Exponent = std::ilogb(Magnitude);
  return Sign |
         static_cast<uint16_t>(
             ((Exponent + 15) << 10) +
             (static_cast<int>(std::ldexp(Magnitude, 10 - Exponent)) - 1024));
}

uint32_t reference::magnitude(double X) {
  if (std::isnan(X))
    return 0x7fc00000;
  return std::bit_cast<uint32_t>(static_cast<float>(std::fabs(X)));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
/// A byte that is 0 or 1.
struct Bool {
  using Storage = uint8_t;
  static constexpr DType Type = DType::Bool;
};
struct BF16 {
  using Storage = uint16_t;
  static constexpr DType Type = DType::BF16;
  static double load(uint16_t X) { return fromBF16(X); }
  static uint16_t round(double X) { return toBF16(X); }
};
struct F16 {
  using Storage = uint16_t;
  static constexpr DType Type = DType::F16;
  static double load(uint16_t X) { return fromF16(X); }
  static uint16_t round(double X) { return toF16(X); }
};
template <class T> struct Native {
  using Storage = T;
  static double load(T X) { return X; }
  static T round(double X) {
    return std::isnan(X) ? std::numeric_limits<T>::quiet_NaN()
                         : static_cast<T>(X);
  }
};
struct F32 : Native<float> {
  static constexpr DType Type = DType::F32;
};
struct F64 : Native<double> {
  static constexpr DType Type = DType::F64;
};

template <class Format> double at(const void *P, size_t I) {
  return Format::load(static_cast<const typename Format::Storage *>(P)[I]);
}

/// Runs `Compute(x, y, old)` in the arithmetic of `Type`.
template <class Type, class A, class B, class Function>
void each(const KernelCall &Call, Function Compute) {
  using T = typename Type::Storage;
  for (size_t I = 0; I != Call.N; ++I) {
    T &Out = static_cast<T *>(Call.Out)[I];
    Out = Compute(static_cast<T>(at<A>(Call.A, I)),
                  Call.B ? static_cast<T>(at<B>(Call.B, I)) : T(0), Out);
  }
}

template <class Type, class A> void widen(const KernelCall &C) {
  each<Type, A, A>(C, [](auto X, auto, auto) { return X; });
}

template <class To, class From> void round(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I) {
    const auto Rounded = To::round(at<From>(C.A, I));
    static_cast<typename To::Storage *>(C.Out)[I] = Rounded;
    *static_cast<uint64_t *>(C.State) += !std::isfinite(To::load(Rounded));
  }
}

template <class Type, class A> void scale(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, A, A>(C, [&](T X, T, T) { return static_cast<T>(C.S) * X; });
}

template <class Type, class A> void addScaled(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, A, Type>(C, [&](T X, T Y, T Old) {
    const T Product = static_cast<T>(C.S) * X;
    return (C.B ? Y : Old) + Product;
  });
}

template <class Type, class A> void subtract(const KernelCall &C) {
  each<Type, A, A>(C, [](auto X, auto Y, auto) { return X - Y; });
}

template <class A, class Function>
void addToLanes(const KernelCall &C, Function Term) {
  for (size_t I = 0; I != C.N; ++I) {
    double &Lane = static_cast<double *>(C.State)[(C.Index + I) % 16];
    Lane += Term(at<A>(C.A, I), C.B ? at<A>(C.B, I) : 0.0);
    if (std::isnan(Lane))
      Lane = std::nan("");
  }
}

template <class A> void dot(const KernelCall &C) {
  addToLanes<A>(C, [](double X, double Y) { return X * Y; });
}

template <class A> void sumAbs(const KernelCall &C) {
  addToLanes<A>(C, [](double X, double) { return std::fabs(X); });
}

template <class A> void histogramHigh(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I)
    ++static_cast<uint32_t *>(C.State)[magnitude(at<A>(C.A, I)) >> 15];
}

template <class A> void histogramSeen(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I) {
    const uint32_t Bits = magnitude(at<A>(C.A, I));
    uint32_t &Entry = static_cast<uint32_t *>(C.State)[Bits >> 15];
    if (Bits % 0x8000 == 0)
      ++Entry;
    else if (Entry >> 18 != 0x3fff)
      Entry += 1 << 18;
  }
}

template <class A> void histogramLow(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I) {
    const uint32_t Bits = magnitude(at<A>(C.A, I));
    if (Bits >> 15 == C.Key)
      ++static_cast<uint32_t *>(C.State)[Bits & 0x7fff];
  }
}

template <class A> void countEqual(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I)
    *static_cast<uint64_t *>(C.State) += magnitude(at<A>(C.A, I)) == C.Key;
}

template <class A> void countAround(const KernelCall &C) {
  auto &State = *static_cast<AroundState *>(C.State);
  for (size_t I = 0; I != C.N; ++I)
    for (unsigned G = 0; G != 2; ++G) {
      State.Greater[G] += magnitude(at<A>(C.A, I)) > State.Magnitude[G];
      State.Equal[G] += magnitude(at<A>(C.A, I)) == State.Magnitude[G];
    }
}

template <class A> void zoom(const KernelCall &C) {
  auto &State = *static_cast<ZoomState *>(C.State);
  auto *Bins = reinterpret_cast<ZoomBin *>(&State + 1);
  for (size_t I = 0; I != C.N; ++I) {
    const uint32_t M = magnitude(at<A>(C.A, I));
    State.Greater += M > State.High;
    if (M < State.Low || M > State.High)
      continue;
    ZoomBin &Bin = Bins[(M - State.Low) >> State.Shift];
    const uint32_t Rest = (M - State.Low) % (1u << State.Shift);
    ++Bin.Count;
    Bin.Inverse = std::max<uint16_t>(Bin.Inverse, ZoomBin::MostBeyond - Rest);
    Bin.Largest = std::max<uint16_t>(Bin.Largest, Rest);
  }
}

template <class Type, bool Below> void keep(const KernelCall &C) {
  auto &State = *static_cast<KeepState *>(C.State);
  each<Type, Type, Type>(C, [&](auto X, auto, auto) {
    const uint32_t Bits = magnitude(X);
    bool Stays = Below ? Bits < State.Threshold : Bits > State.Threshold;
    if (Bits == State.Threshold && State.ClassSize) {
      State.Fraction += State.Survivors;
      Stays = State.Fraction >= State.ClassSize;
      State.Fraction %= State.ClassSize;
    }
    return Stays ? X : 0;
  });
}

void signF32F64(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I)
    static_cast<float *>(C.Out)[I] = at<F64>(C.A, I) >= 0 ? 1 : -1;
}

/// Of the exact product; 0 for NaN.
int signOfProduct(double X, double Y) {
  if (std::isnan(X * Y))
    return 0;
  return ((X > 0) - (X < 0)) * ((Y > 0) - (Y < 0));
}

template <class A> void addSign(const KernelCall &C) {
  each<F64, A, A>(C, [&](double X, double, double Old) {
    return Old + signOfProduct(C.S, X);
  });
}

template <class Type, bool WeightOnly> void addAgreeing(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, F32>(C, [&](T X, T Elected, T Old) {
    const T Addend = static_cast<T>(C.T) * (WeightOnly ? 1 : X);
    return signOfProduct(C.S, X) == Elected ? Old + Addend : Old;
  });
}

template <class Type> void divideNonzero(const KernelCall &C) {
  each<Type, Type, Type>(
      C, [](auto X, auto Y, auto) { return X / (Y == 0 ? 1 : Y); });
}

template <class Type> void divideAtLeast(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(C, [&](T X, T Y, T) {
    return X / (Y < static_cast<T>(C.S) ? static_cast<T>(C.S) : Y);
  });
}

template <class Type> void fill(const KernelCall &C) {
  using T = typename Type::Storage;
  for (size_t I = 0; I != C.N; ++I)
    static_cast<T *>(C.Out)[I] =
        C.A ? static_cast<const T *>(C.A)[I] : static_cast<T>(C.S);
}

template <class Type> void multiply(const KernelCall &C) {
  each<Type, Type, Type>(C, [](auto X, auto Y, auto) { return X * Y; });
}

template <class Type> void divide(const KernelCall &C) {
  each<Type, Type, Type>(C, [](auto X, auto Y, auto) { return X / Y; });
}

template <class Type> void reciprocal(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(C, [&](T X, T, T) { return static_cast<T>(C.S) / X; });
}

template <class Type> void blend(const KernelCall &C) {
  using T = typename Type::Storage;
  for (size_t I = 0; I != C.N; ++I) {
    const T X = static_cast<const T *>(C.A)[I],
            Y = static_cast<const T *>(C.B)[I],
            Z = static_cast<const T *>(C.C)[I];
    const T Rest = 1 - Z, First = Z * X, Second = Rest * Y;
    static_cast<T *>(C.Out)[I] = First + Second;
  }
}

template <class Type> void absolute(const KernelCall &C) {
  each<Type, Type, Type>(C, [](auto X, auto, auto) { return std::fabs(X); });
}

template <class Type> void clamp(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(C, [&](T X, T, T) {
    if (X < static_cast<T>(C.S))
      X = static_cast<T>(C.S);
    if (X > static_cast<T>(C.T))
      X = static_cast<T>(C.T);
    return X;
  });
}

template <class Type> void isGreater(const KernelCall &C) {
  each<Type, Type, Type>(
      C, [&](double X, double, double) { return X > C.S ? 1 : 0; });
}

template <class Type> void keepGreater(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(
      C, [&](T X, T, T) { return double(std::fabs(X)) <= C.S ? T(0) : X; });
}

template <class Type> void addIsNonzero(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(C,
                         [](T X, T, T Old) { return X != 0 ? Old + 1 : Old; });
}

template <class Type> void addScaledByCount(const KernelCall &C) {
  using T = typename Type::Storage;
  each<Type, Type, Type>(C, [&](T X, T Count, T Old) {
    const T Product = static_cast<T>(Count > 1 ? C.S : C.T) * X;
    return Old + Product;
  });
}

template <class Type> void sum(const KernelCall &C) {
  addToLanes<Type>(C, [](double X, double) { return X; });
}

template <class Type> void countNonzero(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I)
    *static_cast<uint64_t *>(C.State) += at<Type>(C.A, I) != 0;
}

template <class Type> void countNonFinite(const KernelCall &C) {
  for (size_t I = 0; I != C.N; ++I)
    *static_cast<uint64_t *>(C.State) += !std::isfinite(at<Type>(C.A, I));
}

template <class Type> void keepRandom(const KernelCall &C) {
  using T = typename Type::Storage;
  for (size_t I = 0; I != C.N; ++I) {
    static_cast<T *>(C.Out)[I] = keptAtRandom(C.Key, C.Index + I, C.S)
                                     ? static_cast<const T *>(C.A)[I]
                                     : T(0);
  }
}

void drawByRank(const KernelCall &C) {
  const RankDraw How(C.S, C.T, C.N);
  auto Magnitudes = static_cast<const uint32_t *>(C.A);
  std::vector<uint8_t> Drawn;
  for (size_t I = 0; I != C.N; ++I) {
    const uint64_t At = C.Index + I;
    const size_t Other = (I + How.distance(C.Key, At)) % C.N;
    const uint32_t Mine = Magnitudes[I] & 0x7fffffff;
    const uint32_t Its = Magnitudes[Other] & 0x7fffffff;
    const auto Ties = randomBlock(C.Key, At / 128, RankDraw::TieBit, 1);
    const bool LosesTies = Ties[At % 128 / 32] >> At % 32 & 1;
    const bool Wins = Its < Mine || (Its == Mine && !LosesTies);
    Drawn.push_back(isRandomBelow(C.Key, At, How.Kept) ||
                    (isRandomBelow(C.Key, At, How.End) && Wins));
  }
  std::copy(Drawn.begin(), Drawn.end(), static_cast<uint8_t *>(C.Out));
}

template <class Type> void keepMarked(const KernelCall &C) {
  using T = typename Type::Storage;
  for (size_t I = 0; I != C.N; ++I)
    static_cast<T *>(C.Out)[I] = static_cast<const uint8_t *>(C.B)[I]
                                     ? static_cast<const T *>(C.A)[I]
                                     : T(0);
}

template <class Type> void keepWhere(const KernelCall &C) {
  each<Type, Type, F32>(C, [](auto X, auto, auto) { return X; });
  using T = typename Type::Storage;
  for (size_t I = 0; I != C.N; ++I)
    if (std::fabs(at<F32>(C.B, I)) < static_cast<float>(C.S))
      static_cast<T *>(C.Out)[I] = 0;
}

/// 2^n · Σ r^k/k! as Exponential.inc sums it up.
double exponential(double X) {
  if (X < -708)
    return 0;
  if (X > 709)
    return INFINITY;
  const double N = std::nearbyint(X * 0x1.71547652b82fep0);
  const double R = (X - N * 0x1.62e42feep-1) - N * 0x1.a39ef35793c76p-33;
  double P = 0, Factorial = 6227020800; // 13!
  for (int K = 13; K >= 2; --K) {
    P = P * R + 1 / Factorial;
    Factorial /= K;
  }
  const double Series = 1 + (R + R * R * P);
  return std::isnan(X) ? X : std::ldexp(Series, static_cast<int>(N));
}

double logarithm(double X) {
  if (!(X >= 0x1p-1022) || std::isinf(X))
    return std::nan("");
  int K;
  double M = std::frexp(X, &K); // From a half to one.
  if (M < std::bit_cast<double>(uint64_t(0x3fe6a09e667f3bcd))) {
    M *= 2;
    --K;
  }
  const double S = (M - 1) / (M + 1), S2 = S * S;
  double P = 0;
  for (int Odd = 21; Odd >= 3; Odd -= 2)
    P = P * S2 + 2.0 / Odd;
  const double LogM = S * 2 + S * S2 * P;
  return K * 0x1.62e42feep-1 + (LogM + K * 0x1.a39ef35793c76p-33);
}

template <class A> void sumExp(const KernelCall &C) {
  addToLanes<A>(C, [&](double X, double) { return exponential(X - C.S); });
}

template <class A> void softmax(const KernelCall &C) {
  each<F64, A, A>(
      C, [&](double X, double, double) { return exponential(X - C.S) / C.T; });
}

void divergence(const KernelCall &C) {
  addToLanes<F64>(C, [&](double X, double Y) {
    return (X + C.S) * logarithm((X + C.S) / (Y + C.S));
  });
}

template <class Type> void largest(const KernelCall &C) {
  auto &State = *static_cast<double *>(C.State);
  State = static_cast<typename Type::Storage>(State);
  for (size_t I = 0; I != C.N; ++I)
    if (at<Type>(C.A, I) > State)
      State = at<Type>(C.A, I);
  State += 0.0; // There is one zero.
}

constexpr auto None = OperandKind::None;
constexpr auto Values = OperandKind::Values;
constexpr auto Marks = OperandKind::Marks;

/// A kernel without state.
template <class Out, class A, class B = A>
constexpr KernelReference row(Kernel Id, KernelFunction Compute,
                              OperandKind BKind = None, bool ReadsOut = false) {
  return {Id,       Out::Type, A::Type, B::Type, BKind, StateKind::None,
          ReadsOut, true,      Compute};
}

/// A kernel with state and an output.
template <class Out, class A>
constexpr KernelReference stateRow(Kernel Id, StateKind State,
                                   KernelFunction Compute) {
  return {Id, Out::Type, A::Type, A::Type, None, State, false, true, Compute};
}

/// A kernel whose result is its state.
template <class A>
constexpr KernelReference reductionRow(Kernel Id, StateKind State,
                                       KernelFunction Compute,
                                       OperandKind BKind = None) {
  return {Id, A::Type, A::Type, A::Type, BKind, State, false, false, Compute};
}

constexpr auto Count = StateKind::Count;
constexpr auto Lanes = StateKind::Lanes;
constexpr auto Histogram = StateKind::Histogram;

constexpr KernelReference Rows[] = {
    row<F32, BF16>(Kernel::WidenF32BF16, widen<F32, BF16>),
    row<F32, F16>(Kernel::WidenF32F16, widen<F32, F16>),
    row<F64, BF16>(Kernel::WidenF64BF16, widen<F64, BF16>),
    row<F64, F16>(Kernel::WidenF64F16, widen<F64, F16>),
    row<F64, F32>(Kernel::WidenF64F32, widen<F64, F32>),

    stateRow<BF16, F32>(Kernel::RoundBF16F32, Count, round<BF16, F32>),
    stateRow<F16, F32>(Kernel::RoundF16F32, Count, round<F16, F32>),
    stateRow<F32, F32>(Kernel::RoundF32F32, Count, round<F32, F32>),
    stateRow<BF16, F64>(Kernel::RoundBF16F64, Count, round<BF16, F64>),
    stateRow<F16, F64>(Kernel::RoundF16F64, Count, round<F16, F64>),
    stateRow<F32, F64>(Kernel::RoundF32F64, Count, round<F32, F64>),
    stateRow<F64, F64>(Kernel::RoundF64F64, Count, round<F64, F64>),

    row<F32, BF16>(Kernel::ScaleF32BF16, scale<F32, BF16>),
    row<F32, F16>(Kernel::ScaleF32F16, scale<F32, F16>),
    row<F32, F32>(Kernel::ScaleF32F32, scale<F32, F32>),
    row<F64, F64>(Kernel::ScaleF64F64, scale<F64, F64>),

    row<F32, BF16, F32>(Kernel::AddScaledF32BF16, addScaled<F32, BF16>,
                        OperandKind::Optional, true),
    row<F32, F16, F32>(Kernel::AddScaledF32F16, addScaled<F32, F16>,
                       OperandKind::Optional, true),
    row<F32, F32>(Kernel::AddScaledF32F32, addScaled<F32, F32>,
                  OperandKind::Optional, true),
    row<F64, F64>(Kernel::AddScaledF64F64, addScaled<F64, F64>,
                  OperandKind::Optional, true),
    row<F64, F32, F64>(Kernel::AddScaledF64F32, addScaled<F64, F32>,
                       OperandKind::Optional, true),
    row<F64, F32>(Kernel::ScaleF64F32, scale<F64, F32>),

    row<F32, BF16>(Kernel::SubtractF32BF16, subtract<F32, BF16>, Values),
    row<F32, F16>(Kernel::SubtractF32F16, subtract<F32, F16>, Values),
    row<F32, F32>(Kernel::SubtractF32F32, subtract<F32, F32>, Values),
    row<F64, F64>(Kernel::SubtractF64F64, subtract<F64, F64>, Values),

    reductionRow<F32>(Kernel::DotF32F32, Lanes, dot<F32>, Values),
    reductionRow<BF16>(Kernel::DotF32BF16, Lanes, dot<BF16>, Values),
    reductionRow<F16>(Kernel::DotF32F16, Lanes, dot<F16>, Values),
    reductionRow<F64>(Kernel::DotF64F64, Lanes, dot<F64>, Values),
    reductionRow<F32>(Kernel::SumAbsF32F32, Lanes, sumAbs<F32>),
    reductionRow<F64>(Kernel::SumAbsF64F64, Lanes, sumAbs<F64>),

    reductionRow<F32>(Kernel::HistogramHighF32, Histogram, histogramHigh<F32>),
    reductionRow<F64>(Kernel::HistogramHighF64, Histogram, histogramHigh<F64>),
    reductionRow<F32>(Kernel::HistogramSeenF32, Histogram, histogramSeen<F32>),
    reductionRow<F64>(Kernel::HistogramSeenF64, Histogram, histogramSeen<F64>),
    reductionRow<F32>(Kernel::HistogramLowF32, Histogram, histogramLow<F32>),
    reductionRow<F64>(Kernel::HistogramLowF64, Histogram, histogramLow<F64>),
    reductionRow<F32>(Kernel::CountEqualF32, Count, countEqual<F32>),
    reductionRow<F64>(Kernel::CountEqualF64, Count, countEqual<F64>),
    reductionRow<F32>(Kernel::CountAroundF32, StateKind::Around,
                      countAround<F32>),
    reductionRow<F64>(Kernel::CountAroundF64, StateKind::Around,
                      countAround<F64>),
    reductionRow<F32>(Kernel::ZoomF32, StateKind::Zoom, zoom<F32>),
    reductionRow<F64>(Kernel::ZoomF64, StateKind::Zoom, zoom<F64>),

    stateRow<F32, F32>(Kernel::KeepF32, StateKind::Keep, keep<F32, false>),
    stateRow<F64, F64>(Kernel::KeepF64, StateKind::Keep, keep<F64, false>),
    stateRow<F32, F32>(Kernel::KeepBelowF32, StateKind::Keep, keep<F32, true>),
    stateRow<F64, F64>(Kernel::KeepBelowF64, StateKind::Keep, keep<F64, true>),

    row<F32, F64>(Kernel::SignF32F64, signF32F64),
    row<F64, F32>(Kernel::AddSignF64F32, addSign<F32>, None, true),
    row<F64, F64>(Kernel::AddSignF64F64, addSign<F64>, None, true),

    row<F32, F32>(Kernel::AddAgreeingF32, addAgreeing<F32, false>,
                  OperandKind::Signs, true),
    row<F64, F64, F32>(Kernel::AddAgreeingF64, addAgreeing<F64, false>,
                       OperandKind::Signs, true),
    row<F32, F32>(Kernel::AddAgreeingWeightF32, addAgreeing<F32, true>,
                  OperandKind::Signs, true),
    row<F64, F64, F32>(Kernel::AddAgreeingWeightF64, addAgreeing<F64, true>,
                       OperandKind::Signs, true),

    row<F32, F32>(Kernel::DivideNonzeroF32, divideNonzero<F32>, Values),
    row<F64, F64>(Kernel::DivideNonzeroF64, divideNonzero<F64>, Values),
    row<F32, F32>(Kernel::DivideAtLeastF32, divideAtLeast<F32>, Values),
    row<F64, F64>(Kernel::DivideAtLeastF64, divideAtLeast<F64>, Values),

    row<F32, F32>(Kernel::FillF32, fill<F32>),
    row<F64, F64>(Kernel::FillF64, fill<F64>),

    row<F32, F32>(Kernel::MultiplyF32, multiply<F32>, Values),
    row<F64, F64>(Kernel::MultiplyF64, multiply<F64>, Values),
    row<F32, F32>(Kernel::DivideF32, divide<F32>, Values),
    row<F64, F64>(Kernel::DivideF64, divide<F64>, Values),
    row<F32, F32>(Kernel::ReciprocalF32, reciprocal<F32>),
    row<F64, F64>(Kernel::ReciprocalF64, reciprocal<F64>),
    row<F32, F32>(Kernel::BlendF32, blend<F32>, Values),
    row<F64, F64>(Kernel::BlendF64, blend<F64>, Values),
    row<F32, F32>(Kernel::AbsoluteF32, absolute<F32>),
    row<F64, F64>(Kernel::AbsoluteF64, absolute<F64>),
    row<F32, F32>(Kernel::ClampF32, clamp<F32>),
    row<F64, F64>(Kernel::ClampF64, clamp<F64>),
    row<F32, F32>(Kernel::IsGreaterF32, isGreater<F32>),
    row<F64, F64>(Kernel::IsGreaterF64, isGreater<F64>),
    row<F32, F32>(Kernel::KeepGreaterF32, keepGreater<F32>),
    row<F64, F64>(Kernel::KeepGreaterF64, keepGreater<F64>),
    row<F32, F32>(Kernel::AddIsNonzeroF32, addIsNonzero<F32>, None, true),
    row<F64, F64>(Kernel::AddIsNonzeroF64, addIsNonzero<F64>, None, true),
    row<F32, F32>(Kernel::AddScaledByCountF32, addScaledByCount<F32>,
                  OperandKind::Counts, true),
    row<F64, F64>(Kernel::AddScaledByCountF64, addScaledByCount<F64>,
                  OperandKind::Counts, true),
    reductionRow<F32>(Kernel::SumF32F32, Lanes, sum<F32>),
    reductionRow<F64>(Kernel::SumF64F64, Lanes, sum<F64>),
    reductionRow<F32>(Kernel::CountNonzeroF32, Count, countNonzero<F32>),
    reductionRow<F64>(Kernel::CountNonzeroF64, Count, countNonzero<F64>),
    reductionRow<BF16>(Kernel::CountNonFiniteBF16, Count, countNonFinite<BF16>),
    reductionRow<F16>(Kernel::CountNonFiniteF16, Count, countNonFinite<F16>),
    reductionRow<F32>(Kernel::CountNonFiniteF32, Count, countNonFinite<F32>),
    reductionRow<F64>(Kernel::CountNonFiniteF64, Count, countNonFinite<F64>),
    row<F32, F32>(Kernel::KeepRandomF32, keepRandom<F32>),
    row<F64, F64>(Kernel::KeepRandomF64, keepRandom<F64>),
    row<Bool, F32>(Kernel::DrawByRankF32, drawByRank),
    reductionRow<F32>(Kernel::MaxF32, StateKind::Largest, largest<F32>),
    reductionRow<F64>(Kernel::MaxF64, StateKind::Largest, largest<F64>),
    reductionRow<F32>(Kernel::SumExpF32, Lanes, sumExp<F32>),
    reductionRow<F64>(Kernel::SumExpF64, Lanes, sumExp<F64>),
    row<F64, F32>(Kernel::SoftmaxF64F32, softmax<F32>),
    row<F64, F64>(Kernel::SoftmaxF64F64, softmax<F64>),
    reductionRow<F64>(Kernel::DivergenceF64F64, Lanes, divergence, Values),
    row<F32, F32>(Kernel::KeepWhereF32, keepWhere<F32>, Values),
    row<F64, F64, F32>(Kernel::KeepWhereF64, keepWhere<F64>, Values),
    row<F32, F32, Bool>(Kernel::KeepMarkedF32, keepMarked<F32>, Marks),
    row<F64, F64, Bool>(Kernel::KeepMarkedF64, keepMarked<F64>, Marks),
};
} // namespace

llvm::ArrayRef<KernelReference> reference::kernelReferences() { return Rows; }
