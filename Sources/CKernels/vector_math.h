// Elementary functions as straight-line code, so that loops over them become vector code.
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include <stdint.h>
#include <string.h>

#include "kernel.h"

// e^x within about 1 unit in the last place where the result is from 2^-126 to 2^127.
//
// Above 2^127.5 the result is infinity, below 2^-126.5 it is 0, so that one factor scales it and
// sums never meet the slow numbers below the smallest normal one.
INLINE float vectorExp(float x) {
  const float above = x < -88.0f ? -88.0f : x;
  const float limited = above > 89.0f ? 89.0f : above;
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  const float shifted = limited * 0x1.715476p+0f + 0x1.8p+23f;
  const float n = shifted - 0x1.8p+23f;
  const float r = (limited - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;  // ln 2 in two parts
  // A minimax fit of (e^r - 1 - r) / r^2; its share of the error is 3e-9.
  float p = 0x1.6a1f62p-10f;
  p = p * r + 0x1.123ccap-7f;
  p = p * r + 0x1.555904p-5f;
  p = p * r + 0x1.55548ep-3f;
  p = p * r + 0x1.fffffcp-2f;
  const float y = (p * r) * r + r + 1.0f;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  // 2^n: from -127, where these bits are those of 0, to 128, where they are those of infinity.
  bits = (bits + 127) << 23;
  float factor;
  memcpy(&factor, &bits, sizeof factor);
  return y * factor;
}

// The standard normal distribution below -a, for a >= 0: e^(-a²/2) t P(t), t = 1/(1 + 0.26 a).
//
// P is a minimax fit of relative error 2e-8 up to a = 13.3, where the exponential, which is given
// since the density needs it too, has become 0.
INLINE float normalTail(float a, float exponential) {
  const float t = 1.0f / (1.0f + 0.26f * a);
  float p = 0x1.fa339ep-6f;
  p = p * t - 0x1.3ce874p-3f;
  p = p * t + 0x1.059910p-2f;
  p = p * t - 0x1.3e89a8p-3f;
  p = p * t + 0x1.502f32p-3f;
  p = p * t + 0x1.96abc4p-5f;
  p = p * t + 0x1.a77db0p-4f;
  p = p * t + 0x1.a5be8ep-4f;
  p = p * t + 0x1.a9028cp-4f;
  return exponential * t * p;
}

// The standard normal distribution function of x; *density is its derivative.
INLINE float normalDistribution(float x, float *density) {
  const float exponential = vectorExp(-0.5f * x * x);
  const float tail = normalTail(x < 0.0f ? -x : x, exponential);
  *density = 0x1.988454p-2f * exponential;  // 1 / sqrt(2 pi)
  return x < 0.0f ? tail : 1.0f - tail;
}

// 1 / (1 + e^-x).
INLINE float sigmoid(float x) { return 1.0f / (1.0f + vectorExp(-x)); }

// The hyperbolic tangent: near 0, where 1 - 2/(e^2a + 1) would lose its digits, x + x³ P(x²).
//
// P is a minimax fit up to |x| = 0.625; its share of the error is 9e-9.
INLINE float hyperbolicTangent(float x) {
  const float a = x < 0.0f ? -x : x;
  const float square = x * x;
  float p = -0x1.75e1ccp-8f;
  p = p * square + 0x1.52269ap-6f;
  p = p * square - 0x1.b83c5ap-5f;
  p = p * square + 0x1.110726p-3f;
  p = p * square - 0x1.555532p-2f;
  const float near = x + x * (square * p);
  const float far = 1.0f - 2.0f / (vectorExp(2.0f * a) + 1.0f);
  return a < 0.625f ? near : x < 0.0f ? -far : far;
}

#endif
