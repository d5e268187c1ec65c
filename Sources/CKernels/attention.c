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

// One channel of a head after the norm.
INLINE float normalizedChannel(const float *x, CKernelsHeadNorm norm, float mean, float scale,
                               int64_t i) {
  return norm.weight ? (x[i] - mean) * scale * norm.weight[i] + norm.bias[i] : x[i];
}

// Sixteen channels of a head after the norm, as the vector `name`.
#define NORMALIZED_CHANNELS(name, x, norm, mean, scale, i)                                   \
  Vector name = VECTOR((x) + (i));                                                           \
  if ((norm).weight) {                                                                       \
    name = (name - (mean)) * (scale) * VECTOR((norm).weight + (i)) + VECTOR((norm).bias + (i)); \
  }

// y = norm(x) factor.
INLINE void scaleHead(float *restrict y, const float *restrict x, CKernelsHeadNorm norm,
                      float mean, float scale, float factor, int64_t headSize) {
  const int64_t whole = headSize / vectorWidth * vectorWidth;
  for (int64_t i = 0; i < whole; i += vectorWidth) {
    NORMALIZED_CHANNELS(v, x, norm, mean, scale, i)
    VECTOR(y + i) = v * factor;
  }
  for (int64_t i = whole; i < headSize; i++) {
    y[i] = factor * normalizedChannel(x, norm, mean, scale, i);
  }
}

// y = rotate(norm(x)) factor, where channels 2j and 2j + 1 are a pair.
INLINE void turnAdjacent(float *restrict y, const float *restrict x, CKernelsHeadNorm norm,
                          float mean, float scale, const float *restrict cosines,
                          const float *restrict sines, float factor, int64_t headSize) {
  const int64_t whole = headSize / vectorWidth * vectorWidth;
  for (int64_t i = 0; i < whole; i += vectorWidth) {
    NORMALIZED_CHANNELS(v, x, norm, mean, scale, i)
    v *= factor;
    VECTOR(y + i) = TURNED(v, cosines + i / 2, sines + i / 2, 1.0f);
  }
  for (int64_t i = whole; i < headSize; i += 2) {
    const float a = normalizedChannel(x, norm, mean, scale, i);
    const float b = normalizedChannel(x, norm, mean, scale, i + 1);
    y[i] = factor * (a * cosines[i / 2] - b * sines[i / 2]);
    y[i + 1] = factor * (b * cosines[i / 2] + a * sines[i / 2]);
  }
}

// Turns channels i and i + headSize / 2 of a head in place, or back when direction is -1.
INLINE void turnHalves(float *restrict x, const float *restrict cosines,
                       const float *restrict sines, float direction, int64_t headSize) {
  const int64_t half = headSize / 2;
  const int64_t whole = half / vectorWidth * vectorWidth;
  for (int64_t i = 0; i < whole; i += vectorWidth) {
    const Vector a = VECTOR(x + i);
    const Vector b = VECTOR(x + i + half);
    const Vector sine = direction * VECTOR(sines + i);
    VECTOR(x + i) = a * VECTOR(cosines + i) - b * sine;
    VECTOR(x + i + half) = b * VECTOR(cosines + i) + a * sine;
  }
  for (int64_t i = whole; i < half; i++) {
    const float a = x[i];
    const float b = x[i + half];
    x[i] = a * cosines[i] - b * (direction * sines[i]);
    x[i + half] = b * cosines[i] + a * (direction * sines[i]);
  }
}

INLINE void rotateRows(float *restrict y, int64_t yStride, const float *restrict x,
                       int64_t xStride, CKernelsHeadNorm norm, CKernelsHeadTurn turn,
                       float factor, int64_t rowCount, int64_t headSize) {
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t angle = row * headSize / 2;
    float mean = 0.0f;
    float scale = 1.0f;
    prefetchRow(x + 4 * xStride, headSize);
    if (norm.weight) headStatistics(&mean, &scale, x, headSize, norm.epsilon);
    if (turn.pairs == CKernelsAdjacentPairs) {
      turnAdjacent(y, x, norm, mean, scale, turn.cosines + angle, turn.sines + angle, factor,
                    headSize);
    } else {
      scaleHead(y, x, norm, mean, scale, factor, headSize);
      if (turn.pairs == CKernelsHalfPairs) {
        turnHalves(y, turn.cosines + angle, turn.sines + angle, 1.0f, headSize);
      }
    }
    x += xStride;
    y += yStride;
  }
}

KERNEL void CKernels_rotateHead(float *restrict y, int64_t yStride, const float *restrict x,
                                int64_t xStride, CKernelsHeadNorm norm, CKernelsHeadTurn turn,
                                float factor, int64_t rowCount, int64_t headSize) {
  FOR_HEAD_SIZE(rotateRows, y, yStride, x, xStride, norm, turn, factor, rowCount)
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

// dn = factor · dy turned back, where channels 2j and 2j + 1 are a pair; dn may be dy.
INLINE void turnAdjacentBack(float *dn, const float *dy, const float *restrict cosines,
                              const float *restrict sines, float factor, int64_t headSize) {
  const int64_t whole = headSize / vectorWidth * vectorWidth;
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
}

INLINE void rotateRowsBack(float *restrict dx, int64_t dxStride, float *restrict dweight,
                           float *restrict dbias, float *restrict dy, int64_t dyStride,
                           const float *restrict x, int64_t xStride, CKernelsHeadNorm norm,
                           CKernelsHeadTurn turn, float factor, int64_t rowCount,
                           int64_t headSize) {
  for (int64_t row = 0; row < rowCount; row++) {
    const int64_t angle = row * headSize / 2;
    float *dn = norm.weight ? dy : dx;
    if (turn.pairs == CKernelsAdjacentPairs) {
      turnAdjacentBack(dn, dy, turn.cosines + angle, turn.sines + angle, factor, headSize);
    } else {
      for (int64_t i = 0; i < headSize; i++) dn[i] = factor * dy[i];
      if (turn.pairs == CKernelsHalfPairs) {
        turnHalves(dn, turn.cosines + angle, turn.sines + angle, -1.0f, headSize);
      }
    }
    if (norm.weight) headNormGradient(dx, dweight, dbias, dn, x, norm, headSize);
    dx += dxStride;
    dy += dyStride;
    x += xStride;
  }
}

KERNEL void CKernels_rotateHeadGradient(float *restrict dx, int64_t dxStride,
                                        float *restrict dweight, float *restrict dbias,
                                        float *restrict dy, int64_t dyStride,
                                        const float *restrict x, int64_t xStride,
                                        CKernelsHeadNorm norm, CKernelsHeadTurn turn,
                                        float factor, int64_t rowCount, int64_t headSize) {
  FOR_HEAD_SIZE(rotateRowsBack, dx, dxStride, dweight, dbias, dy, dyStride, x, xStride, norm,
                turn, factor, rowCount)
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
