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

MERGEC_INLINE U32V loadHigh16(const uint16_t *P) {
  U16V Words = {};
  __builtin_memcpy(&Words, P, 8);
  return (U32V)__builtin_shuffle(U16V{}, Words, U16V{0, 8, 1, 9, 2, 10, 3, 11});
}

MERGEC_INLINE void storeHigh16(uint16_t *P, U32V X) {
  const U16V Words = __builtin_shuffle((U16V)X, U16V{1, 3, 5, 7, 1, 3, 5, 7});
  __builtin_memcpy(P, &Words, 8);
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

typedef float F32Half __attribute__((vector_size(8)));

MERGEC_INLINE F64V loadWidened(const float *P) {
  return __builtin_convertvector(loadVector<F32Half>(P), F64V);
}

MERGEC_INLINE F64Pair widen(F32V X) {
  float Elements[Width];
  storeVector(Elements, X);
  return {loadWidened(Elements), loadWidened(Elements + Width / 2)};
}

MERGEC_INLINE F32V narrow(F64Pair X) {
  const F32Half Halves[] = {__builtin_convertvector(X.Low, F32Half),
                            __builtin_convertvector(X.High, F32Half)};
  return loadVector<F32V>(Halves);
}

MERGEC_INLINE uint32_t laneBits(S32V X) {
#ifdef __SSE2__
  return __builtin_ia32_movmskps((F32V)X);
#else
  const S32V Bits = (X < 0) & S32V{1, 2, 4, 8};
  return Bits[0] | Bits[1] | Bits[2] | Bits[3];
#endif
}

} // namespace
} // namespace mergec::portable

#include "KernelSet.inc"
