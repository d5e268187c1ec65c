// Elementary functions as straight-line code, so that loops over them become vector code.
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include <stdint.h>
#include <string.h>

#include "kernel.h"

// e^x = y 2^n with y between 0.7 and 1.5: returns y, and n in the low bits of *bits.
INLINE float reducedExp(float x, int32_t *bits) {
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  const float shifted = x * 0x1.715476p+0f + 0x1.8p+23f;
  const float n = shifted - 0x1.8p+23f;
  const float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;  // ln 2 in two parts
  float p = 0x1.9f077cp-13f;
  p = p * r + 0x1.6d8e6ep-10f;
  p = p * r + 0x1.111274p-7f;
  p = p * r + 0x1.55548cp-5f;
  p = p * r + 0x1.555554p-3f;
  p = p * r + 0.5f;
  memcpy(bits, &shifted, sizeof *bits);
  return (p * r) * r + r + 1.0f;
}

// e^x within about 1 unit in the last place; 0 below the smallest normal result, infinity above.
INLINE float vectorExp(float x) {
  const float limited = x < -87.5f ? -87.5f : (x > 89.0f ? 89.0f : x);
  int32_t bits;
  const float y = reducedExp(limited, &bits);
  // Two factors, since 2^128 is no float.
  const int32_t half = (bits - 0x4b400000) >> 1;
  const int32_t rest = bits - 0x4b400000 - half;
  const int32_t low = (half + 127) << 23;
  const int32_t high = (rest + 127) << 23;
  float lowFactor;
  float highFactor;
  memcpy(&lowFactor, &low, sizeof low);
  memcpy(&highFactor, &high, sizeof high);
  return x < -87.33654f ? 0.0f : y * lowFactor * highFactor;
}

// e^x for -87 <= x <= 88, where 2^n can be added to the exponent of y.
INLINE float boundedExp(float x) {
  int32_t bits;
  float y = reducedExp(x, &bits);
  uint32_t result;
  memcpy(&result, &y, sizeof result);
  result += (uint32_t)bits << 23;
  memcpy(&y, &result, sizeof y);
  return y;
}

// The standard normal distribution below -a, for a >= 0: e^(-a²/2) t P(t), t = 1/(1 + 0.24 a).
//
// P is a minimax fit of relative error 3e-9 up to a = 14; the exponential is given, since the
// density needs it too.
INLINE float normalTail(float a, float exponential) {
  const float t = 1.0f / (1.0f + 0.24f * a);
  float p = 0x1.a15b00p-6f;
  p = p * t - 0x1.fd4648p-4f;
  p = p * t + 0x1.a34634p-3f;
  p = p * t - 0x1.254280p-3f;
  p = p * t + 0x1.1fb81ap-3f;
  p = p * t + 0x1.d67466p-6f;
  p = p * t + 0x1.669cb0p-4f;
  p = p * t + 0x1.6c7a16p-4f;
  p = p * t + 0x1.889ad4p-4f;
  p = p * t + 0x1.88293ap-4f;
  return exponential * t * p;
}

// The standard normal distribution function of x; *density is its derivative.
INLINE float normalDistribution(float x, float *density) {
  const float square = x * x;
  const float limited = square > 174.0f ? 174.0f : square;
  const float exponential = square > 174.0f ? 0.0f : boundedExp(-0.5f * limited);
  const float tail = normalTail(x < 0.0f ? -x : x, exponential);
  *density = 0x1.988454p-2f * exponential;  // 1 / sqrt(2 pi)
  return x < 0.0f ? tail : 1.0f - tail;
}

// 1 / (1 + e^-x).
INLINE float sigmoid(float x) {
  const float limited = x < -88.0f ? -88.0f : (x > 87.0f ? 87.0f : x);
  const float y = 1.0f / (1.0f + boundedExp(-limited));
  return x < -88.0f ? 0.0f : y;  // below, the tiniest share of a huge x would not be small
}

#endif
