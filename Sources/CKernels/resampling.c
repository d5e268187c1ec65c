#include "CKernels_resampling.h"

#include "kernel.h"
#include "resampling_pairs.h"

static const int32_t half = 1 << (CKernels_resamplingFractionBitCount - 1);

INLINE uint8_t rounded(int32_t sum) {
  int32_t value = sum >> CKernels_resamplingFractionBitCount;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

KERNEL static void resampleRows(uint8_t *output, const uint8_t *input,
                                CKernelsResamplingAxis axis, int64_t height, int64_t inputWidth,
                                int64_t outputWidth) {
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *row = input + y * inputWidth * 3;
    for (int64_t x = 0; x < outputWidth; x++) {
      const int32_t *weights = axis.weights + x * axis.stride;
      const uint8_t *pixel = row + (int64_t)axis.starts[x] * 3;
      int32_t red = half, green = half, blue = half;
      for (int32_t k = 0; k < axis.counts[x]; k++) {
        red += weights[k] * pixel[3 * k];
        green += weights[k] * pixel[3 * k + 1];
        blue += weights[k] * pixel[3 * k + 2];
      }
      output[0] = rounded(red);
      output[1] = rounded(green);
      output[2] = rounded(blue);
      output += 3;
    }
  }
}

void CKernels_resampleHorizontally(uint8_t *output, const uint8_t *input,
                                   CKernelsResamplingAxis axis, int64_t height, int64_t inputWidth,
                                   int64_t outputWidth) {
  int64_t done = resampleRowsByPairs(output, input, axis, height, inputWidth, outputWidth);
  resampleRows(output + done * outputWidth * 3, input + done * inputWidth * 3, axis, height - done,
               inputWidth, outputWidth);
}

// Works on short runs of a row, so that the sums stay in the first cache level and the inner loop
// is a plain vector operation.
KERNEL void CKernels_resampleVertically(uint8_t *output, const uint8_t *input,
                                        CKernelsResamplingAxis axis, int64_t outputHeight,
                                        int64_t rowSize) {
  enum { runLength = 512 };
  int32_t sums[runLength];
  for (int64_t y = 0; y < outputHeight; y++) {
    const int32_t *weights = axis.weights + y * axis.stride;
    const uint8_t *rows = input + (int64_t)axis.starts[y] * rowSize;
    for (int64_t start = 0; start < rowSize; start += runLength) {
      int64_t length = rowSize - start < runLength ? rowSize - start : runLength;
      for (int64_t i = 0; i < length; i++) sums[i] = half;
      for (int32_t k = 0; k < axis.counts[y]; k++) {
        const uint8_t *row = rows + k * rowSize + start;
        for (int64_t i = 0; i < length; i++) sums[i] += weights[k] * row[i];
      }
      for (int64_t i = 0; i < length; i++) output[y * rowSize + start + i] = rounded(sums[i]);
    }
  }
}
