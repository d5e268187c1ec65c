#include "CKernels_attention.h"

#include <math.h>

#include "kernel.h"
#include "vector.h"
#include "vector_math.h"

#define REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")

// Mean and reciprocal deviation of a head.
INLINE void headStatistics(float *mean, float *scale, const float *x, int64_t count,
                           float epsilon) {
  Vector sums = {0};
  int64_t i = 0;
  for (; i + vectorWidth <= count; i += vectorWidth) sums += VECTOR(x + i);
  float sum = vectorSum(&sums);
  for (; i < count; i++) sum += x[i];
  const float m = sum / (float)count;
  Vector squares = {0};
  for (i = 0; i + vectorWidth <= count; i += vectorWidth) {
    const Vector d = VECTOR(x + i) - m;
    squares += d * d;
  }
  float square = vectorSum(&squares);
  for (; i < count; i++) square += (x[i] - m) * (x[i] - m);
  *mean = m;
  *scale = 1.0f / sqrtf(square / (float)count + epsilon);
}

// Turns the pairs (2j, 2j + 1) by their angles, or back when direction is -1; y may be x.
INLINE void rotateHead(float *y, const float *x, const float *cosines, const float *sines,
                       float direction, int64_t count) {
  const Vector signs = {-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1};
  int64_t i = 0;
  for (; i + vectorWidth <= count; i += vectorWidth) {
    const HalfVector c = HALF_VECTOR(cosines + i / 2);
    const HalfVector s = HALF_VECTOR(sines + i / 2);
    const Vector v = VECTOR(x + i);
    const Vector partner =
        __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    VECTOR(y + i) =
        v * __builtin_shufflevector(c, c, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7) +
        partner * (signs * direction) *
            __builtin_shufflevector(s, s, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  }
  for (; i < count; i += 2) {
    const float a = x[i];
    const float b = x[i + 1];
    const float sine = direction * sines[i / 2];
    y[i] = a * cosines[i / 2] - b * sine;
    y[i + 1] = a * sine + b * cosines[i / 2];
  }
}

KERNEL void CKernels_normalizeRotate(float *y, int64_t yStride, const float *x, int64_t xStride,
                                     CKernelsHeads heads, const float *cosines,
                                     const float *sines, int64_t firstToken, int64_t tokenCount,
                                     int64_t rowCount) {
  const int64_t size = heads.headSize;
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t token = (firstToken + row) % tokenCount;
    const float *c = cosines + token * (size / 2);
    const float *s = sines + token * (size / 2);
    for (int64_t head = 0; head < heads.headCount; head++) {
      const float *from = x + row * xStride + head * size;
      float *to = y + row * yStride + head * size;
      if (heads.weight) {
        float mean;
        float scale;
        headStatistics(&mean, &scale, from, size, heads.epsilon);
        for (int64_t i = 0; i < size; i++) {
          to[i] = (from[i] - mean) * scale * heads.weight[i] + heads.bias[i];
        }
      }
      rotateHead(to, heads.weight ? to : from, c, s, 1.0f, size);
    }
  }
}

// dx of the norm over one head for the gradient dn of the norm's result.
INLINE void headNormGradient(float *restrict dx, float *restrict dweight, float *restrict dbias,
                             const float *restrict dn, const float *restrict x,
                             const float *restrict weight, int64_t count, float epsilon) {
  float mean;
  float scale;
  headStatistics(&mean, &scale, x, count, epsilon);
  Vector sums = {0};
  Vector projections = {0};
  int64_t i = 0;
  for (; i + vectorWidth <= count; i += vectorWidth) {
    const Vector normalized = (VECTOR(x + i) - mean) * scale;
    const Vector d = VECTOR(dn + i);
    const Vector weighted = d * VECTOR(weight + i);
    sums += weighted;
    projections += weighted * normalized;
    VECTOR(dweight + i) += d * normalized;
    VECTOR(dbias + i) += d;
  }
  float sum = vectorSum(&sums);
  float projection = vectorSum(&projections);
  for (; i < count; i++) {
    const float normalized = (x[i] - mean) * scale;
    const float weighted = dn[i] * weight[i];
    sum += weighted;
    projection += weighted * normalized;
    dweight[i] += dn[i] * normalized;
    dbias[i] += dn[i];
  }
  const float a = sum / (float)count;
  const float b = projection / (float)count;
  for (i = 0; i < count; i++) {
    dx[i] = scale * (dn[i] * weight[i] - a - (x[i] - mean) * scale * b);
  }
}

