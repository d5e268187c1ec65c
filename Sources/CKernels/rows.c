#include "CKernels_rows.h"

#include "kernel.h"
#include "vector.h"
#include "vector_math.h"

KERNEL void CKernels_addToRows(float *y, int64_t stride, const float *bias, int64_t rowCount,
                               int64_t channelCount) {
  for (int64_t row = 0; row < rowCount; row++, y += stride) {
    for (int64_t c = 0; c < channelCount; c++) y[c] += bias[c];
  }
}

KERNEL void CKernels_biasGELU(float *restrict y, float *restrict u, const float *restrict bias,
                              int64_t stride, int64_t rowCount, int64_t channelCount) {
  for (int64_t row = 0; row < rowCount; row++, y += stride, u += stride) {
    for (int64_t c = 0; c < channelCount; c++) {
      const float x = u[c] + bias[c];
      float density;
      u[c] = x;
      y[c] = x * normalDistribution(x, &density);
    }
  }
}

KERNEL void CKernels_scaleChannels(float *y, const float *x, const float *factor, int isAdding,
                                   int64_t rowCount, int64_t channelCount) {
  for (int64_t row = 0; row < rowCount; row++, y += channelCount, x += channelCount) {
    if (isAdding) {
      for (int64_t c = 0; c < channelCount; c++) y[c] += x[c] * factor[c];
    } else {
      for (int64_t c = 0; c < channelCount; c++) y[c] = x[c] * factor[c];
    }
  }
}

KERNEL void CKernels_addScaledRows(float *y, const float *x, const float *branch,
                                   const float *factor, int64_t rowCount, int64_t channelCount) {
  for (int64_t row = 0; row < rowCount; row++) {
    for (int64_t c = 0; c < channelCount; c++) y[c] = x[c] + factor[c] * branch[c];
    y += channelCount;
    x += channelCount;
    branch += channelCount;
  }
}

// Adds the rows with the sums of `width` channels in registers; b may be null.
INLINE void sumColumns(float *sum, const float *a, const float *b, int64_t rowCount,
                       int64_t channelCount, int width) {
  Vector total[4];
  for (int i = 0; i < width; i++) total[i] = VECTOR(sum + i * vectorWidth);
  for (int64_t row = 0; row < rowCount; row++) {
    for (int i = 0; i < width; i++) {
      const int64_t place = row * channelCount + i * vectorWidth;
      if (b) {
        total[i] += VECTOR(a + place) * VECTOR(b + place);
      } else {
        total[i] += VECTOR(a + place);
      }
    }
  }
  for (int i = 0; i < width; i++) VECTOR(sum + i * vectorWidth) = total[i];
}

INLINE void sumAllColumns(float *sum, const float *a, const float *b, int64_t rowCount,
                          int64_t channelCount) {
  int64_t c = 0;
  for (; c + 4 * vectorWidth <= channelCount; c += 4 * vectorWidth) {
    sumColumns(sum + c, a + c, b ? b + c : 0, rowCount, channelCount, 4);
  }
  for (; c + vectorWidth <= channelCount; c += vectorWidth) {
    sumColumns(sum + c, a + c, b ? b + c : 0, rowCount, channelCount, 1);
  }
  for (; c < channelCount; c++) {
    float total = sum[c];
    for (int64_t row = 0; row < rowCount; row++) {
      const int64_t place = row * channelCount + c;
      total += b ? a[place] * b[place] : a[place];
    }
    sum[c] = total;
  }
}

KERNEL void CKernels_sumRows(float *sum, const float *x, int64_t rowCount, int64_t channelCount) {
  sumAllColumns(sum, x, 0, rowCount, channelCount);
}

KERNEL void CKernels_sumRowProducts(float *sum, const float *a, const float *b, int64_t rowCount,
                                    int64_t channelCount) {
  sumAllColumns(sum, a, b, rowCount, channelCount);
}
