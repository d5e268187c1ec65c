// Sixteen bfloat16 numbers at once.
#ifndef BFLOAT16_VECTOR_H
#define BFLOAT16_VECTOR_H

#include <stdint.h>

#include "vector.h"

typedef uint16_t UnalignedBFloat16s
    __attribute__((vector_size(2 * vectorWidth), aligned(2), may_alias));
typedef uint32_t Bits __attribute__((vector_size(4 * vectorWidth)));

INLINE void widenVector(Vector *y, const uint16_t *x) {
  *y = (Vector)(__builtin_convertvector(*(const UnalignedBFloat16s *)x, Bits) << 16);
}

// The rounded numbers' bits: to the nearest, ties to even; what is too large becomes infinite, what is no number stays
// so.
INLINE void roundBits(Bits *rounded, const Vector *x) {
  const Bits bits = (Bits)*x, upper = bits >> 16;
  const Bits isNoNumber = (Bits)((bits & 0x7fffffffu) > 0x7f800000u);
  const Bits nearest = (bits + 0x7fffu + (upper & 1u)) >> 16;
  *rounded = (nearest & ~isNoNumber) | ((upper | 0x40u) & isNoNumber);
}

INLINE void roundVector(uint16_t *y, const Vector *x) {
  Bits rounded;
  roundBits(&rounded, x);
  *(UnalignedBFloat16s *)y = __builtin_convertvector(rounded, UnalignedBFloat16s);
}

#endif
