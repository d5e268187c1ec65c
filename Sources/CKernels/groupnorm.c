#include "CKernels_groupnorm.h"

#include <string.h>

#include "kernel.h"
#include "vector.h"
#include "vector_math.h"

INLINE void moments(float *sums, const float *x, const float *shift, int64_t pixelCount,
                    int64_t channelCount, int width) {
  Vector sum[2] = {{0}};
  Vector squares[2] = {{0}};
  for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
    for (int i = 0; i < width; i++) {
      const Vector d = VECTOR(x + pixel * channelCount + i * vectorWidth) -
                       VECTOR(shift + i * vectorWidth);
      sum[i] += d;
      squares[i] += d * d;
    }
  }
  for (int i = 0; i < width; i++) {
    VECTOR(sums + i * vectorWidth) = sum[i];
    VECTOR(sums + channelCount + i * vectorWidth) = squares[i];
  }
}

KERNEL void CKernels_groupNormMoments(float *sums, const float *x, const float *shift,
                                      int64_t pixelCount, int64_t channelCount) {
  int64_t c = 0;
  for (; c + 2 * vectorWidth <= channelCount; c += 2 * vectorWidth) {
    moments(sums + c, x + c, shift + c, pixelCount, channelCount, 2);
  }
  for (; c + vectorWidth <= channelCount; c += vectorWidth) {
    moments(sums + c, x + c, shift + c, pixelCount, channelCount, 1);
  }
  for (; c < channelCount; c++) {
    float sum = 0;
    float squares = 0;
    for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
      const float d = x[pixel * channelCount + c] - shift[c];
      sum += d;
      squares += d * d;
    }
    sums[c] = sum;
    sums[channelCount + c] = squares;
  }
}

INLINE void normalize(float *restrict y, const float *restrict x, CKernels_GroupNormChannels k,
                      int isSiLU, int64_t pixelCount, int64_t channelCount) {
  const float *restrict mean = k.mean;
  const float *restrict scale = k.reciprocalStandardDeviation;
  const float *restrict weight = k.weight;
  const float *restrict bias = k.bias;
  for (int64_t pixel = 0; pixel < pixelCount; pixel++, x += channelCount, y += channelCount) {
    for (int64_t c = 0; c < channelCount; c++) {
      const float z = (x[c] - mean[c]) * scale[c] * weight[c] + bias[c];
      y[c] = isSiLU ? z * sigmoid(z) : z;
    }
  }
}

KERNEL void CKernels_groupNorm(float *y, const float *x, CKernels_GroupNormChannels channels,
                               int isSiLU, int64_t pixelCount, int64_t channelCount) {
  if (isSiLU) {
    normalize(y, x, channels, 1, pixelCount, channelCount);
  } else {
    normalize(y, x, channels, 0, pixelCount, channelCount);
  }
}

// The gradient before the activation, from that behind it and the normalised value.
INLINE float activationGradient(float dy, float normalized, float weight, float bias, int isSiLU) {
  if (!isSiLU) return dy;
  const float z = normalized * weight + bias;
  const float s = sigmoid(z);
  return dy * (s * (1.0f + z * (1.0f - s)));
}

INLINE void gradientSums(float *restrict sums, float *restrict kept, const float *restrict dy,
                         const float *restrict x, CKernels_GroupNormChannels k, int isSiLU,
                         int64_t pixelCount, int64_t channelCount) {
  float *restrict sum = sums;
  float *restrict products = sums + channelCount;
  const float *restrict mean = k.mean;
  const float *restrict scale = k.reciprocalStandardDeviation;
  const float *restrict weight = k.weight;
  const float *restrict bias = k.bias;
  memset(sums, 0, (size_t)(2 * channelCount) * sizeof(float));
  for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
    for (int64_t c = 0; c < channelCount; c++) {
      const float normalized = (x[c] - mean[c]) * scale[c];
      const float g = activationGradient(dy[c], normalized, weight[c], bias[c], isSiLU);
      if (isSiLU) kept[c] = g;
      sum[c] += g;
      products[c] += g * normalized;
    }
    x += channelCount;
    dy += channelCount;
    kept += isSiLU ? channelCount : 0;
  }
}

KERNEL void CKernels_groupNormGradientSums(float *sums, float *kept, const float *dy,
                                           const float *x, CKernels_GroupNormChannels channels,
                                           int isSiLU, int64_t pixelCount, int64_t channelCount) {
  if (isSiLU) {
    gradientSums(sums, kept, dy, x, channels, 1, pixelCount, channelCount);
  } else {
    gradientSums(sums, kept, dy, x, channels, 0, pixelCount, channelCount);
  }
}

KERNEL void CKernels_groupNormBackward(float *dx, const float *g, const float *restrict x,
                                       CKernels_GroupNormChannels channels, int isAdding,
                                       int64_t pixelCount, int64_t channelCount) {
  const float *restrict mean = channels.mean;
  const float *restrict scale = channels.reciprocalStandardDeviation;
  const float *restrict weight = channels.weight;
  const float *restrict center = channels.gradientMean;
  const float *restrict projection = channels.gradientProjection;
  for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
#pragma clang loop vectorize(assume_safety)
    for (int64_t c = 0; c < channelCount; c++) {
      const float normalized = (x[c] - mean[c]) * scale[c];
      const float d = scale[c] * (g[c] * weight[c] - center[c] - normalized * projection[c]);
      dx[c] = isAdding ? dx[c] + d : d;
    }
    dx += channelCount;
    g += channelCount;
    x += channelCount;
  }
}
