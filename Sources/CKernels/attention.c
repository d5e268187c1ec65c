#include "CKernels_attention.h"

#include <math.h>
#include <string.h>

#include "kernel.h"
#include "vector.h"
#include "vector_math.h"

// Rows of scores are handled in whole blocks, so that no loop has a rest.
enum { block = CKernelsScoreBlock };

// Mean and reciprocal standard deviation of a head.
INLINE void headStatistics(float *mean, float *scale, const float *x, int64_t count,
                           float epsilon) {
  const int64_t whole = count / vectorWidth * vectorWidth;
  Vector sums = {0};
  for (int64_t i = 0; i < whole; i += vectorWidth) sums += VECTOR(x + i);
  float sum = vectorSum(&sums);
  for (int64_t i = whole; i < count; i++) sum += x[i];
  const float m = sum / (float)count;
  Vector squares = {0};
  for (int64_t i = 0; i < whole; i += vectorWidth) {
    const Vector centred = VECTOR(x + i) - m;
    squares += centred * centred;
  }
  float square = vectorSum(&squares);
  for (int64_t i = whole; i < count; i++) square += (x[i] - m) * (x[i] - m);
  *mean = m;
  *scale = 1.0f / sqrtf(square / (float)count + epsilon);
}

// The neighbours of each pair, exchanged.
#define SWAPPED(v) \
  __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

// A number for each pair, given to both of its channels.
#define DOUBLED(v) __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7)

// Turns the pairs of v by angles, or back when direction is -1.
#define TURNED(v, cosines, sines, direction)        \
  ((v) * DOUBLED(HALF_VECTOR(cosines)) +            \
   SWAPPED(v) * ((direction) * pairSigns) * DOUBLED(HALF_VECTOR(sines)))

static const Vector pairSigns = {-1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1};

// Asks for a row that is read soon: rows of a head are too far apart for the processor to guess.
INLINE void prefetchRow(const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i += vectorWidth) __builtin_prefetch(x + i);
}

// The usual sizes of a head as constants, so that loops over a head are no loops.
#define FOR_HEAD_SIZE(function, ...)    \
  if (headSize == 32) {                 \
    function(__VA_ARGS__, 32);          \
  } else if (headSize == 64) {          \
    function(__VA_ARGS__, 64);          \
  } else {                              \
    function(__VA_ARGS__, headSize);    \
  }

INLINE void rotateRows(float *restrict y, int64_t yStride, const float *restrict x,
                       int64_t xStride, CKernelsHeadNorm norm, const float *restrict cosines,
                       const float *restrict sines, float factor, int64_t rowCount,
                       int64_t headSize) {
  const int64_t whole = headSize / vectorWidth * vectorWidth;
  for (int64_t row = 0; row < rowCount; row++) {
    float mean = 0.0f;
    float scale = 1.0f;
    prefetchRow(x + 4 * xStride, headSize);
    if (norm.weight) headStatistics(&mean, &scale, x, headSize, norm.epsilon);
    for (int64_t i = 0; i < whole; i += vectorWidth) {
      Vector v = VECTOR(x + i);
      if (norm.weight) v = (v - mean) * scale * VECTOR(norm.weight + i) + VECTOR(norm.bias + i);
      v *= factor;
      VECTOR(y + i) = TURNED(v, cosines + i / 2, sines + i / 2, 1.0f);
    }
    for (int64_t i = whole; i < headSize; i += 2) {
      float a = x[i];
      float b = x[i + 1];
      if (norm.weight) {
        a = (a - mean) * scale * norm.weight[i] + norm.bias[i];
        b = (b - mean) * scale * norm.weight[i + 1] + norm.bias[i + 1];
      }
      y[i] = factor * (a * cosines[i / 2] - b * sines[i / 2]);
      y[i + 1] = factor * (b * cosines[i / 2] + a * sines[i / 2]);
    }
    x += xStride;
    y += yStride;
    cosines += headSize / 2;
    sines += headSize / 2;
  }
}

KERNEL void CKernels_rotateHead(float *restrict y, int64_t yStride, const float *restrict x,
                                int64_t xStride, CKernelsHeadNorm norm,
                                const float *restrict cosines, const float *restrict sines,
                                float factor, int64_t rowCount, int64_t headSize) {
  FOR_HEAD_SIZE(rotateRows, y, yStride, x, xStride, norm, cosines, sines, factor, rowCount)
}

// dx of the norm over one head for the gradient dn of the norm's result.
INLINE void headNormGradient(float *restrict dx, float *restrict dweight, float *restrict dbias,
                             const float *restrict dn, const float *restrict x,
                             CKernelsHeadNorm norm, int64_t count) {
  float mean;
  float scale;
  headStatistics(&mean, &scale, x, count, norm.epsilon);
  const int64_t whole = count / vectorWidth * vectorWidth;
  Vector sums = {0};
  Vector projections = {0};
  for (int64_t i = 0; i < whole; i += vectorWidth) {
    const Vector d = VECTOR(dn + i);
    const Vector normalized = (VECTOR(x + i) - mean) * scale;
    const Vector weighted = d * VECTOR(norm.weight + i);
    sums += weighted;
    projections += weighted * normalized;
    VECTOR(dweight + i) += d * normalized;
    VECTOR(dbias + i) += d;
  }
  float sum = vectorSum(&sums);
  float projection = vectorSum(&projections);
  for (int64_t i = whole; i < count; i++) {
    const float normalized = (x[i] - mean) * scale;
    const float weighted = dn[i] * norm.weight[i];
    sum += weighted;
    projection += weighted * normalized;
    dweight[i] += dn[i] * normalized;
    dbias[i] += dn[i];
  }
  const float a = sum / (float)count;
  const float b = projection / (float)count;
  for (int64_t i = 0; i < count; i++) {
    dx[i] = scale * (dn[i] * norm.weight[i] - a - (x[i] - mean) * scale * b);
  }
}

