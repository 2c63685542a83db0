//===- AVX512Kernels.cpp - The kernels for AVX-512 ------------------------===//
//
// Part of mergec, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifdef __x86_64__

#define MERGEC_KERNEL_SET avx512
#define MERGEC_VECTOR_BYTES 64
#include "Vector.inc"
#include <immintrin.h>

namespace mergec::avx512 {
namespace {

MERGEC_INLINE __m256i load256(const void *P) {
  return _mm256_loadu_si256(static_cast<const __m256i *>(P));
}

MERGEC_INLINE void store256(void *P, __m256i X) {
  _mm256_storeu_si256(static_cast<__m256i *>(P), X);
}

// One permutation instead of a widening (or narrowing) and a shift.
MERGEC_INLINE U32V loadHigh16(const uint16_t *P) {
  U16V Odd;
  for (unsigned I = 0; I != 2 * Width; ++I)
    Odd[I] = I / 2;
  return (U32V)_mm512_maskz_permutexvar_epi16(
      0xaaaaaaaa, (__m512i)Odd, _mm512_castsi256_si512(load256(P)));
}

MERGEC_INLINE void storeHigh16(uint16_t *P, U32V X) {
  U16V Odd;
  for (unsigned I = 0; I != 2 * Width; ++I)
    Odd[I] = 2 * I + 1;
  store256(P, _mm512_castsi512_si256(
                  _mm512_permutexvar_epi16((__m512i)Odd, (__m512i)X)));
}

MERGEC_INLINE S32V loadMarks(const uint8_t *P) {
  return (S32V)_mm512_cvtepu8_epi32(
      _mm_loadu_si128(reinterpret_cast<const __m128i *>(P)));
}

MERGEC_INLINE void storeMarks(uint8_t *P, uint64_t Bits) {
  _mm512_storeu_si512(P, _mm512_maskz_set1_epi8(Bits, 1));
}

MERGEC_INLINE F32V loadF16(const uint16_t *P) {
  return (F32V)_mm512_cvtph_ps(load256(P));
}

MERGEC_INLINE void storeF16(uint16_t *P, F32V X) {
  store256(P, _mm512_cvtps_ph((__m512)X, _MM_FROUND_TO_NEAREST_INT));
}

MERGEC_INLINE F64V loadWidened(const float *P) {
  return (F64V)_mm512_cvtps_pd(_mm256_loadu_ps(P));
}

MERGEC_INLINE F64Pair widen(F32V X) {
  return {(F64V)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)X)),
          (F64V)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)X, 1))};
}

MERGEC_INLINE F32V narrow(F64Pair X) {
  return (F32V)_mm512_insertf32x8(
      _mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)X.Low)),
      _mm512_cvtpd_ps((__m512d)X.High), 1);
}

MERGEC_INLINE F32V signs(F64Pair X) {
  const __m512d Zero = _mm512_setzero_pd();
  const __mmask8 Low = _mm512_cmp_pd_mask((__m512d)X.Low, Zero, _CMP_GE_OQ);
  const __mmask8 High = _mm512_cmp_pd_mask((__m512d)X.High, Zero, _CMP_GE_OQ);
  return (F32V)_mm512_mask_blend_ps(_mm512_kunpackb(High, Low),
                                    _mm512_set1_ps(-1), _mm512_set1_ps(1));
}

MERGEC_INLINE size_t compress(uint32_t *To, S32V X, S32V Where) {
  const __mmask16 Lanes = _mm512_movepi32_mask((__m512i)Where);
  // Some machines are slow at compressing into memory.
  storeVector(To, (S32V)_mm512_maskz_compress_epi32(Lanes, (__m512i)X));
  return _mm_popcnt_u32(Lanes);
}

