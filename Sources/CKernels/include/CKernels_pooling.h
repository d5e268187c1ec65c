// Blocks of 2x2 pixels against single ones: pooling, upsampling and their gradients.
#ifndef CKERNELS_POOLING_H
#define CKERNELS_POOLING_H

#include <stdint.h>

// y = factor * the sum of each 2x2 block of x, or y += when isAdding.
// y: rowCount rows of [width, channelCount]; x: 2 rowCount rows of [2 width, channelCount].
void CKernels_sumBlocks(float *y, const float *x, float factor, int isAdding, int64_t rowCount,
                        int64_t width, int64_t channelCount);

// Each 2x2 block of y = factor * the pixel of x, or y += when isAdding.
// y: 2 rowCount rows of [2 width, channelCount]; x: rowCount rows of [width, channelCount].
void CKernels_spreadBlocks(float *y, const float *x, float factor, int isAdding, int64_t rowCount,
                           int64_t width, int64_t channelCount);

#endif
