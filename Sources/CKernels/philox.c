#include "philox.h"

#include <string.h>

#include "CKernels_philox.h"

void CKernels_philox(uint32_t *y, const uint32_t *counter, uint64_t key) {
  philoxBlock(y, counter, key);
}

// Turns a group of words into numbers in stream order.
INLINE void writeGroup(float *restrict y, float t[BLOCK_WORDS][BLOCK_LANES], int64_t count) {
  float ordered[GROUP_WORDS];
  float *target = count < GROUP_WORDS ? ordered : y;
  for (int lane = 0; lane < BLOCK_LANES; lane++)
    for (int j = 0; j < BLOCK_WORDS; j++) target[BLOCK_WORDS * lane + j] = t[j][lane];
  if (count < GROUP_WORDS) memcpy(y, ordered, (size_t)count * sizeof(float));
}

// Every function of this file that rounds forbids contraction, so that processors with and without
// fused multiply-add draw the same bits.
KERNEL void CKernels_uniform(float *y, float low, float high, uint64_t key, uint64_t stream,
                             int64_t firstBlock, int64_t count) {
#pragma clang fp contract(off)
  const StreamName name = {key, stream};
  const float width = (high - low) * 0x1p-24f;
  for (int64_t i = 0; i < count; i += GROUP_WORDS) {
    uint32_t w[BLOCK_WORDS][BLOCK_LANES];
    float t[BLOCK_WORDS][BLOCK_LANES];
    streamBlocks(w, name, (uint64_t)(firstBlock + i / BLOCK_WORDS));
    for (int j = 0; j < BLOCK_WORDS; j++)
      for (int lane = 0; lane < BLOCK_LANES; lane++)
        t[j][lane] = low + width * (float)(int32_t)(w[j][lane] >> 8);
    writeGroup(y + i, t, count - i);
  }
}

// Natural logarithm of u in [2^-32, 1]: the exponent apart, the rest by the series of the inverse
// hyperbolic tangent, whose first left-out term is below 2e-9 of the sum.
INLINE float logarithm(float u) {
#pragma clang fp contract(off)
  int32_t bits;
  memcpy(&bits, &u, sizeof bits);
  const int32_t exponent = (bits - 0x3F3504F3) >> 23;  // so that the rest is in [sqrt 1/2, sqrt 2)
  bits -= exponent * (1 << 23);
  float rest;
  memcpy(&rest, &bits, sizeof rest);
  const float s = (rest - 1.0f) / (rest + 1.0f), z = s * s;
  const float series = 1.0f + z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9))));
  return (float)exponent * 0x1.62E43p-1f + 2.0f * s * series;
}

// Two independent standard normal numbers from two words (Box and Muller 1958): the first word
// gives the radius, the second the angle.
INLINE void normalPair(float *a, float *b, uint32_t radiusWord, uint32_t angleWord) {
#pragma clang fp contract(off)
  const float u = ((float)(int32_t)(radiusWord >> 1) + 0.5f) * 0x1p-31f;
  const float radius = __builtin_sqrtf(-2.0f * logarithm(u));
  // The angle as a quadrant and a rest in ±pi/4, exactly; sine and cosine of the rest by series.
  const uint32_t quadrant = (angleWord + (UINT32_C(1) << 29)) >> 30;
  const float x = (float)(int32_t)(angleWord - (quadrant << 30)) * (0x1.921FB6p+2f * 0x1p-32f);
  const float z = x * x;
  const float sine =
      x * (1.0f - z * (1.0f / 6 - z * (1.0f / 120 - z * (1.0f / 5040 - z * (1.0f / 362880)))));
  const float cosine = 1.0f - z * (0.5f - z * (1.0f / 24 - z * (1.0f / 720 - z * (1.0f / 40320))));
  const float first = quadrant & 1 ? sine : cosine, second = quadrant & 1 ? cosine : sine;
  *a = radius * ((quadrant + 1) & 2 ? -first : first);
  *b = radius * (quadrant & 2 ? -second : second);
}

INLINE void normalGroups(float *y, float standardDeviation, StreamName name, int64_t firstBlock,
                         int64_t count) {
#pragma clang fp contract(off)
  for (int64_t i = 0; i < count; i += GROUP_WORDS) {
    uint32_t w[BLOCK_WORDS][BLOCK_LANES];
    float t[BLOCK_WORDS][BLOCK_LANES];
    streamBlocks(w, name, (uint64_t)(firstBlock + i / BLOCK_WORDS));
    for (int j = 0; j < BLOCK_WORDS; j += 2)
      for (int lane = 0; lane < BLOCK_LANES; lane++) {
        float a, b;
        normalPair(&a, &b, w[j][lane], w[j + 1][lane]);
        t[j][lane] = standardDeviation * a, t[j + 1][lane] = standardDeviation * b;
      }
    writeGroup(y + i, t, count - i);
  }
}

KERNEL void CKernels_normal(float *y, float standardDeviation, uint64_t key, uint64_t stream,
                            int64_t firstBlock, int64_t count) {
  normalGroups(y, standardDeviation, (StreamName){key, stream}, firstBlock, count);
}

// The number at `position` of the stream in its attempt-th redraw: attempts have blocks of their
// own, far behind those of any first draw.
INLINE float redrawn(float standardDeviation, StreamName name, int64_t position, uint64_t attempt) {
#pragma clang fp contract(off)
  uint32_t w[BLOCK_WORDS];
  streamBlock(w, name, (uint64_t)(position / BLOCK_WORDS) + (attempt << 48));
  float pair[2];
  const int64_t j = position & 2;
  normalPair(&pair[0], &pair[1], w[j], w[j + 1]);
  return standardDeviation * pair[position & 1];
}

KERNEL void CKernels_truncatedNormal(float *y, float standardDeviation, float bound, uint64_t key,
                                     uint64_t stream, int64_t firstBlock, int64_t count) {
  const StreamName name = {key, stream};
  normalGroups(y, standardDeviation, name, firstBlock, count);
  for (int64_t i = 0; i < count; i++)
    for (uint64_t attempt = 1; __builtin_fabsf(y[i]) > bound; attempt++)
      y[i] = redrawn(standardDeviation, name, firstBlock * BLOCK_WORDS + i, attempt);
}

KERNEL void CKernels_dropout(float *y, const float *x, uint32_t threshold, float scale,
                             int isAdding, uint64_t key, uint64_t stream, int64_t firstBlock,
                             int64_t count) {
  const StreamName name = {key, stream};
  for (int64_t i = 0; i < count; i += GROUP_WORDS) {
    uint32_t w[BLOCK_WORDS][BLOCK_LANES];
    float factor[GROUP_WORDS];
    streamBlocks(w, name, (uint64_t)(firstBlock + i / BLOCK_WORDS));
    for (int lane = 0; lane < BLOCK_LANES; lane++)
      for (int j = 0; j < BLOCK_WORDS; j++)
        factor[BLOCK_WORDS * lane + j] = w[j][lane] >= threshold ? scale : 0.0f;
    const int64_t n = count - i < GROUP_WORDS ? count - i : GROUP_WORDS;
    if (isAdding)
      for (int64_t k = 0; k < n; k++) y[i + k] += x[i + k] * factor[k];
    else
      for (int64_t k = 0; k < n; k++) y[i + k] = x[i + k] * factor[k];
  }
}
