// Resampling of 8-bit images in fixed point, one axis at a time.
#ifndef CKERNELS_RESAMPLING_H
#define CKERNELS_RESAMPLING_H

#include <stdint.h>

// Fractional bits of the weights: 32 bits less 8 for the pixel and 2 for sums beyond [0, 1].
enum { CKernels_resamplingFractionBitCount = 22 };

// For each output position of an axis: which input positions count, and how much. Output i is the
// sum of weights[i * stride + k] * input[starts[i] + k] over k < counts[i], rounded and clamped to
// 8 bits.
typedef struct {
  const int32_t *starts;
  const int32_t *counts;
  const int32_t *weights;
  int64_t stride;
} CKernelsResamplingAxis;

// Along the rows of an RGB image: input [height, inputWidth, 3], output [height, outputWidth, 3].
void CKernels_resampleHorizontally(uint8_t *output, const uint8_t *input,
                                   CKernelsResamplingAxis axis, int64_t height, int64_t inputWidth,
                                   int64_t outputWidth);

// Along the rows of an RGB image, the means of two neighbours, rounded up: what the box filter gives for
// half of an even width. input [height, inputWidth, 3], output [height, outputWidth, 3], where output x is
// the mean of input 2x and 2x + 1; input columns beyond 2 outputWidth are left out.
void CKernels_averageHorizontally(uint8_t *output, const uint8_t *input, int64_t height,
                                  int64_t inputWidth, int64_t outputWidth);

// Along the columns: input [inputHeight, rowSize], output [outputHeight, rowSize].
void CKernels_resampleVertically(uint8_t *output, const uint8_t *input, CKernelsResamplingAxis axis,
                                 int64_t outputHeight, int64_t rowSize);

#endif
