#include "CKernels_similarity.h"

#include <math.h>

#include "kernel.h"
#include "reductions.h"

KERNEL void CKernels_rowNorms(float *norms, const float *x, int64_t rowCount,
                              int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++, x += channelCount) {
    norms[r] = sqrtf(dotProduct(x, x, channelCount));
  }
}

KERNEL void CKernels_l2Normalize(float *y, const float *x, const float *norms, float epsilon,
                                 int64_t rowCount, int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++, x += channelCount, y += channelCount) {
    const float scale = 1.0f / (norms[r] + epsilon);
    for (int64_t c = 0; c < channelCount; c++) y[c] = x[c] * scale;
  }
}

// y = first a + second b, or y += that when isAdding.
INLINE void combineRows(float *y, float first, const float *a, float second, const float *b,
                        int isAdding, int64_t count) {
  if (isAdding) {
    for (int64_t i = 0; i < count; i++) y[i] += first * a[i] + second * b[i];
  } else {
    for (int64_t i = 0; i < count; i++) y[i] = first * a[i] + second * b[i];
  }
}

KERNEL void CKernels_l2NormalizeGradient(float *dx, const float *dy, const float *x,
                                         const float *norms, float epsilon, int isAdding,
                                         int64_t rowCount, int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++) {
    const float scale = norms[r] > 0.0f ? 1.0f / (norms[r] + epsilon) : 0.0f;
    // x·dy over the norm is no larger than dy, however small the norm is.
    const float along = scale > 0.0f ? dotProduct(dy, x, channelCount) / norms[r] : 0.0f;
    combineRows(dx, scale, dy, -along * scale * scale, x, isAdding, channelCount);
    dx += channelCount;
    dy += channelCount;
    x += channelCount;
  }
}

KERNEL void CKernels_cosineSimilarity(float *cosines, const float *a, const float *b,
                                      const float *aNorms, const float *bNorms, float epsilon,
                                      int64_t rowCount, int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++, a += channelCount, b += channelCount) {
    cosines[r] = dotProduct(a, b, channelCount) / fmaxf(aNorms[r], epsilon) /
                 fmaxf(bNorms[r], epsilon);
  }
}

KERNEL void CKernels_cosineSimilarityGradient(float *da, const float *dCosines,
                                              const float *cosines, const float *a, const float *b,
                                              const float *aNorms, const float *bNorms,
                                              float epsilon, int isAdding, int64_t rowCount,
                                              int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++) {
    const float d = dCosines[r] / fmaxf(aNorms[r], epsilon);
    // A norm below the least one is held constant.
    const float along = aNorms[r] > epsilon ? -d * cosines[r] / aNorms[r] : 0.0f;
    combineRows(da, d / fmaxf(bNorms[r], epsilon), b, along, a, isAdding, channelCount);
    da += channelCount;
    a += channelCount;
    b += channelCount;
  }
}

KERNEL void CKernels_weightedDistances(float *distances, const float *x, const float *y,
                                       const float *weight, int64_t rowCount,
                                       int64_t channelCount) {
  REASSOCIATE
  for (int64_t r = 0; r < rowCount; r++, x += channelCount, y += channelCount) {
    float sum = 0.0f;
    for (int64_t c = 0; c < channelCount; c++) {
      const float difference = x[c] - y[c];
      sum += weight[c] * difference * difference;
    }
    distances[r] = sum;
  }
}

KERNEL void CKernels_weightedDifferences(float *dx, const float *x, const float *y,
                                         const float *weight, float factor, int isAdding,
                                         int64_t rowCount, int64_t channelCount) {
  for (int64_t r = 0; r < rowCount; r++) {
    for (int64_t c = 0; c < channelCount; c++) {
      const float value = factor * weight[c] * (x[c] - y[c]);
      dx[c] = isAdding ? dx[c] + value : value;
    }
    dx += channelCount;
    x += channelCount;
    y += channelCount;
  }
}
