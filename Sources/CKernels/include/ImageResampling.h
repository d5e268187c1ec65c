// Resampling of 8-bit images in fixed point, one axis at a time.

#ifndef CKERNELS_IMAGE_RESAMPLING_H
#define CKERNELS_IMAGE_RESAMPLING_H

#include <stdint.h>

/// Fractional bits of the weights: 32 bits less 8 for the pixel and 2 for sums beyond [0, 1].
enum { IMAGE_RESAMPLING_FRACTION_BITS = 22 };

/// For each output position of an axis: which input positions count, and how much.
///
/// Output `i` is the sum of `weights[i * stride + k] * input[starts[i] + k]` over `k < counts[i]`,
/// rounded and clamped to 8 bits.
typedef struct {
  const int32_t *starts;
  const int32_t *counts;
  const int32_t *weights;
  int64_t stride;
} ImageResamplingAxis;

/// Resamples along the rows of an RGB image: `[height, inputWidth, 3]` to `[height, outputWidth, 3]`.
void image_resample_horizontally(const uint8_t *input, uint8_t *output, int64_t height,
                                 int64_t inputWidth, int64_t outputWidth, ImageResamplingAxis axis);

/// Resamples along the columns: `[inputHeight, rowBytes]` to `[outputHeight, rowBytes]`.
void image_resample_vertically(const uint8_t *input, uint8_t *output, int64_t outputHeight,
                               int64_t rowBytes, ImageResamplingAxis axis);

#endif
