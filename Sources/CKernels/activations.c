#include "CKernels_activations.h"

#include "kernel.h"
#include "vector_math.h"

KERNEL void CKernels_gelu(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float density;
    y[i] = x[i] * normalDistribution(x[i], &density);
  }
}

KERNEL void CKernels_geluGradient(float *dx, const float *dy, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float density;
    const float distribution = normalDistribution(x[i], &density);
    dx[i] = dy[i] * (distribution + x[i] * density);
  }
}

KERNEL void CKernels_silu(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = x[i] * sigmoid(x[i]);
}

KERNEL void CKernels_siluGradient(float *dx, const float *dy, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float s = sigmoid(x[i]);
    dx[i] = dy[i] * (s + x[i] * s * (1.0f - s));
  }
}

KERNEL void CKernels_siluProduct(float *y, const float *gate, const float *value, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = gate[i] * sigmoid(gate[i]) * value[i];
}

KERNEL void CKernels_siluProductGradient(float *dgate, float *dvalue, const float *dy,
                                         const float *gate, const float *value, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float s = sigmoid(gate[i]);
    const float silu = gate[i] * s;
    const float dsilu = s + silu * (1.0f - s);
    const float d = dy[i];
    dgate[i] = d * value[i] * dsilu;
    dvalue[i] = d * silu;
  }
}