KERNEL void CKernels_normalizeRotateGradient(float *dx, int64_t dxStride, float *dweight,
                                             float *dbias, const float *dy, int64_t dyStride,
                                             const float *x, int64_t xStride, CKernelsHeads heads,
                                             const float *cosines, const float *sines,
                                             int64_t firstToken, int64_t tokenCount,
                                             int64_t rowCount, float *scratch) {
  const int64_t size = heads.headSize;
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t token = (firstToken + row) % tokenCount;
    const float *c = cosines + token * (size / 2);
    const float *s = sines + token * (size / 2);
    for (int64_t head = 0; head < heads.headCount; head++) {
      const float *from = dy + row * dyStride + head * size;
      float *to = dx + row * dxStride + head * size;
      float *turned = heads.weight ? scratch : to;
      rotateHead(turned, from, c, s, -1.0f, size);
      if (heads.weight) {
        headNormGradient(to, dweight, dbias, scratch, x + row * xStride + head * size,
                         heads.weight, size, heads.epsilon);
      }
    }
  }
}

INLINE float largestOf(const float *x, int64_t count) {
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = -INFINITY;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int lane = 0; lane < 16; lane++) {
      lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
    }
  }
  for (int lane = 0; i < count; i++, lane++) lanes[lane] = x[i] > lanes[lane] ? x[i] : lanes[lane];
  float largest = lanes[0];
  for (int lane = 1; lane < 16; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

INLINE float exponentialSum(float *x, float largest, int64_t count) {
  REASSOCIATE
  float sum = 0.0f;
  for (int64_t i = 0; i < count; i++) {
    x[i] = vectorExp(x[i] - largest);
    sum += x[i];
  }
  return sum;
}

KERNEL void CKernels_softmaxRows(float *scores, float *logSums, float *inverseSums,
                                 const int32_t *visible, int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++, scores += columnCount) {
    const int64_t count = visible[row];
    const float largest = largestOf(scores, count);
    const float sum = exponentialSum(scores, largest, count);
    for (int64_t i = count; i < columnCount; i++) scores[i] = 0.0f;
    logSums[row] = largest + logf(sum);
    inverseSums[row] = 1.0f / sum;
  }
}

KERNEL void CKernels_softmaxGradientRows(float *probabilities, float *gradients,
                                         const float *logSums, const float *deltas,
                                         const int32_t *visible, float scale, int64_t rowCount,
                                         int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t count = visible[row];
    for (int64_t i = 0; i < count; i++) {
      const float p = vectorExp(probabilities[i] - logSums[row]);
      probabilities[i] = p;
      gradients[i] = p * (gradients[i] - deltas[row]) * scale;
    }
    for (int64_t i = count; i < columnCount; i++) {
      probabilities[i] = 0.0f;
      gradients[i] = 0.0f;
    }
    probabilities += columnCount;
    gradients += columnCount;
  }
}

KERNEL void CKernels_scaleRows(float *rows, int64_t stride, const float *factors,
                               int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++, rows += stride) {
    for (int64_t i = 0; i < columnCount; i++) rows[i] *= factors[row];
  }
}

INLINE float innerProduct(const float *a, const float *b, int64_t count) {
  REASSOCIATE
  float sum = 0.0f;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

KERNEL void CKernels_rowProducts(float *sums, const float *a, int64_t aStride, const float *b,
                                 int64_t bStride, int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++) {
    sums[row] = innerProduct(a + row * aStride, b + row * bStride, columnCount);
  }
}
