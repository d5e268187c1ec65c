// Depthwise convolutions: one kernel for each channel.
//
// Images are channels-last, surrounded by zeros; weights are [kernelHeight, kernelWidth,
// channelCount].
#ifndef CKERNELS_DEPTHWISE_H
#define CKERNELS_DEPTHWISE_H

#include <stdint.h>

#include "CKernels_windows.h"

// Output rows [firstRow, firstRow + rowCount) of the convolution of one image, or y += when isAdding.
// y: first of these rows, [rowCount, outputWidth, channelCount]; bias may be null.
void CKernels_depthwiseConvolution(float *y, const float *x, const float *weight, const float *bias,
                                   CKernelsWindows windows, int64_t channelCount, int isAdding,
                                   int64_t firstRow, int64_t rowCount);

// Rows [firstRow, firstRow + rowCount) of the gradient of one image, or dx += when isAdding.
// dx: first of these rows, [rowCount, width, channelCount]; dy: [outputHeight, outputWidth,
// channelCount].
void CKernels_depthwiseBackwardData(float *dx, const float *dy, const float *weight,
                                    CKernelsWindows windows, int64_t channelCount, int isAdding,
                                    int64_t firstRow, int64_t rowCount);

// Adds to dWeight what output rows [firstRow, firstRow + rowCount) of one image give.
// dy: first of these rows.
void CKernels_depthwiseBackwardWeights(float *dWeight, const float *dy, const float *x,
                                       CKernelsWindows windows, int64_t channelCount,
                                       int64_t firstRow, int64_t rowCount);

#endif
