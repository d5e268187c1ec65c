// Reductions over arrays that the compiler does not turn into vector code by itself, unless it is told.
#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include <math.h>
#include <stdint.h>

#include "kernel.h"

// Sums may be taken in vector lanes: their order then depends on the processor, not on the threads.
#define REASSOCIATE _Pragma("clang fp reassociate(on) contract(fast)")

// The sum of a times b.
INLINE float dotProduct(const float *a, const float *b, int64_t count) {
  REASSOCIATE
  float sum = 0.0f;
  for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

// The largest of count numbers; minus infinity for none.
INLINE float largestElement(const float *x, int64_t count) {
  enum { laneCount = 64 };
  float best[laneCount];
  for (int lane = 0; lane < laneCount; lane++) best[lane] = -INFINITY;
  int64_t i = 0;
  for (; i + laneCount <= count; i += laneCount) {
    for (int lane = 0; lane < laneCount; lane++) {
      best[lane] = x[i + lane] > best[lane] ? x[i + lane] : best[lane];
    }
  }
  for (int lane = 0; i < count; i++, lane++) best[lane] = x[i] > best[lane] ? x[i] : best[lane];
  float largest = best[0];
  for (int lane = 1; lane < laneCount; lane++) largest = best[lane] > largest ? best[lane] : largest;
  return largest;
}

#endif
