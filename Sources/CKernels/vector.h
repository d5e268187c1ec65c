// Sixteen numbers at once: one AVX-512 register, two of AVX, four of SSE or NEON.
#ifndef VECTOR_H
#define VECTOR_H

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

// Has the compiler align the stack to a whole vector, which it does for variables that stay in memory alone: vectors
// for which there is no register would lie across two lines of the cache, some of them across two pages.
#define ALIGN_STACK()                                 \
  Vector aligned;                                     \
  __asm__ volatile("" : : "r"(&aligned) : "memory")

// What a sum adds to the first half of v, then to its first quarter, pair and number; the rest is of no
// use.
#define UPPER_HALF(v) \
  __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)
#define UPPER_QUARTER(v) \
  __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)
#define UPPER_PAIR(v) __builtin_shufflevector(v, v, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3)
#define UPPER_NUMBER(v) \
  __builtin_shufflevector(v, v, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)

INLINE float vectorSum(const Vector *v) {
  Vector sum = *v + UPPER_HALF(*v);
  sum += UPPER_QUARTER(sum);
  sum += UPPER_PAIR(sum);
  sum += UPPER_NUMBER(sum);
  return sum[0];
}

#endif
