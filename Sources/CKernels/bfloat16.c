#include "CKernels_bfloat16.h"

#include "bfloat16.h"
#include "kernel.h"
#include "vector.h"

// Sixteen numbers at once.
typedef uint16_t UnalignedBFloat16s __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint32_t Bits __attribute__((vector_size(64)));

KERNEL void CKernels_roundToBFloat16(uint16_t *restrict y, const float *restrict x,
                                     int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = (uint16_t)bfloat16Bits(x[i]);
}

KERNEL void CKernels_widenBFloat16(float *restrict y, const uint16_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = widened(x[i]);
}

KERNEL void CKernels_roundRows(uint16_t *restrict y, int64_t yStride, const float *restrict x,
                               int64_t xStride, int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++, y += yStride, x += xStride) {
    for (int64_t i = 0; i < columnCount; i++) y[i] = (uint16_t)bfloat16Bits(x[i]);
  }
}

KERNEL void CKernels_widenRows(float *restrict y, int64_t yStride, const uint16_t *restrict x,
                               int64_t xStride, int64_t rowCount, int64_t columnCount) {
  // Rows of a head are short: loops that the compiler unrolls would not take them.
  const int64_t whole = columnCount / vectorWidth * vectorWidth;
  for (int64_t row = 0; row < rowCount; row++, y += yStride, x += xStride) {
    for (int64_t i = 0; i < whole; i += vectorWidth) {
      const UnalignedBFloat16s bfloat16s = *(const UnalignedBFloat16s *)(x + i);
      VECTOR(y + i) = (Vector)(__builtin_convertvector(bfloat16s, Bits) << 16);
    }
    for (int64_t i = whole; i < columnCount; i++) y[i] = widened(x[i]);
  }
}

KERNEL void CKernels_roundInFloat32(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = widened(bfloat16Bits(x[i]));
}
