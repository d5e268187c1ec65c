#include "CKernels_resampling.h"

#include <string.h>

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

INLINE void averageTail(uint8_t *output, const uint8_t *row, int64_t begin, int64_t end) {
  for (int64_t x = begin; x < end; x++) {
    for (int64_t c = 0; c < 3; c++) {
      output[3 * x + c] = (uint8_t)((row[6 * x + c] + row[6 * x + 3 + c] + 1) / 2);
    }
  }
}

// Sixteen bytes of a row and the sixteen one pixel further on: three of the means of two neighbours are
// those of an even and the following odd pixel.
#define AVERAGE_BYTES 16
typedef uint8_t Bytes __attribute__((vector_size(AVERAGE_BYTES)));
typedef uint16_t Words __attribute__((vector_size(2 * AVERAGE_BYTES)));

KERNEL void CKernels_averageHorizontally(uint8_t *output, const uint8_t *input, int64_t height,
                                         int64_t inputWidth, int64_t outputWidth) {
  // Of three means nine bytes are written as sixteen, and nineteen bytes are read.
  int64_t wholeCount = outputWidth >= 6 ? (outputWidth - 6) / 3 * 3 + 3 : 0;
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *row = input + y * inputWidth * 3;
    for (int64_t x = 0; x < wholeCount; x += 3) {
      Bytes first, second;
      memcpy(&first, row + 6 * x, sizeof first);
      memcpy(&second, row + 6 * x + 3, sizeof second);
      Words sums = __builtin_convertvector(first, Words) + __builtin_convertvector(second, Words);
      Bytes means = __builtin_convertvector((sums + 1) >> 1, Bytes);
      means = __builtin_shufflevector(means, means, 0, 1, 2, 6, 7, 8, 12, 13, 14, 0, 0, 0, 0, 0, 0, 0);
      memcpy(output + 3 * x, &means, sizeof means);
    }
    averageTail(output, row, wholeCount, outputWidth);
    output += outputWidth * 3;
  }
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
