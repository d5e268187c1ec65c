#include "CKernels_optimizer.h"

#include "bfloat16.h"
#include "kernel.h"

// No contraction: the bits of a step are the same on every processor.
INLINE void adamW(float *restrict values, uint16_t *restrict bfloat16s, float *restrict first,
                  float *restrict second, float *restrict average, const float *restrict gradients,
                  const CKernels_AdamW *p, int64_t count, int isRounding, int isAveraging) {
#pragma clang fp contract(off)
  const CKernels_AdamW c = *p;
  for (int64_t i = 0; i < count; i++) {
    const float g = gradients[i] * c.gradientFactor;
    const float m = first[i] + c.firstWeight * (g - first[i]);
    const float v = second[i] * c.secondDecay + c.secondWeight * g * g;
    const float root = __builtin_sqrtf(v) * c.rootFactor + c.epsilon;
    const float w = values[i] * c.valueFactor - c.stepSize * m / root;
    // Whichever end of the interpolation is nearer is its base, so that little is rounded.
    if (isAveraging) {
      const float base = c.averageStaysNear ? average[i] : w;
      average[i] = base + c.averageFactor * (w - average[i]);
    }
    first[i] = m;
    second[i] = v;
    values[i] = w;
    if (isRounding) bfloat16s[i] = (uint16_t)bfloat16Bits(w);
  }
}

KERNEL void CKernels_adamW(float *values, uint16_t *bfloat16s, float *first, float *second,
                           float *average, const float *gradients, const CKernels_AdamW *p,
                           int64_t count) {
  if (bfloat16s && average) {
    adamW(values, bfloat16s, first, second, average, gradients, p, count, 1, 1);
  } else if (average) {
    adamW(values, 0, first, second, average, gradients, p, count, 0, 1);
  } else if (bfloat16s) {
    adamW(values, bfloat16s, first, second, 0, gradients, p, count, 1, 0);
  } else {
    adamW(values, 0, first, second, 0, gradients, p, count, 0, 0);
  }
}

// Products of single-precision numbers are exact in double precision, and the accumulators are
// explicit: the bits do not depend on the processor.
INLINE double innerProduct(const float *a, const float *b, int64_t count) {
  enum { LANES = 16 };
  double sums[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      sums[lane] += (double)a[i + lane] * (double)b[i + lane];
    }
  for (int lane = 0; i + lane < count; lane++) {
    sums[lane] += (double)a[i + lane] * (double)b[i + lane];
  }
  double total = 0;
  for (int lane = 0; lane < LANES; lane++) total += sums[lane];
  return total;
}

KERNEL double CKernels_innerProduct(const float *a, const float *b, int64_t count) {
  return innerProduct(a, b, count);
}

KERNEL double CKernels_squaredNorm(const float *x, int64_t count) {
  return innerProduct(x, x, count);
}
