#include "CKernels_normalization.h"

#include <math.h>

#include "kernel.h"
#include "reductions.h"

INLINE float sumOf(const float *x, int64_t count) {
  REASSOCIATE
  float sum = 0.0f;
  for (int64_t i = 0; i < count; i++) sum += x[i];
  return sum;
}

INLINE float centredSquareSum(const float *x, float mean, int64_t count) {
  REASSOCIATE
  float sum = 0.0f;
  for (int64_t i = 0; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

KERNEL void CKernels_layerNorm(float *y, float *statistics, const float *x, const float *weight,
                               const float *bias, int64_t rowCount, int64_t channelCount,
                               float epsilon) {
  for (int64_t r = 0; r < rowCount; r++, x += channelCount, y += channelCount) {
    const float mean = sumOf(x, channelCount) / (float)channelCount;
    const float variance = centredSquareSum(x, mean, channelCount) / (float)channelCount;
    const float scale = 1.0f / sqrtf(variance + epsilon);
    statistics[2 * r] = mean;
    statistics[2 * r + 1] = scale;
    for (int64_t i = 0; i < channelCount; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
  }
}

// Σ dy·weight and Σ dy·weight·x̂ of a row, while the row's share of dweight and dbias is added.
INLINE void layerNormSums(float *sum, float *projection, float *dweight, float *dbias,
                          const float *dy, const float *x, float mean, float scale,
                          const float *weight, int64_t count) {
  REASSOCIATE
  float s = 0.0f;
  float p = 0.0f;
  for (int64_t i = 0; i < count; i++) {
    const float normalized = (x[i] - mean) * scale;
    const float weighted = dy[i] * weight[i];
    s += weighted;
    p += weighted * normalized;
    dweight[i] += dy[i] * normalized;
    dbias[i] += dy[i];
  }
  *sum = s;
  *projection = p;
}

KERNEL void CKernels_layerNormGradient(float *dx, float *dweight, float *dbias, const float *dy,
                                       const float *x, const float *statistics,
                                       const float *weight, int64_t rowCount,
                                       int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++) {
    const float mean = statistics[2 * r];
    const float scale = statistics[2 * r + 1];
    float sum;
    float projection;
    layerNormSums(&sum, &projection, dweight, dbias, dy, x, mean, scale, weight, channelCount);
    const float a = sum / (float)channelCount;
    const float b = projection / (float)channelCount;
    for (int64_t i = 0; i < channelCount; i++) {
      dx[i] = scale * (dy[i] * weight[i] - a - (x[i] - mean) * scale * b);
    }
    dx += channelCount;
    dy += channelCount;
    x += channelCount;
  }
}

KERNEL void CKernels_rmsNorm(float *y, float *statistics, const float *x, const float *weight,
                             int64_t rowCount, int64_t channelCount, float epsilon) {
  for (int64_t r = 0; r < rowCount; r++, x += channelCount, y += channelCount) {
    const float meanSquare = centredSquareSum(x, 0.0f, channelCount) / (float)channelCount;
    const float scale = 1.0f / sqrtf(meanSquare + epsilon);
    statistics[r] = scale;
    for (int64_t i = 0; i < channelCount; i++) y[i] = x[i] * scale * weight[i];
  }
}

INLINE float rmsNormSum(float *dweight, const float *dy, const float *x, float scale,
                        const float *weight, int64_t count) {
  REASSOCIATE
  float projection = 0.0f;
  for (int64_t i = 0; i < count; i++) {
    const float normalized = x[i] * scale;
    projection += dy[i] * weight[i] * normalized;
    dweight[i] += dy[i] * normalized;
  }
  return projection;
}

KERNEL void CKernels_rmsNormGradient(float *dx, float *dweight, const float *dy, const float *x,
                                     const float *statistics, const float *weight,
                                     int64_t rowCount, int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++) {
    const float scale = statistics[r];
    const float b =
        rmsNormSum(dweight, dy, x, scale, weight, channelCount) / (float)channelCount;
    for (int64_t i = 0; i < channelCount; i++) {
      dx[i] = scale * (dy[i] * weight[i] - x[i] * scale * b);
    }
    dx += channelCount;
    dy += channelCount;
    x += channelCount;
  }
}
