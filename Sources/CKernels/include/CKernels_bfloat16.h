// Passes between single precision and bfloat16, whose numbers are given as their bits.
#ifndef CKERNELS_BFLOAT16_H
#define CKERNELS_BFLOAT16_H

#include <stdint.h>

// y = x rounded to the nearest bfloat16, ties to even.
void CKernels_roundToBFloat16(uint16_t *y, const float *x, int64_t count);

// y = x, exactly.
void CKernels_widenBFloat16(float *y, const uint16_t *x, int64_t count);

// The same for rows whose starts are yStride and xStride elements apart.
void CKernels_roundRows(uint16_t *y, int64_t yStride, const float *x, int64_t xStride,
                        int64_t rowCount, int64_t columnCount);
void CKernels_widenRows(float *y, int64_t yStride, const uint16_t *x, int64_t xStride,
                        int64_t rowCount, int64_t columnCount);

// y = x rounded to the nearest bfloat16, kept in single precision; y may be x.
void CKernels_roundInFloat32(float *y, const float *x, int64_t count);

#endif
