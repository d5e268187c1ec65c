// What turns convolutions into matrix products, and the convolutions that products are bad at.
//
// Images are channels-last; "same" zero padding, stride 1, odd kernels.
#ifndef CKERNELS_CONVOLUTION_H
#define CKERNELS_CONVOLUTION_H

#include <stdint.h>

// Writes the kernel's view of each pixel of image rows [firstRow, firstRow + rowCount) as one row of
// `columns`, [rowCount, width, kernelHeight, kernelWidth, channelCount]. What lies outside the image
// x, [height, width, channelCount], is zero; the rows themselves may lie outside too.
void CKernels_unrollPatches(float *columns, const float *x, int64_t height, int64_t width,
                            int64_t channelCount, int64_t kernelHeight, int64_t kernelWidth,
                            int64_t firstRow, int64_t rowCount);

// Rows [firstRow, firstRow + rowCount) of the convolution of one image for at most 4 output channels.
// y: first of these rows, [rowCount, width, outputCount]; bias may be null.
void CKernels_narrowConvolution(float *y, const float *x, const float *weight, const float *bias,
                                int64_t height, int64_t width, int64_t inputCount,
                                int64_t outputCount, int64_t kernelHeight, int64_t kernelWidth,
                                int64_t firstRow, int64_t rowCount);

#endif
