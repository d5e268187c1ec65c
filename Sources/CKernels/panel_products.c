#include "panel_products.h"

#include <stddef.h>
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

// Which vector of the next columns a block of rows fetches first, and how many more with each unit of depth; in parts
// of a vector, since the blocks share the columns.
enum { fetchedUnit = 256 };
typedef struct {
  int64_t place, step;
} Fetched;

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

#if defined(__x86_64__)
#define HALF_TARGET target("avx2,fma")

// Rows whose sums over sixteen columns, twelve registers of AVX2 at most, stay in registers.
static inline __attribute__((always_inline, HALF_TARGET)) void multiplyHalves(
    float *c, int64_t stride, CKernelsFactor a, Columns b, int rowCount) {
  enum { halfWidth = 8 };
  __m256 sums[6][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++) sums[i][0] = sums[i][1] = _mm256_setzero_ps();
  for (int64_t k = 0; k < b.depth; k++) {
    const float *columns = (const float *)(b.start + k * b.stride);
    const __m256 first = _mm256_loadu_ps(columns), second = _mm256_loadu_ps(columns + halfWidth);
#pragma clang loop unroll(full)
    for (int i = 0; i < rowCount; i++) {
      const __m256 number =
          _mm256_broadcast_ss((const float *)a.start + i * a.rowStride + k * a.depthStride);
      sums[i][0] = _mm256_fmadd_ps(number, first, sums[i][0]);
      sums[i][1] = _mm256_fmadd_ps(number, second, sums[i][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++, c += stride) {
    if (b.isAdding) {
      sums[i][0] = _mm256_add_ps(_mm256_loadu_ps(c), sums[i][0]);
      sums[i][1] = _mm256_add_ps(_mm256_loadu_ps(c + halfWidth), sums[i][1]);
    }
    _mm256_storeu_ps(c, sums[i][0]);
    _mm256_storeu_ps(c + halfWidth, sums[i][1]);
  }
}

// For processors with AVX2 and FMA; columns beyond a multiple of sixteen by ordinary loops.
__attribute__((HALF_TARGET)) static void multiplyFloatsByHalves(float *c, int64_t stride,
                                                                CKernelsFactor a, Columns b,
                                                                int64_t rowCount,
                                                                int64_t columnCount) {
  const int64_t whole = columnCount / vectorWidth * vectorWidth;
  for (int64_t column = 0; column < whole; column += vectorWidth) {
    const Columns columns = {b.start + column, b.stride, b.depth, b.isAdding, NULL};
    int64_t row = 0;
#define ROWS(count)                                                                    \
  for (; row + count <= rowCount; row += count) {                                      \
    const CKernelsFactor rows = {a.start + row * a.rowStride, a.rowStride, a.depthStride}; \
    multiplyHalves(c + row * stride + column, stride, rows, columns, count);           \
  }
    ROWS(6)
    ROWS(2)
    ROWS(1)
#undef ROWS
  }
  if (whole == columnCount) return;
  const Columns rest = {b.start + whole, b.stride, b.depth, b.isAdding, NULL};
  multiplyFloatsByLoops(c + whole, stride, a, rest, rowCount, columnCount - whole);
}
#endif

static void multiplyInBlocks(float *c, int64_t stride, CKernelsFactor a, Columns b,
                             int64_t rowCount, int64_t columnCount, Multiply *multiply) {
  for (int64_t k = 0; k < b.depth; k += blockDepth) {
    const CKernelsFactor left = {a.start + k * a.depthStride, a.rowStride, a.depthStride};
    const int64_t rest = b.depth - k;
    const bool isLast = rest <= blockDepth;
    // As many rows as this block has are fetched: of the next columns there are as many, of the same ones that follow
    // perhaps fewer, which are then left to the processor.
    const uint32_t *following =
        rest >= 2 * blockDepth ? b.start + (k + blockDepth) * b.stride : NULL;
    const Columns right = {b.start + k * b.stride, b.stride, isLast ? rest : blockDepth,
                           b.isAdding || k > 0, isLast || !b.next ? b.next : following};
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
  const Columns columns = {b, panelWidth, pairCount, isAdding, NULL};
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

// What multiplies floats with vectors of a width, of this processor's or fewer.
static Multiply *floatsOf(CKernelsVectorWidth width) {
#if defined(__x86_64__)
  if (width >= CKernelsFloatVectors512 && __builtin_cpu_supports("avx512f")) {
    return multiplyByInstructionsOfFloats;
  }
  if (width >= CKernelsFloatVectors256 && __builtin_cpu_supports("avx2") &&
      __builtin_cpu_supports("fma")) {
    return multiplyFloatsByHalves;
  }
#endif
  return multiplyFloatsByLoops;
}

void CKernels_multiplyFloats(CKernelsVectorWidth width, float *c, int64_t stride,
                             CKernelsFactor a, const uint32_t *b, int64_t bStride,
                             int64_t depth, int64_t rowCount, int64_t columnCount,
                             bool isAdding, const uint32_t *next) {
  const Columns columns = {b, bStride, depth, isAdding, next};
  multiplyInBlocks(c, stride, a, columns, rowCount, columnCount, floatsOf(width));
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