MERGEC_INLINE uint32_t laneBits(S32V Where) {
  return _mm512_movepi32_mask((__m512i)Where);
}
MERGEC_INLINE uint32_t laneBits(S64V Where) {
  return _mm512_movepi64_mask((__m512i)Where);
}
MERGEC_INLINE uint32_t bitsWhereGreater(S32V X, S32V Y) {
  return _mm512_cmpgt_epi32_mask((__m512i)X, (__m512i)Y);
}
MERGEC_INLINE uint32_t bitsWhereEqual(S32V X, S32V Y) {
  return _mm512_cmpeq_epi32_mask((__m512i)X, (__m512i)Y);
}
MERGEC_INLINE uint32_t bitsWhereAtLeast(U32V X, U32V Y, uint32_t More,
                                        uint32_t Where) {
  const __m512i Least =
      _mm512_mask_add_epi32((__m512i)Y, static_cast<__mmask16>(More),
                            (__m512i)Y, _mm512_set1_epi32(1));
  return _mm512_mask_cmpge_epu32_mask(static_cast<__mmask16>(Where), (__m512i)X,
                                      Least);
}
MERGEC_INLINE S32V laneMask(uint32_t Bits) {
  return (S32V)_mm512_movm_epi32(static_cast<__mmask16>(Bits));
}
MERGEC_INLINE size_t countBits(uint64_t Bits) { return _mm_popcnt_u64(Bits); }
MERGEC_INLINE uint64_t depositBits(uint64_t Bits, uint64_t Where) {
  return _pdep_u64(Bits, Where);
}

MERGEC_INLINE U64V multiplyLow(U64V X, U64V Y) {
  return (U64V)_mm512_mul_epu32((__m512i)X, (__m512i)Y);
}

MERGEC_INLINE F64V addProduct(F64V Z, F64V X, F64V Y) {
  return (F64V)_mm512_fmadd_pd((__m512d)X, (__m512d)Y, (__m512d)Z);
}

using Lanes = __mmask16;

MERGEC_INLINE Lanes lanesMarked(const uint8_t *P) {
  const __m128i Marks = _mm_loadu_si128(reinterpret_cast<const __m128i *>(P));
  return _mm_test_epi8_mask(Marks, Marks);
}
MERGEC_INLINE Lanes lanesOf(uint32_t Bits) { return static_cast<Lanes>(Bits); }
MERGEC_INLINE F32V keepLanes(Lanes Where, F32V X) {
  return (F32V)_mm512_maskz_mov_ps(Where, (__m512)X);
}
MERGEC_INLINE F64Pair addWhere(F64Pair Z, F64Pair X, Lanes Where) {
  return {(F64V)_mm512_mask_add_pd((__m512d)Z.Low, static_cast<__mmask8>(Where),
                                   (__m512d)Z.Low, (__m512d)X.Low),
          (F64V)_mm512_mask_add_pd((__m512d)Z.High,
                                   static_cast<__mmask8>(Where >> 8),
                                   (__m512d)Z.High, (__m512d)X.High)};
}
MERGEC_INLINE F32V larger(F32V X, F32V Y) {
  return (F32V)_mm512_max_ps((__m512)X, (__m512)Y);
}
MERGEC_INLINE F32V smaller(F32V X, F32V Y) {
  return (F32V)_mm512_min_ps((__m512)X, (__m512)Y);
}
MERGEC_INLINE Lanes lanesNonzero(S32V X, S32V Mask) {
  return _mm512_test_epi32_mask((__m512i)X, (__m512i)Mask);
}
MERGEC_INLINE Lanes lanesNonzero(S32V X, S32V Mask, Lanes Where) {
  return _mm512_mask_test_epi32_mask(Where, (__m512i)X, (__m512i)Mask);
}
MERGEC_INLINE bool anyNotAbove(F32V X, F32V Y, Lanes Where) {
  return _mm512_mask_cmp_ps_mask(Where, (__m512)X, (__m512)Y, _CMP_NGT_UQ);
}
MERGEC_INLINE bool anyBelow(U32V X, U32V XEnd, U32V Y, U32V YEnd) {
  return !_kortestz_mask16_u8(
      _mm512_cmplt_epu32_mask((__m512i)X, (__m512i)XEnd),
      _mm512_cmplt_epu32_mask((__m512i)Y, (__m512i)YEnd));
}

} // namespace
} // namespace mergec::avx512

#include "KernelSet.inc"

#endif // __x86_64__
