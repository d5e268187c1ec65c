// Passes over arrays of single-precision numbers.
#ifndef CKERNELS_ELEMENTWISE_H
#define CKERNELS_ELEMENTWISE_H

#include <stdint.h>

// y = a + b; y may be a or b.
void CKernels_add(float *y, const float *a, const float *b, int64_t count);

// y = a - b; y may be a or b.
void CKernels_subtract(float *y, const float *a, const float *b, int64_t count);

// y = a + factor b; y may be a or b.
void CKernels_triad(float *y, const float *a, const float *b, float factor, int64_t count);

// y = factor x, or y += factor x when isAdding.
void CKernels_scale(float *y, const float *x, float factor, int isAdding, int64_t count);

#endif
