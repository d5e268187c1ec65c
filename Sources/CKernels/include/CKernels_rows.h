// Passes over rows of channels with one number a channel: biases, LayerScale and their gradients.
#ifndef CKERNELS_ROWS_H
#define CKERNELS_ROWS_H

#include <stdint.h>

// y += bias in each of rowCount rows, which are `stride` apart.
void CKernels_addToRows(float *y, int64_t stride, const float *bias, int64_t rowCount,
                        int64_t channelCount);

// u += bias, then y = gelu(u), in rows of u and y that are `stride` apart.
void CKernels_biasGELU(float *y, float *u, const float *bias, int64_t stride, int64_t rowCount,
                       int64_t channelCount);

// y = x * factor in each row, or y += when isAdding.
void CKernels_scaleChannels(float *y, const float *x, const float *factor, int isAdding,
                            int64_t rowCount, int64_t channelCount);

// y = x + factor * branch in each row.
void CKernels_addScaledRows(float *y, const float *x, const float *branch, const float *factor,
                            int64_t rowCount, int64_t channelCount);

// sum += the sum of all rows.
void CKernels_sumRows(float *sum, const float *x, int64_t rowCount, int64_t channelCount);

// sum += the sum over all rows of a * b.
void CKernels_sumRowProducts(float *sum, const float *a, const float *b, int64_t rowCount,
                             int64_t channelCount);

#endif
