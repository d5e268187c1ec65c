#include "CKernels_vector_math.h"

#include "kernel.h"
#include "vector_math.h"

KERNEL void CKernels_exponential(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = vectorExp(x[i]);
}

KERNEL void CKernels_sigmoid(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = sigmoid(x[i]);
}

KERNEL void CKernels_normalDistribution(float *y, float *density, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = normalDistribution(x[i], density + i);
}
