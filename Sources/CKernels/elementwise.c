#include "CKernels_elementwise.h"

#include "kernel.h"

KERNEL void CKernels_add(float *y, const float *a, const float *b, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] + b[i];
}

KERNEL void CKernels_subtract(float *y, const float *a, const float *b, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] - b[i];
}

KERNEL void CKernels_triad(float *y, const float *a, const float *b, float factor, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = a[i] + factor * b[i];
}

KERNEL void CKernels_scale(float *y, const float *x, float factor, int isAdding, int64_t count) {
  if (isAdding) {
    for (int64_t i = 0; i < count; i++) y[i] += factor * x[i];
  } else {
    for (int64_t i = 0; i < count; i++) y[i] = factor * x[i];
  }
}
