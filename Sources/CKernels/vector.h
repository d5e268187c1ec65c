// Sixteen numbers at once: one AVX-512 register, two of AVX, four of SSE or NEON.
#ifndef VECTOR_H
#define VECTOR_H

#include <string.h>

#include "kernel.h"

enum { vectorWidth = 16 };
typedef float Vector __attribute__((vector_size(64)));
typedef float UnalignedVector __attribute__((vector_size(64), aligned(4), may_alias));

// The vector at an address, to read or to write. A macro, since a function that takes or returns a
// wide vector has another calling convention on every processor.
#define VECTOR(address) (*(UnalignedVector *)(address))

// Eight numbers at once, in the same way.
typedef float HalfVector __attribute__((vector_size(32)));
typedef float UnalignedHalfVector __attribute__((vector_size(32), aligned(4), may_alias));
#define HALF_VECTOR(address) (*(const UnalignedHalfVector *)(address))

INLINE float vectorSum(const Vector *v) {
  float s[vectorWidth];
  memcpy(s, v, sizeof s);
  for (int half = vectorWidth / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) s[i] += s[i + half];
  }
  return s[0];
}

#endif
