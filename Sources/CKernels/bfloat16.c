#include "CKernels_bfloat16.h"

#include "bfloat16.h"
#include "kernel.h"

KERNEL void CKernels_roundToBFloat16(uint16_t *restrict y, const float *restrict x,
                                     int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = (uint16_t)bfloat16Bits(x[i]);
}

KERNEL void CKernels_widenBFloat16(float *restrict y, const uint16_t *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = widened(x[i]);
}

KERNEL void CKernels_roundInFloat32(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = widened(bfloat16Bits(x[i]));
}
