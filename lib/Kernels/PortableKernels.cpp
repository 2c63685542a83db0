//===- PortableKernels.cpp - The kernels for any machine ------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without intrinsics: the compiler's vector extensions, which it maps to SSE2,
// NEON or scalar code. There is no conversion from and to f16 in SSE2, so it is
// done in integers, with the results that the F16C instructions give.
//
//===----------------------------------------------------------------------===//

#define MERGEC_KERNEL_SET portable
#define MERGEC_VECTOR_BYTES 16
#include "Vector.inc"

namespace mergec::portable {
namespace {

/// Half a register, by way of a 64-bit integer: the compiler keeps that in
/// registers.
template <class V> MERGEC_INLINE V loadHalf(const void *P) {
  uint64_t Low;
  __builtin_memcpy(&Low, P, sizeof(Low));
  return (V)U64V{Low, 0};
}

template <class V> MERGEC_INLINE void storeHalf(void *P, V X) {
  const uint64_t Low = ((U64V)X)[0];
  __builtin_memcpy(P, &Low, sizeof(Low));
}

MERGEC_INLINE U32V loadHigh16(const uint16_t *P) {
  return (U32V)__builtin_shuffle(U16V{}, loadHalf<U16V>(P),
                                 U16V{0, 8, 1, 9, 2, 10, 3, 11});
}

MERGEC_INLINE void storeHigh16(uint16_t *P, U32V X) {
  // Three steps that are an SSE2 instruction each.
  const U16V Low = __builtin_shuffle((U16V)X, U16V{1, 3, 2, 3, 4, 5, 6, 7});
  const U16V Both = __builtin_shuffle(Low, U16V{0, 1, 2, 3, 5, 7, 6, 7});
  storeHalf(P, __builtin_shuffle((U32V)Both, U32V{0, 2, 1, 3}));
}

MERGEC_INLINE S32V loadMarks(const uint8_t *P) {
  uint32_t All;
  __builtin_memcpy(&All, P, sizeof(All));
  return (S32V)(All & U32V{0xff, 0xff00, 0xff0000, 0xff000000});
}

MERGEC_INLINE void storeMarks(uint8_t *P, uint64_t Bits) {
  for (unsigned I = 0; I != 64; ++I)
    P[I] = Bits >> I & 1;
}

MERGEC_INLINE F32V loadF16(const uint16_t *P) {
  const U32V Bits = loadHigh16(P);
  const U32V Sign = Bits & 0x80000000;
  const S32V Magnitude = (S32V)((Bits >> 16) & 0x7fff);
  const S32V Normal = (Magnitude << 13) + (112 << 23);
  const S32V Subnormal =
      (S32V)(__builtin_convertvector(Magnitude, F32V) * 0x1p-24f);
  const S32V Infinity = (Magnitude << 13) | 0x7f800000;
  S32V X = Magnitude < 0x400 ? Subnormal : Normal;
  X = Magnitude >= 0x7c00 ? Infinity : X;
  X |= (Magnitude > 0x7c00) & 0x400000;
  return (F32V)((U32V)X | Sign);
}

/// Adding 0.5, whose unit in the last place is f16's smallest subnormal, rounds
/// where the result is subnormal; elsewhere half a unit is added in the
/// integer.
MERGEC_INLINE void storeF16(uint16_t *P, F32V X) {
  const S32V Magnitude = (S32V)X & 0x7fffffff;
  const S32V Subnormal = (S32V)((F32V)Magnitude + 0.5f) - 0x3f000000;
  const U32V Bits = (U32V)Magnitude;
  const U32V Normal = (Bits + 0xfff + ((Bits >> 13) & 1) - (112 << 23)) >> 13;
  S32V Half = Magnitude < 0x38800000 ? Subnormal : (S32V)Normal;
  Half = Magnitude >= 0x47800000 ? S32V{} + 0x7c00 : Half;
  Half = Magnitude > 0x7f800000 ? S32V{} + 0x7e00 : Half;
  storeHigh16(P, ((U32V)Half << 16) | ((U32V)X & 0x80000000));
}

MERGEC_INLINE F64V loadWidened(const float *P) { return F64V{P[0], P[1]}; }

MERGEC_INLINE F64Pair widen(F32V X) {
  return {F64V{X[0], X[1]}, F64V{X[2], X[3]}};
}

MERGEC_INLINE F32V narrow(F64Pair X) {
  F32V Nearest = {(float)X.Low[0], (float)X.Low[1], (float)X.High[0],
                  (float)X.High[1]};
  // GCC 12 takes narrowing a vector and widening it again for nothing at all.
#ifdef __SSE2__
  __asm__("" : "+x"(Nearest));
#else
  __asm__("" : "+m"(Nearest));
#endif
  return Nearest;
}

MERGEC_INLINE F32V signs(F64Pair X) {
  const S64V Low = X.Low >= 0.0, High = X.High >= 0.0;
  const S32V Where = __builtin_shuffle((S32V)Low, (S32V)High, S32V{0, 2, 4, 6});
  return Where ? F32V{} + 1.0f : F32V{} - 1.0f;
}

MERGEC_INLINE size_t compress(uint32_t *To, S32V X, S32V Where) {
  uint32_t Elements[Width], Chosen[Width];
  storeVector(Elements, X);
  storeVector(Chosen, Where & 1);
  size_t Count = 0;
  for (size_t L = 0; L != Width; ++L) {
    To[Count] = Elements[L];
    Count += Chosen[L];
  }
  return Count;
}

MERGEC_INLINE uint32_t laneBits(S32V Where) {
  Where &= S32V{1, 2, 4, 8};
  return Where[0] | Where[1] | Where[2] | Where[3];
}
MERGEC_INLINE uint32_t laneBits(S64V Where) {
  return (Where[0] & 1) | (Where[1] & 2);
}
MERGEC_INLINE S32V laneMask(uint32_t Bits) {
  return ((S32V{} + static_cast<int32_t>(Bits)) & S32V{1, 2, 4, 8}) != 0;
}
MERGEC_INLINE size_t countBits(uint64_t Bits) {
  // Of each pair of bits, of four, of eight, and all these.
  Bits -= Bits >> 1 & 0x5555555555555555;
  Bits = (Bits & 0x3333333333333333) + (Bits >> 2 & 0x3333333333333333);
  Bits = (Bits + (Bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return Bits * 0x0101010101010101 >> 56;
}
MERGEC_INLINE uint64_t depositBits(uint64_t Bits, uint64_t Where) {
  uint64_t Deposited = 0;
  for (; Where; Where &= Where - 1, Bits >>= 1)
    if (Bits & 1)
      Deposited |= Where & -Where;
  return Deposited;
}

MERGEC_INLINE U64V multiplyLow(U64V X, U64V Y) {
#ifdef __SSE2__
  return (U64V)__builtin_ia32_pmuludq128((S32V)X, (S32V)Y);
#else
  return (X & 0xffffffff) * (Y & 0xffffffff);
#endif
}

MERGEC_INLINE F64V addProduct(F64V Z, F64V X, F64V Y) { return Z + X * Y; }

MERGEC_INLINE F64Pair addWhere(F64Pair Z, F64Pair X, S32V Where) {
  const S64V Low = (S64V)__builtin_shuffle(Where, S32V{0, 0, 1, 1});
  const S64V High = (S64V)__builtin_shuffle(Where, S32V{2, 2, 3, 3});
  return {Z.Low + (F64V)((S64V)X.Low & Low),
          Z.High + (F64V)((S64V)X.High & High)};
}
MERGEC_INLINE F32V larger(F32V X, F32V Y) { return X > Y ? X : Y; }
MERGEC_INLINE F32V smaller(F32V X, F32V Y) { return X < Y ? X : Y; }

} // namespace
} // namespace mergec::portable

#include "MaskLanes.inc"

#include "KernelSet.inc"