INLINE void rotateRowsBack(float *restrict dx, int64_t dxStride, float *restrict dweight,
                           float *restrict dbias, float *restrict dy, int64_t dyStride,
                           const float *restrict x, int64_t xStride, CKernelsHeadNorm norm,
                           const float *restrict cosines, const float *restrict sines,
                           float factor, int64_t rowCount, int64_t headSize) {
  const int64_t whole = headSize / vectorWidth * vectorWidth;
  for (int64_t row = 0; row < rowCount; row++) {
    float *dn = norm.weight ? dy : dx;
    for (int64_t i = 0; i < whole; i += vectorWidth) {
      const Vector d = VECTOR(dy + i) * factor;
      VECTOR(dn + i) = TURNED(d, cosines + i / 2, sines + i / 2, -1.0f);
    }
    for (int64_t i = whole; i < headSize; i += 2) {
      const float a = factor * dy[i];
      const float b = factor * dy[i + 1];
      dn[i] = a * cosines[i / 2] + b * sines[i / 2];
      dn[i + 1] = b * cosines[i / 2] - a * sines[i / 2];
    }
    if (norm.weight) headNormGradient(dx, dweight, dbias, dn, x, norm, headSize);
    dx += dxStride;
    dy += dyStride;
    x += xStride;
    cosines += headSize / 2;
    sines += headSize / 2;
  }
}

KERNEL void CKernels_rotateHeadGradient(float *restrict dx, int64_t dxStride,
                                        float *restrict dweight, float *restrict dbias,
                                        float *restrict dy, int64_t dyStride,
                                        const float *restrict x, int64_t xStride,
                                        CKernelsHeadNorm norm, const float *restrict cosines,
                                        const float *restrict sines, float factor,
                                        int64_t rowCount, int64_t headSize) {
  FOR_HEAD_SIZE(rotateRowsBack, dx, dxStride, dweight, dbias, dy, dyStride, x, xStride, norm,
                cosines, sines, factor, rowCount)
}

// Fills what a row does not see, up to the end of its last block, and returns the blocks it sees.
INLINE int64_t closeRow(float *row, int64_t seen, int64_t stride) {
  const int64_t blockCount = (seen + block - 1) / block;
  for (int64_t i = seen; i < blockCount * block; i++) row[i] = -INFINITY;
  memset(row + blockCount * block, 0, (size_t)(stride - blockCount * block) * sizeof *row);
  return blockCount;
}

INLINE float largestOf(const float *x, int64_t blockCount) {
  float lanes[block];
  for (int lane = 0; lane < block; lane++) lanes[lane] = -INFINITY;
  for (int64_t b = 0; b < blockCount; b++, x += block) {
    for (int lane = 0; lane < block; lane++) {
      lanes[lane] = x[lane] > lanes[lane] ? x[lane] : lanes[lane];
    }
  }
  float largest = lanes[0];
  for (int lane = 1; lane < block; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

// x = e^(x - largest); returns the sum.
INLINE float exponentialSum(float *x, float largest, int64_t blockCount) {
  float lanes[block] = {0};
  for (int64_t b = 0; b < blockCount; b++, x += block) {
    for (int lane = 0; lane < block; lane++) {
      x[lane] = vectorExp(x[lane] - largest);
      lanes[lane] += x[lane];
    }
  }
  float sum = 0.0f;
  for (int lane = 0; lane < block; lane++) sum += lanes[lane];
  return sum;
}

KERNEL void CKernels_softmaxRows(float *scores, int64_t stride, float *logSums,
                                 float *inverseSums, const int32_t *visible, int64_t rowCount) {
  for (int64_t row = 0; row < rowCount; row++, scores += stride) {
    const int64_t blockCount = closeRow(scores, visible[row], stride);
    const float largest = largestOf(scores, blockCount);
    const float sum = exponentialSum(scores, largest, blockCount);
    logSums[row] = largest + logf(sum);
    inverseSums[row] = 1.0f / sum;
  }
}

// p = e^(p - logSum); returns Σ p·g.
INLINE float weightedSum(float *restrict p, const float *restrict g, float logSum,
                         int64_t blockCount) {
  float lanes[block] = {0};
  for (int64_t b = 0; b < blockCount; b++, p += block, g += block) {
    for (int lane = 0; lane < block; lane++) {
      p[lane] = vectorExp(p[lane] - logSum);
      lanes[lane] += p[lane] * g[lane];
    }
  }
  float sum = 0.0f;
  for (int lane = 0; lane < block; lane++) sum += lanes[lane];
  return sum;
}

KERNEL void CKernels_softmaxGradientRows(float *restrict probabilities, float *restrict gradients,
                                         int64_t stride, const float *logSums,
                                         const int32_t *visible, int64_t rowCount) {
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t blockCount = closeRow(probabilities, visible[row], stride);
    memset(gradients + visible[row], 0, (size_t)(stride - visible[row]) * sizeof *gradients);
    const float mean = weightedSum(probabilities, gradients, logSums[row], blockCount);
    for (int64_t i = 0; i < blockCount * block; i++) {
      gradients[i] = probabilities[i] * (gradients[i] - mean);
    }
    probabilities += stride;
    gradients += stride;
  }
}

KERNEL void CKernels_scaleRows(float *rows, int64_t stride, const float *factors,
                               int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++, rows += stride) {
    for (int64_t i = 0; i < columnCount; i++) rows[i] *= factors[row];
  }
}
