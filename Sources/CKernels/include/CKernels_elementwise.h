// Passes over arrays of single-precision numbers.
#ifndef CKERNELS_ELEMENTWISE_H
#define CKERNELS_ELEMENTWISE_H

#include <stdint.h>

// y = a + b; y may be a or b.
void CKernels_add(float *y, const float *a, const float *b, int64_t count);

#endif
