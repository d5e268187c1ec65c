// Elementary functions as straight-line code, so that loops over them become vector code.
#ifndef VECTOR_MATH_H
#define VECTOR_MATH_H

#include <stdint.h>
#include <string.h>

#include "kernel.h"

// e^x within about 1 unit in the last place; 0 below the smallest normal result, infinity above.
INLINE float vectorExp(float x) {
  const float limited = x < -87.5f ? -87.5f : (x > 89.0f ? 89.0f : x);
  // Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
  const float shifted = limited * 0x1.715476p+0f + 0x1.8p+23f;
  const float n = shifted - 0x1.8p+23f;
  const float r = (limited - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f;  // ln 2 in two parts
  float p = 0x1.9f077cp-13f;
  p = p * r + 0x1.6d8e6ep-10f;
  p = p * r + 0x1.111274p-7f;
  p = p * r + 0x1.55548cp-5f;
  p = p * r + 0x1.555554p-3f;
  p = p * r + 0.5f;
  const float y = (p * r) * r + r + 1.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
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

#endif
