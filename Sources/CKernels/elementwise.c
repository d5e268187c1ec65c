#include "CKernels_elementwise.h"

#include "kernel.h"

KERNEL void CKernels_add(float *y, const float *a, const float *b, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}
