#include "CKernels_quantizer.h"

#include <math.h>

#include "kernel.h"
#include "reductions.h"
#include "vector_math.h"

// Sixteen codes: a register of AVX-512, two of AVX2, four of NEON.
enum { laneCount = 16, rowTile = 4 };
typedef float Lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t IntLanes __attribute__((vector_size(64), aligned(4)));

INLINE int64_t blockCountOf(int64_t codeCount) { return (codeCount + laneCount - 1) / laneCount; }

INLINE double squaredNorm(const float *x, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
  return sum;
}

KERNEL void CKernels_normalizeRows(float *y, const float *x, float epsilon, int64_t rowCount,
                                   int64_t width) {
  for (int64_t row = 0; row < rowCount; row++, y += width, x += width) {
    const float norm = fmaxf((float)sqrt(squaredNorm(x, width)), epsilon);
    for (int64_t i = 0; i < width; i++) y[i] = x[i] / norm;
  }
}

INLINE double innerProduct(const float *a, const float *b, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
  return sum;
}

KERNEL void CKernels_normalizeRowsBackward(float *dx, const float *dy, const float *x,
                                           float epsilon, int isAdding, int64_t rowCount,
                                           int64_t width) {
  for (int64_t row = 0; row < rowCount; row++, dx += width, dy += width, x += width) {
    const double norm = sqrt(squaredNorm(x, width));
    // Below the guard the divisor is a constant and the map is linear.
    const int isGuarded = (float)norm < epsilon;
    const float scale = (float)(1 / (isGuarded ? (double)epsilon : norm));
    const float along =
        isGuarded ? 0 : (float)(innerProduct(x, dy, width) / (norm * norm * norm));
    for (int64_t i = 0; i < width; i++) {
      const float value = dy[i] * scale - x[i] * along;
      dx[i] = isAdding ? dx[i] + value : value;
    }
  }
}

void CKernels_packCodes(float *blocks, const float *codes, int64_t codeCount, int64_t width) {
  for (int64_t slot = 0; slot < blockCountOf(codeCount) * laneCount; slot++) {
    const int64_t code = slot < codeCount ? slot : codeCount - 1;
    float *column = blocks + slot / laneCount * laneCount * width + slot % laneCount;
    for (int64_t i = 0; i < width; i++) column[i * laneCount] = codes[code * width + i];
  }
}

// The inner products of a tile of rows with the codes of one block.
INLINE void scoreBlock(Lanes score[rowTile], const float *const z[rowTile], const float *block,
                       int64_t width) {
  for (int r = 0; r < rowTile; r++) score[r] = (Lanes){0};
  for (int64_t i = 0; i < width; i++) {
    const Lanes codes = *(const Lanes *)(block + i * laneCount);
    for (int r = 0; r < rowTile; r++) score[r] += z[r][i] * codes;
  }
}

// The rows of a tile; past the last row, that one again.
INLINE void tileRows(const float *rows[rowTile], const float *z, int64_t first, int64_t rowCount,
                     int64_t width) {
  for (int r = 0; r < rowTile; r++) {
    rows[r] = z + (first + r < rowCount ? first + r : rowCount - 1) * width;
  }
}

// The smallest code among those with the largest score; a lane holds its first block of that score.
INLINE int32_t firstBest(const Lanes *best, const IntLanes *block) {
  float value = (*best)[0];
  int32_t index = (*block)[0] * laneCount;
  for (int lane = 1; lane < laneCount; lane++) {
    const int32_t candidate = (*block)[lane] * laneCount + lane;
    if ((*best)[lane] > value || ((*best)[lane] == value && candidate < index)) {
      value = (*best)[lane];
      index = candidate;
    }
  }
  return index;
}

