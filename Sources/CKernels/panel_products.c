#include "panel_products.h"

#include <string.h>

#include "CKernels_bfloat16.h"
#include "bfloat16.h"
#include "kernel.h"

enum {
  panelWidth = CKernelsPanelWidth,
  // Units of depth whose products are summed before they are added to C; 32 KiB of a panel.
  blockDepth = 128
};

#if defined(__x86_64__)
#include <immintrin.h>

enum { vectorWidth = 16, largestRowCount = 24, rowsOfPointer = 3 };

#define PAIR_TARGET target("avx512f,avx512bw,avx512vl,avx512bf16")

__attribute__((PAIR_TARGET)) static void roundByInstructions(uint16_t *y, int64_t yStride,
                                                             const float *x, int64_t xStride,
                                                             int64_t rowCount,
                                                             int64_t columnCount) {
  const int64_t whole = columnCount / vectorWidth * vectorWidth;
  const __mmask16 rest = (__mmask16)((1u << (columnCount - whole)) - 1);
  for (int64_t row = 0; row < rowCount; row++, y += yStride, x += xStride) {
    for (int64_t i = 0; i < whole; i += vectorWidth) {
      const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_loadu_ps(x + i));
      _mm256_storeu_si256((__m256i_u *)(y + i), (__m256i)rounded);
    }
    if (rest) {
      const __m256bh rounded = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(rest, x + whole));
      _mm256_mask_storeu_epi16(y + whole, rest, (__m256i)rounded);
    }
  }
}

#define PRODUCT(name) name##OfPairs
#define PRODUCT_TARGET PAIR_TARGET
#define MULTIPLY_ADD(sum, row, column) _mm512_dpbf16_ps(sum, (__m512bh)(row), (__m512bh)(column))
#include "product_kernel.h"

#define PRODUCT(name) name##OfFloats
#define PRODUCT_TARGET target("avx512f")
#define MULTIPLY_ADD(sum, row, column) \
  _mm512_fmadd_ps(_mm512_castsi512_ps(row), _mm512_castsi512_ps(column), sum)
#include "product_kernel.h"
#endif

// The sum with the product of two units added: the reference, and what processors without the
// instructions run.
typedef float MultiplyAdd(float sum, uint32_t x, uint32_t y);

INLINE float addPairs(float sum, uint32_t x, uint32_t y) {
  return sum + (widened(x & 0xffffu) * widened(y & 0xffffu) + widened(x >> 16) * widened(y >> 16));
}

INLINE float addFloats(float sum, uint32_t x, uint32_t y) {
  float factors[2];
  memcpy(&factors[0], &x, sizeof x);
  memcpy(&factors[1], &y, sizeof y);
  return sum + factors[0] * factors[1];
}

INLINE void multiplyByLoops(float *c, int64_t stride, CKernelsFactor a, Columns b,
                            int64_t rowCount, int64_t columnCount, MultiplyAdd *multiplyAdd) {
  for (int64_t row = 0; row < rowCount; row++) {
    for (int64_t column = 0; column < columnCount; column++) {
      float sum = 0;
      for (int64_t k = 0; k < b.depth; k++) {
        sum = multiplyAdd(sum, a.start[row * a.rowStride + k * a.depthStride],
                          b.start[k * b.stride + column]);
      }
      float *target = c + row * stride + column;
      *target = b.isAdding ? *target + sum : sum;
    }
  }
}

static void multiplyPairsByLoops(float *c, int64_t stride, CKernelsFactor a, Columns b,
                                 int64_t rowCount, int64_t columnCount) {
  multiplyByLoops(c, stride, a, b, rowCount, columnCount, addPairs);
}

static void multiplyFloatsByLoops(float *c, int64_t stride, CKernelsFactor a, Columns b,
                                  int64_t rowCount, int64_t columnCount) {
  multiplyByLoops(c, stride, a, b, rowCount, columnCount, addFloats);
}

static void multiplyInBlocks(float *c, int64_t stride, CKernelsFactor a, Columns b,
                             int64_t rowCount, int64_t columnCount, Multiply *multiply) {
  for (int64_t k = 0; k < b.depth; k += blockDepth) {
    const CKernelsFactor left = {a.start + k * a.depthStride, a.rowStride, a.depthStride};
    const int64_t rest = b.depth - k;
    const Columns right = {b.start + k * b.stride, b.stride, rest < blockDepth ? rest : blockDepth,
                           b.isAdding || k > 0};
    multiply(c, stride, left, right, rowCount, columnCount);
  }
}

CKernelsInstructions CKernels_bestInstructions(void) {
#if defined(__x86_64__)
  if (multipliesTiles()) return CKernelsTiles;
  if (__builtin_cpu_supports("avx512bf16")) return CKernelsVectors;
#endif
  return CKernelsLoops;
}

void CKernels_multiplyPairs(CKernelsInstructions instructions, float *c, int64_t stride,
                            CKernelsFactor a, const uint32_t *b, int64_t pairCount,
                            int64_t rowCount, int64_t columnCount, bool isAdding) {
  const Columns columns = {b, panelWidth, pairCount, isAdding};
  switch (instructions) {
    case CKernelsTiles:
      return multiplyTilesOfPairs(c, stride, a, columns, rowCount, columnCount);
#if defined(__x86_64__)
    case CKernelsVectors:
      return multiplyInBlocks(c, stride, a, columns, rowCount, columnCount,
                              multiplyByInstructionsOfPairs);
#endif
    default:
      multiplyInBlocks(c, stride, a, columns, rowCount, columnCount, multiplyPairsByLoops);
  }
}

void CKernels_multiplyFloats(float *c, int64_t stride, CKernelsFactor a, const uint32_t *b,
                             int64_t bStride, int64_t depth, int64_t rowCount,
                             int64_t columnCount, bool isAdding) {
  Multiply *multiply = multiplyFloatsByLoops;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) multiply = multiplyByInstructionsOfFloats;
#endif
  const Columns columns = {b, bStride, depth, isAdding};
  multiplyInBlocks(c, stride, a, columns, rowCount, columnCount, multiply);
}

void CKernels_roundOperandRows(uint16_t *y, int64_t yStride, const float *x, int64_t xStride,
                               int64_t rowCount, int64_t columnCount) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) {
    return roundByInstructions(y, yStride, x, xStride, rowCount, columnCount);
  }
#endif
  CKernels_roundRows(y, yStride, x, xStride, rowCount, columnCount);
}
