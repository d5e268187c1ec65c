#include "CKernels_pooling.h"

#include "kernel.h"

KERNEL void CKernels_sumBlocks(float *y, const float *x, float factor, int isAdding,
                               int64_t rowCount, int64_t width, int64_t channelCount) {
  const int64_t rowStride = 2 * width * channelCount;
  for (int64_t row = 0; row < rowCount; row++, x += rowStride) {
    for (int64_t column = 0; column < width; column++) {
      const float *a = x;
      const float *b = x + rowStride;
      for (int64_t c = 0; c < channelCount; c++) {
        const float top = a[c] + a[channelCount + c];
        const float sum = factor * (top + (b[c] + b[channelCount + c]));
        y[c] = isAdding ? y[c] + sum : sum;
      }
      x += 2 * channelCount;
      y += channelCount;
    }
  }
}

KERNEL void CKernels_spreadBlocks(float *y, const float *x, float factor, int isAdding,
                                  int64_t rowCount, int64_t width, int64_t channelCount) {
  const int64_t rowStride = 2 * width * channelCount;
  for (int64_t row = 0; row < rowCount; row++, y += rowStride) {
    for (int64_t column = 0; column < width; column++) {
      for (int half = 0; half < 2; half++) {
        float *target = y + half * rowStride;
        if (isAdding) {
          for (int64_t c = 0; c < channelCount; c++) target[c] += factor * x[c];
          for (int64_t c = 0; c < channelCount; c++) target[channelCount + c] += factor * x[c];
        } else {
          for (int64_t c = 0; c < channelCount; c++) target[c] = factor * x[c];
          for (int64_t c = 0; c < channelCount; c++) target[channelCount + c] = factor * x[c];
        }
      }
      x += channelCount;
      y += 2 * channelCount;
    }
  }
}
