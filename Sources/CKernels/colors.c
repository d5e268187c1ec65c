#include "CKernels_colors.h"

#include "kernel.h"

KERNEL void CKernels_mixColors(float *y, const float *x, float own, float grey, float offset,
                               int isAdding, int64_t pixelCount, int64_t channelCount) {
  const float share = grey / (float)channelCount;
  for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
    float sum = 0;
    for (int64_t c = 0; c < channelCount; c++) sum += x[c];
    const float base = share * sum + offset;
    for (int64_t c = 0; c < channelCount; c++) {
      const float value = own * x[c] + base;
      y[c] = isAdding ? y[c] + value : value;
    }
    x += channelCount;
    y += channelCount;
  }
}
