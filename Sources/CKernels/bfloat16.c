#include "CKernels_bfloat16.h"

#include "bfloat16.h"
#include "bfloat16_vector.h"

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
      Vector numbers;
      widenVector(&numbers, x + i);
      VECTOR(y + i) = numbers;
    }
    for (int64_t i = whole; i < columnCount; i++) y[i] = widened(x[i]);
  }
}

KERNEL void CKernels_roundInFloat32(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = widened(bfloat16Bits(x[i]));
}
