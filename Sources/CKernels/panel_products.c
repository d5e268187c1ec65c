#include "CKernels_panels.h"

#include "bfloat16.h"
#include "kernel.h"

enum {
  panelWidth = CKernelsPanelWidth,
  // Pairs of rows whose products are summed before they are added to C; 32 KiB of a panel.
  blockPairCount = 128
};

// Rows of C beginning with the first of `a`: the reference, and what processors without bfloat16
// instructions run.
static void multiplyByLoops(float *c, int64_t stride, const uint32_t *a, const uint32_t *b,
                            int64_t pairCount, int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++) {
    for (int64_t column = 0; column < columnCount; column++) {
      float sum = 0;
      for (int64_t pair = 0; pair < pairCount; pair++) {
        const uint32_t x = a[pair * panelWidth + row];
        const uint32_t y = b[pair * panelWidth + column];
        sum += widened(x & 0xffffu) * widened(y & 0xffffu) + widened(x >> 16) * widened(y >> 16);
      }
      c[row * stride + column] += sum;
    }
  }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define INSTRUCTIONS target("avx512f,avx512bw,avx512vl,avx512bf16")

enum { vectorWidth = 16, vectorCount = panelWidth / vectorWidth, blockRowCount = 6 };

// A block of rows whose sums are in registers: six rows of four vectors fill 24 of the 32.
static inline __attribute__((always_inline, INSTRUCTIONS)) void multiplyBlock(
    float *c, int64_t stride, const uint32_t *a, const uint32_t *b, int64_t pairCount,
    int rowCount, const __mmask16 *stored) {
  __m512 sums[blockRowCount][vectorCount];
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) sums[i][j] = _mm512_setzero_ps();
  }
  for (int64_t pair = 0; pair < pairCount; pair++, a += panelWidth, b += panelWidth) {
    __m512bh columns[vectorCount];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) {
      columns[j] = (__m512bh)_mm512_loadu_si512(b + j * vectorWidth);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rowCount; i++) {
      const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[i]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectorCount; j++) {
        sums[i][j] = _mm512_dpbf16_ps(sums[i][j], row, columns[j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) {
      float *target = c + i * stride + j * vectorWidth;
      const __m512 before = _mm512_maskz_loadu_ps(stored[j], target);
      _mm512_mask_storeu_ps(target, stored[j], _mm512_add_ps(before, sums[i][j]));
    }
  }
}

__attribute__((INSTRUCTIONS)) static void multiplyByInstructions(
    float *c, int64_t stride, const uint32_t *a, const uint32_t *b, int64_t pairCount,
    int64_t rowCount, int64_t columnCount) {
  __mmask16 stored[vectorCount];
  for (int j = 0; j < vectorCount; j++) {
    const int64_t left = columnCount - j * vectorWidth;
    stored[j] = left >= vectorWidth ? 0xffff : left > 0 ? (__mmask16)((1u << left) - 1) : 0;
  }
  int64_t row = 0;
  for (; row + blockRowCount <= rowCount; row += blockRowCount) {
    multiplyBlock(c + row * stride, stride, a + row, b, pairCount, blockRowCount, stored);
  }
  for (; row + 4 <= rowCount; row += 4) {
    multiplyBlock(c + row * stride, stride, a + row, b, pairCount, 4, stored);
  }
  for (; row < rowCount; row++) {
    multiplyBlock(c + row * stride, stride, a + row, b, pairCount, 1, stored);
  }
}
#endif

void CKernels_multiplyPanels(float *c, int64_t stride, const uint32_t *a, const uint32_t *b,
                             int64_t pairCount, int64_t rowCount, int64_t columnCount) {
  for (int64_t first = 0; first < pairCount; first += blockPairCount) {
    const int64_t left = pairCount - first;
    const int64_t count = left < blockPairCount ? left : blockPairCount;
    const uint32_t *blockA = a + first * panelWidth;
    const uint32_t *blockB = b + first * panelWidth;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bf16")) {
      multiplyByInstructions(c, stride, blockA, blockB, count, rowCount, columnCount);
      continue;
    }
#endif
    multiplyByLoops(c, stride, blockA, blockB, count, rowCount, columnCount);
  }
}
