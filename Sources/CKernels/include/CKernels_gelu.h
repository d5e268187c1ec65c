// The exact (erf) Gaussian error linear unit: gelu(x) = x Φ(x).
#ifndef CKERNELS_GELU_H
#define CKERNELS_GELU_H

#include <stdint.h>

// y = gelu(x).
void CKernels_gelu(float *y, const float *x, int64_t count);

// u += bias, then y = gelu(u), in rows of u and y that are `stride` apart.
void CKernels_biasGELU(float *y, float *u, const float *bias, int64_t stride, int64_t rowCount,
                       int64_t channelCount);

// dx = dy gelu'(x), or dx += when isAdding.
void CKernels_geluBackward(float *dx, const float *dy, const float *x, int isAdding, int64_t count);

#endif
