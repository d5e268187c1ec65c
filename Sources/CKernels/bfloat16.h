// Rounding of one number to bfloat16: the upper half of its bits, to the nearest, ties to even.
#ifndef BFLOAT16_H
#define BFLOAT16_H

#include <stdint.h>
#include <string.h>

#include "kernel.h"

// The bits of the rounded number. What is too large becomes infinite; what is no number stays so.
INLINE uint32_t bfloat16Bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint32_t nearest = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const uint32_t quiet = (bits >> 16) | 0x40u;
  return (bits & 0x7fffffffu) > 0x7f800000u ? quiet : nearest;
}

// The number with these upper bits.
INLINE float widened(uint32_t upper) {
  const uint32_t bits = upper << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#endif