KERNEL void CKernels_nearestCodes(int32_t *index, const float *z, const float *blocks,
                                  int64_t rowCount, int64_t codeCount, int64_t width) {
  for (int64_t first = 0; first < rowCount; first += rowTile) {
    const float *rows[rowTile];
    tileRows(rows, z, first, rowCount, width);
    Lanes best[rowTile];
    IntLanes bestBlock[rowTile];
    for (int r = 0; r < rowTile; r++) {
      best[r] = (Lanes){0} - INFINITY;
      bestBlock[r] = (IntLanes){0};
    }
    for (int64_t block = 0; block < blockCountOf(codeCount); block++) {
      Lanes score[rowTile];
      scoreBlock(score, rows, blocks + block * laneCount * width, width);
      for (int r = 0; r < rowTile; r++) {
        const IntLanes isBetter = score[r] > best[r];
        best[r] = (Lanes)(((IntLanes)score[r] & isBetter) | ((IntLanes)best[r] & ~isBetter));
        bestBlock[r] = ((int32_t)block & isBetter) | (bestBlock[r] & ~isBetter);
      }
    }
    for (int r = 0; r < rowTile && first + r < rowCount; r++) {
      index[first + r] = firstBest(&best[r], &bestBlock[r]);
    }
  }
}

// scores[r][code] = scale * z·c for a tile of rows over all codes, padding included.
INLINE void scoreCodes(float *scores, const float *const rows[rowTile], const float *blocks,
                       float scale, int64_t blockCount, int64_t width) {
  for (int64_t block = 0; block < blockCount; block++) {
    Lanes score[rowTile];
    scoreBlock(score, rows, blocks + block * laneCount * width, width);
    for (int r = 0; r < rowTile; r++) {
      *(Lanes *)(scores + (r * blockCount + block) * laneCount) = scale * score[r];
    }
  }
}

// Turns scores into probabilities added to sums; statistics gets maximum, log of sum, entropy.
INLINE void assignmentOfRow(float *statistics, float *sums, float *scores, int64_t codeCount) {
#pragma clang fp reassociate(on) contract(fast)
  const float maximum = largestElement(scores, codeCount);
  float sum = 0;
  float weighted = 0;
  for (int64_t k = 0; k < codeCount; k++) {
    const float x = scores[k] - maximum;
    const float e = vectorExp(x);
    scores[k] = e;
    sum += e;
    weighted += e * x;
  }
  const float reciprocal = 1 / sum;
  for (int64_t k = 0; k < codeCount; k++) sums[k] += scores[k] * reciprocal;
  statistics[0] = maximum;
  statistics[1] = (float)log((double)sum);
  statistics[2] = (float)(log((double)sum) - (double)weighted / sum);
}

KERNEL void CKernels_assignmentEntropy(float *statistics, float *sums, float *scratch,
                                       const float *z, const float *blocks, float scale,
                                       int64_t rowCount, int64_t codeCount, int64_t width) {
  const int64_t blockCount = blockCountOf(codeCount);
  for (int64_t k = 0; k < codeCount; k++) sums[k] = 0;
  for (int64_t first = 0; first < rowCount; first += rowTile) {
    const float *rows[rowTile];
    tileRows(rows, z, first, rowCount, width);
    scoreCodes(scratch, rows, blocks, scale, blockCount, width);
    for (int r = 0; r < rowTile && first + r < rowCount; r++) {
      assignmentOfRow(statistics + (first + r) * 3, sums, scratch + r * blockCount * laneCount,
                      codeCount);
    }
  }
}

// Turns a row of scores into its gradient factor * p * (slope - mean slope - log p - entropy).
INLINE void scoreGradientOfRow(float *scores, float *probabilities, const float *statistics,
                               const float *slopes, float factor, int64_t codeCount) {
#pragma clang fp reassociate(on) contract(fast)
  const float maximum = statistics[0];
  const float logSum = statistics[1];
  float meanSlope = 0;
  for (int64_t k = 0; k < codeCount; k++) {
    const float logProbability = (scores[k] - maximum) - logSum;
    const float p = vectorExp(logProbability);
    probabilities[k] = p;
    meanSlope += p * slopes[k];
    scores[k] = slopes[k] - logProbability;
  }
  const float center = meanSlope + statistics[2];
  for (int64_t k = 0; k < codeCount; k++) {
    scores[k] = factor * probabilities[k] * (scores[k] - center);
  }
}

