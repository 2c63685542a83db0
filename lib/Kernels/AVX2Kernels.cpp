//===- AVX2Kernels.cpp - The kernels for AVX2 -----------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifdef __x86_64__

#define MERGEC_KERNEL_SET avx2
#define MERGEC_VECTOR_BYTES 32
#include "Vector.inc"
#include <immintrin.h>

namespace mergec::avx2 {
namespace {

MERGEC_INLINE __m128i load128(const void *P) {
  return _mm_loadu_si128(static_cast<const __m128i *>(P));
}

MERGEC_INLINE void store128(void *P, __m128i X) {
  _mm_storeu_si128(static_cast<__m128i *>(P), X);
}

MERGEC_INLINE U32V loadHigh16(const uint16_t *P) {
  return (U32V)_mm256_cvtepu16_epi32(load128(P)) << 16;
}

MERGEC_INLINE void storeHigh16(uint16_t *P, U32V X) {
  const __m256i Words = (__m256i)(X >> 16);
  store128(P, _mm_packus_epi32(_mm256_castsi256_si128(Words),
                               _mm256_extracti128_si256(Words, 1)));
}

MERGEC_INLINE S32V loadMarks(const uint8_t *P) {
  return (S32V)_mm256_cvtepu8_epi32(
      _mm_loadl_epi64(reinterpret_cast<const __m128i *>(P)));
}

MERGEC_INLINE void storeMarks(uint8_t *P, uint64_t Bits) {
  const __m256i Each = _mm256_set1_epi64x(0x8040201008040201);
  // Eight times each of four bytes, of which each half of a register has two.
  const __m256i Byte = _mm256_setr_epi64x(
      0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  for (unsigned Half = 0; Half != 2; ++Half) {
    const __m256i Four =
        _mm256_set1_epi32(static_cast<int32_t>(Bits >> 32 * Half));
    const __m256i Mine =
        _mm256_and_si256(_mm256_shuffle_epi8(Four, Byte), Each);
    storeVector(P + 32 * Half, _mm256_min_epu8(Mine, _mm256_set1_epi8(1)));
  }
}

MERGEC_INLINE F32V loadF16(const uint16_t *P) {
  return (F32V)_mm256_cvtph_ps(load128(P));
}

MERGEC_INLINE void storeF16(uint16_t *P, F32V X) {
  store128(P, _mm256_cvtps_ph((__m256)X, _MM_FROUND_TO_NEAREST_INT));
}

MERGEC_INLINE F64V loadWidened(const float *P) {
  return (F64V)_mm256_cvtps_pd(_mm_loadu_ps(P));
}

MERGEC_INLINE F64Pair widen(F32V X) {
  return {(F64V)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)X)),
          (F64V)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)X, 1))};
}

MERGEC_INLINE F32V narrow(F64Pair X) {
  return (F32V)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)X.High),
                               _mm256_cvtpd_ps((__m256d)X.Low));
}

MERGEC_INLINE F32V signs(F64Pair X) {
  const __m256d Zero = _mm256_setzero_pd();
  const __m256d Low = _mm256_cmp_pd((__m256d)X.Low, Zero, _CMP_GE_OQ);
  const __m256d High = _mm256_cmp_pd((__m256d)X.High, Zero, _CMP_GE_OQ);
  // Half of each of the four wider masks.
  const __m256 Halves =
      _mm256_shuffle_ps(_mm256_castpd_ps(Low), _mm256_castpd_ps(High), 0x88);
  const __m256 Where =
      _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(Halves), 0xd8));
  return (F32V)_mm256_blendv_ps(_mm256_set1_ps(-1), _mm256_set1_ps(1), Where);
}

/// For each set of lanes their numbers, a byte each.
struct LaneOrders {
  uint64_t Bytes[256] = {};
  constexpr LaneOrders() {
    for (unsigned Lanes = 0; Lanes != 256; ++Lanes)
      for (unsigned L = 0, Place = 0; L != 8; ++L)
        if (Lanes >> L & 1)
          Bytes[Lanes] |= static_cast<uint64_t>(L) << 8 * Place++;
  }
};
constexpr LaneOrders Orders;

MERGEC_INLINE size_t compress(uint32_t *To, S32V X, S32V Where) {
  const uint32_t Lanes = _mm256_movemask_ps((__m256)Where);
  const __m256i Order = _mm256_cvtepu8_epi32(
      _mm_loadl_epi64(reinterpret_cast<const __m128i *>(Orders.Bytes + Lanes)));
  storeVector(To, (S32V)_mm256_permutevar8x32_epi32((__m256i)X, Order));
  return _mm_popcnt_u32(Lanes);
}

MERGEC_INLINE uint32_t laneBits(S32V Where) {
  return _mm256_movemask_ps((__m256)Where);
}
MERGEC_INLINE uint32_t laneBits(S64V Where) {
  return _mm256_movemask_pd((__m256d)Where);
}
MERGEC_INLINE S32V laneMask(uint32_t Bits) {
  const S32V Each = {1, 2, 4, 8, 16, 32, 64, 128};
  return ((S32V{} + static_cast<int32_t>(Bits)) & Each) != 0;
}
MERGEC_INLINE size_t countBits(uint64_t Bits) { return _mm_popcnt_u64(Bits); }
MERGEC_INLINE uint64_t depositBits(uint64_t Bits, uint64_t Where) {
  return _pdep_u64(Bits, Where);
}

MERGEC_INLINE U64V multiplyLow(U64V X, U64V Y) {
  return (U64V)_mm256_mul_epu32((__m256i)X, (__m256i)Y);
}

MERGEC_INLINE F64V addProduct(F64V Z, F64V X, F64V Y) {
  return (F64V)_mm256_fmadd_pd((__m256d)X, (__m256d)Y, (__m256d)Z);
}

MERGEC_INLINE F64Pair addWhere(F64Pair Z, F64Pair X, S32V Where) {
  const S64V Low =
      (S64V)_mm256_cvtepi32_epi64(_mm256_castsi256_si128((__m256i)Where));
  const S64V High =
      (S64V)_mm256_cvtepi32_epi64(_mm256_extracti128_si256((__m256i)Where, 1));
  return {Z.Low + (F64V)((S64V)X.Low & Low),
          Z.High + (F64V)((S64V)X.High & High)};
}
MERGEC_INLINE F32V larger(F32V X, F32V Y) {
  return (F32V)_mm256_max_ps((__m256)X, (__m256)Y);
}
MERGEC_INLINE F32V smaller(F32V X, F32V Y) {
  return (F32V)_mm256_min_ps((__m256)X, (__m256)Y);
}

} // namespace
} // namespace mergec::avx2

#include "MaskLanes.inc"

#include "KernelSet.inc"

#endif // __x86_64__
