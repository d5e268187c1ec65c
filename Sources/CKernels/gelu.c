#include "CKernels_gelu.h"

#include "kernel.h"
#include "vector_math.h"

// The normal distribution's Φ(x), given e^(-x²/2); within 2e-7.
//
// Near zero an odd polynomial; elsewhere the tail as e^(-x²/2) P(1/(1 + p|x|)), fitted for |x| < 13.2,
// which keeps its relative precision far out. Coefficients: least relative error, by reweighted least
// squares.
INLINE float normalDistribution(float x, float exponential) {
  const float square = x * x;
  float center = -0x1.00d524p-17f;
  center = center * square + 0x1.dbff1p-14f;
  center = center * square - 0x1.36fd42p-10f;
  center = center * square + 0x1.46ce4cp-7f;
  center = center * square - 0x1.105832p-4f;
  center = center * square + 0x1.988454p-2f;
  const float magnitude = x < 0 ? -x : x;
  const float s = 1.0f / (1.0f + 0x1.ae147ap-3f * magnitude);
  float tail = -0x1.2802f8p-4f;
  tail = tail * s + 0x1.257d92p-2f;
  tail = tail * s - 0x1.58b7a6p-2f;
  tail = tail * s + 0x1.6d7ccap-2f;
  tail = tail * s - 0x1.96d27p-4f;
  tail = tail * s + 0x1.04ae64p-3f;
  tail = tail * s + 0x1.18b986p-4f;
  tail = tail * s + 0x1.5cd8f8p-4f;
  tail = tail * s + 0x1.56db4ap-4f;
  tail = tail * s * exponential;
  const float outer = x < 0 ? tail : 1.0f - tail;
  return magnitude < 1.0f ? 0.5f + x * center : outer;
}

INLINE float gelu(float x) { return x * normalDistribution(x, vectorExp(-0.5f * x * x)); }

INLINE float geluDerivative(float x) {
  const float exponential = vectorExp(-0.5f * x * x);
  return normalDistribution(x, exponential) + x * (0x1.988454p-2f * exponential);
}

KERNEL void CKernels_gelu(float *restrict y, const float *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = gelu(x[i]);
}

KERNEL void CKernels_biasGELU(float *restrict y, float *restrict u, const float *restrict bias,
                              int64_t stride, int64_t rowCount, int64_t channelCount) {
  for (int64_t row = 0; row < rowCount; row++, y += stride, u += stride) {
    for (int64_t c = 0; c < channelCount; c++) {
      const float x = u[c] + bias[c];
      u[c] = x;
      y[c] = gelu(x);
    }
  }
}

KERNEL void CKernels_geluBackward(float *dx, const float *dy, const float *x, int isAdding,
                                  int64_t count) {
  if (isAdding) {
    for (int64_t i = 0; i < count; i++) dx[i] += dy[i] * geluDerivative(x[i]);
  } else {
    for (int64_t i = 0; i < count; i++) dx[i] = dy[i] * geluDerivative(x[i]);
  }
}
