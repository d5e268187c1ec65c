// The elementary functions of vector_math.h over arrays, so that their accuracy can be tested.
#ifndef CKERNELS_VECTOR_MATH_H
#define CKERNELS_VECTOR_MATH_H

#include <stdint.h>

// y = e^x.
void CKernels_exponential(float *y, const float *x, int64_t count);

// y = 1 / (1 + e^-x).
void CKernels_sigmoid(float *y, const float *x, int64_t count);

// y = Φ(x), the standard normal distribution function, and density = φ(x), its derivative.
void CKernels_normalDistribution(float *y, float *density, const float *x, int64_t count);

#endif
