// What turns convolutions into matrix products, and the convolutions that products are bad at.
//
// Images are channels-last.
#ifndef CKERNELS_CONVOLUTION_H
#define CKERNELS_CONVOLUTION_H

#include <stdint.h>

#include "CKernels_windows.h"

// Writes the windows of output rows [firstRow, firstRow + rowCount) as one row each of `columns`,
// [rowCount, outputWidth, kernelHeight, kernelWidth] pixels of pixelSize bytes. What lies outside the
// image x, [height, width], is zero, or the image again where it wraps around; with a kernel of one
// row, whole rows may lie outside too.
void CKernels_unrollPatches(void *columns, const void *x, CKernelsWindows windows,
                            int64_t pixelSize, int64_t firstRow, int64_t rowCount);

// Rows [firstRow, firstRow + rowCount) of the image from which `columns`, the unrolled windows of all
// its rows, would come if each pixel were the sum of its places in them; or that added to dx.
// dx: first of these rows, [rowCount, width, channelCount].
void CKernels_foldPatches(float *dx, const float *columns, CKernelsWindows windows,
                          int64_t channelCount, int isAdding, int64_t firstRow, int64_t rowCount);

// Rows [firstRow, firstRow + rowCount) of the convolution of one image for at most 4 output channels,
// with an odd kernel, "same" zero padding and stride 1.
// y: first of these rows, [rowCount, width, outputCount]; bias may be null.
void CKernels_narrowConvolution(float *y, const float *x, const float *weight, const float *bias,
                                int64_t height, int64_t width, int64_t inputCount,
                                int64_t outputCount, int64_t kernelHeight, int64_t kernelWidth,
                                int64_t firstRow, int64_t rowCount);

#endif