// dz = Σ over codes of gradient * code, for `count` channels from `channel` on.
INLINE void rowGradient(float *dz, const float *gradient, const float *blocks, int64_t channel,
                        const int count, int64_t blockCount, int64_t width) {
  Lanes sum[4];
  for (int c = 0; c < count; c++) sum[c] = (Lanes){0};
  for (int64_t block = 0; block < blockCount; block++) {
    const Lanes g = *(const Lanes *)(gradient + block * laneCount);
    const float *column = blocks + (block * width + channel) * laneCount;
    for (int c = 0; c < count; c++) sum[c] += g * *(const Lanes *)(column + c * laneCount);
  }
  for (int c = 0; c < count; c++) {
    float total = 0;
    for (int lane = 0; lane < laneCount; lane++) total += sum[c][lane];
    dz[channel + c] = total;
  }
}

// dblocks += gradient ⊗ z over a tile of rows, for `count` channels from `channel` on.
INLINE void codeGradient(float *dblocks, const float *gradient, const float *const rows[rowTile],
                         int64_t tileCount, int64_t channel, const int count, int64_t blockCount,
                         int64_t width) {
  for (int64_t block = 0; block < blockCount; block++) {
    float *column = dblocks + (block * width + channel) * laneCount;
    Lanes sum[4];
    for (int c = 0; c < count; c++) sum[c] = *(const Lanes *)(column + c * laneCount);
    for (int64_t r = 0; r < tileCount; r++) {
      const Lanes g = *(const Lanes *)(gradient + (r * blockCount + block) * laneCount);
      for (int c = 0; c < count; c++) sum[c] += g * rows[r][channel + c];
    }
    for (int c = 0; c < count; c++) *(Lanes *)(column + c * laneCount) = sum[c];
  }
}

KERNEL void CKernels_assignmentEntropyBackward(float *dz, float *dblocks, float *scratch,
                                               const float *z, const float *blocks,
                                               const float *statistics, const float *slopes,
                                               float scale, float factor, int64_t rowCount,
                                               int64_t codeCount, int64_t width) {
  const int64_t blockCount = blockCountOf(codeCount);
  const int64_t stride = blockCount * laneCount;
  for (int64_t i = 0; i < stride * width; i++) dblocks[i] = 0;
  for (int64_t first = 0; first < rowCount; first += rowTile) {
    const float *rows[rowTile];
    tileRows(rows, z, first, rowCount, width);
    scoreCodes(scratch, rows, blocks, scale, blockCount, width);
    const int64_t tileCount = rowCount - first < rowTile ? rowCount - first : rowTile;
    for (int64_t r = 0; r < tileCount; r++) {
      float *gradient = scratch + r * stride;
      scoreGradientOfRow(gradient, scratch + rowTile * stride, statistics + (first + r) * 3,
                         slopes, factor, codeCount);
      for (int64_t k = codeCount; k < stride; k++) gradient[k] = 0;
      float *target = dz + (first + r) * width;
      int64_t i = 0;
      for (; i + 4 <= width; i += 4) rowGradient(target, gradient, blocks, i, 4, blockCount, width);
      for (; i < width; i++) rowGradient(target, gradient, blocks, i, 1, blockCount, width);
      for (i = 0; i < width; i++) target[i] *= scale;
    }
    int64_t i = 0;
    for (; i + 4 <= width; i += 4) {
      codeGradient(dblocks, scratch, rows, tileCount, i, 4, blockCount, width);
    }
    for (; i < width; i++) {
      codeGradient(dblocks, scratch, rows, tileCount, i, 1, blockCount, width);
    }
  }
}

KERNEL void CKernels_sumCodeBlocks(float *dcodes, const float *parts, float scale, int isAdding,
                                   int64_t partCount, int64_t partSize, int64_t codeCount,
                                   int64_t width) {
  for (int64_t code = 0; code < codeCount; code++) {
    for (int64_t i = 0; i < width; i++) {
      const float *part =
          parts + (code / laneCount * width + i) * laneCount + code % laneCount;
      float sum = 0;
      for (int64_t p = 0; p < partCount; p++) sum += part[p * partSize];
      float *target = dcodes + code * width + i;
      *target = isAdding ? *target + scale * sum : scale * sum;
    }
  }
}
