//===- KernelBuffers.h - What kernels are tested on -------------*- C++ -*-===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MERGEC_TEST_UNIT_KERNELBUFFERS_H
#define MERGEC_TEST_UNIT_KERNELBUFFERS_H

#include "KernelReference.h"
#include "gtest/gtest.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace mergec::reference {

/// Those that this machine runs.
inline std::vector<InstructionSet> setsHere() {
  std::vector<InstructionSet> Sets;
  for (InstructionSet Set :
       {InstructionSet::Portable, InstructionSet::AVX2, InstructionSet::AVX512})
    if (runsHere(Set))
      Sets.push_back(Set);
  return Sets;
}

/// Elements of one type with a guard behind them. The first lies at an address
/// that is aligned to the element only.
class Buffer {
public:
  Buffer(DType Type, size_t N) : Type(Type), N(N) {
    Bytes.assign((N + 2) * byteWidth(Type), Guard);
  }
  uint8_t *data() { return Bytes.data() + byteWidth(Type); }
  template <class T> T *as() { return reinterpret_cast<T *>(data()); }
  DType type() const { return Type; }
  size_t size() const { return N; }

  void setBits(size_t I, uint64_t Bits) {
    std::memcpy(data() + I * byteWidth(Type), &Bits, byteWidth(Type));
  }
  uint64_t bits(size_t I) {
    uint64_t Bits = 0;
    std::memcpy(&Bits, data() + I * byteWidth(Type), byteWidth(Type));
    return Bits;
  }
  double value(size_t I) {
    switch (Type) {
    case DType::BF16:
      return fromBF16(bits(I));
    case DType::F16:
      return fromF16(bits(I));
    case DType::F32:
      return std::bit_cast<float>(static_cast<uint32_t>(bits(I)));
    default:
      return std::bit_cast<double>(bits(I));
    }
  }
  bool guardIntact() const {
    for (size_t I = 0; I != byteWidth(Type); ++I)
      if (Bytes[I] != Guard || Bytes[Bytes.size() - 1 - I] != Guard)
        return false;
    return true;
  }

private:
  static constexpr uint8_t Guard = 0xa5;
  DType Type;
  size_t N;
  std::vector<uint8_t> Bytes;
};

enum class Fill { AnyBits, Ordinary, FewValues, Midpoints };

/// The bits of `X` in a type.
inline uint64_t encode(DType Type, double X) {
  switch (Type) {
  case DType::BF16:
    return toBF16(X);
  case DType::F16:
    return toF16(X);
  case DType::F32:
    return std::bit_cast<uint32_t>(static_cast<float>(X));
  default:
    return std::bit_cast<uint64_t>(X);
  }
}

inline void fillBuffer(Buffer &B, Fill How, std::mt19937_64 &Random) {
  static const double Special[] = {
      0.0,       -0.0,    INFINITY, -INFINITY, std::nan(""), 1.0,    -1.0,
      65504,     65519.9, 65520,    -65520,    65536,        3e38,   3.4e38,
      3.3953e38, 1e-45,   -1e-45,   1e-40,     6e-8,         -3e-8,  1e300,
      1e-300,    5e-324,  9.2e-41,  -1.18e-38, 2.9802322e-8, 1.7e308};
  for (size_t I = 0; I != B.size(); ++I) {
    const uint64_t Bits = Random();
    const double Uniform = static_cast<double>(Bits >> 11) * 0x1p-53 - 0.5;
    switch (How) {
    case Fill::AnyBits:
      B.setBits(I,
                Bits % 8 == 0
                    ? encode(B.type(), Special[Bits / 8 % std::size(Special)])
                    : Random());
      break;
    case Fill::Ordinary:
      B.setBits(I, encode(B.type(), Uniform * 0.1));
      break;
    case Fill::FewValues: {
      static const double Values[] = {0.0, -0.0, 0.5, -0.5, 0.25, 0.75, -1.5};
      B.setBits(I, encode(B.type(), Values[Bits % std::size(Values)]));
      break;
    }
    case Fill::Midpoints: {
      // Around the middle of two neighbours of a 16-bit format.
      const uint16_t Half = static_cast<uint16_t>(Random());
      const bool Brain = Bits & 1;
      const double Low = Brain ? fromBF16(Half) : fromF16(Half);
      const double High = Brain ? fromBF16(Half + 1) : fromF16(Half + 1);
      double Middle = Low / 2 + High / 2;
      if (Bits & 2)
        Middle = std::nextafter(Middle, Bits & 4 ? INFINITY : -INFINITY);
      B.setBits(I, encode(B.type(), Middle));
      break;
    }
    }
  }
}

/// Registers may hold any NaN; rounding makes them canonical.
inline bool sameElements(Buffer &X, Buffer &Y, bool AnyNaN) {
  for (size_t I = 0; I != X.size(); ++I)
    if (X.bits(I) != Y.bits(I) &&
        !(AnyNaN && std::isnan(X.value(I)) && std::isnan(Y.value(I)))) {
      ADD_FAILURE() << "element " << I << ": " << X.value(I) << " (" << std::hex
                    << X.bits(I) << "), expected " << Y.value(I) << " ("
                    << Y.bits(I) << ")";
      return false;
    }
  return true;
}

/// The plain loop.
inline KernelFunction plain(Kernel Id) {
  for (const KernelReference &R : kernelReferences())
    if (R.Id == Id)
      return R.Compute;
  return nullptr;
}

} // namespace mergec::reference

#endif // MERGEC_TEST_UNIT_KERNELBUFFERS_H
