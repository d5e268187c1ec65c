#include "CKernels_convolution.h"

#include <string.h>

#include "kernel.h"
#include "vector.h"

// The part [begin, end) of a run of kernelWidth pixels that lies inside the image, zeros around it.
INLINE void copyRun(float *run, const float *x, int64_t begin, int64_t end, int64_t kernelWidth,
                    int64_t channelCount) {
  memset(run, 0, (size_t)(begin * channelCount) * sizeof(float));
  memcpy(run + begin * channelCount, x + begin * channelCount,
         (size_t)((end - begin) * channelCount) * sizeof(float));
  memset(run + end * channelCount, 0,
         (size_t)((kernelWidth - end) * channelCount) * sizeof(float));
}

KERNEL void CKernels_unrollPatches(float *columns, const float *x, int64_t height, int64_t width,
                                   int64_t channelCount, int64_t kernelHeight, int64_t kernelWidth,
                                   int64_t firstRow, int64_t rowCount) {
  const int64_t run = kernelWidth * channelCount;
  const int64_t patch = kernelHeight * run;
  const int64_t margin = kernelWidth / 2;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++, columns += width * patch) {
    for (int64_t k = 0; k < kernelHeight; k++) {
      const int64_t source = row + k - kernelHeight / 2;
      const int isInside = source >= 0 && source < height;
      float *target = columns + k * run;
      for (int64_t column = 0; column < width; column++, target += patch) {
        const int64_t left = column - margin;
        const float *pixel = x + (source * width + left) * channelCount;
        if (!isInside) {
          memset(target, 0, (size_t)run * sizeof(float));
        } else if (left >= 0 && left + kernelWidth <= width) {
          memcpy(target, pixel, (size_t)run * sizeof(float));
        } else {
          const int64_t end = left + kernelWidth > width ? width - left : kernelWidth;
          copyRun(target, pixel, left < 0 ? -left : 0, end, kernelWidth, channelCount);
        }
      }
    }
  }
}

// Adds to sums[pixel][output] the inner products of runs of `count` inputs, which begin at x and at
// the next pixels, with the outputs' runs of weights, which are weightStride apart.
INLINE void addInnerProducts(float *sums, const float *x, int64_t pixelStride, int pixelCount,
                             const float *weight, int64_t weightStride, int outputCount,
                             int64_t count) {
  Vector partial[2][4] = {{{0}}};
  int64_t i = 0;
  for (; i + vectorWidth <= count; i += vectorWidth) {
    for (int output = 0; output < outputCount; output++) {
      const Vector w = VECTOR(weight + output * weightStride + i);
      for (int pixel = 0; pixel < pixelCount; pixel++) {
        partial[pixel][output] += VECTOR(x + pixel * pixelStride + i) * w;
      }
    }
  }
  for (int pixel = 0; pixel < pixelCount; pixel++) {
    for (int output = 0; output < outputCount; output++) {
      float rest = vectorSum(&partial[pixel][output]);
      for (int64_t j = i; j < count; j++) {
        rest += x[pixel * pixelStride + j] * weight[output * weightStride + j];
      }
      sums[pixel * outputCount + output] += rest;
    }
  }
}

typedef struct {
  int64_t height, width, inputCount, kernelHeight, kernelWidth;
} Geometry;

// `pixelCount` neighbours of one row, whose kernels reach columns [begin, end) of the kernel.
INLINE void narrowPixels(float *y, const float *x, const float *weight, const float *bias,
                         Geometry g, int64_t row, int64_t column, int pixelCount,
                         int outputCount) {
  const int64_t left = column - g.kernelWidth / 2;
  const int64_t begin = left < 0 ? -left : 0;
  const int64_t end = left + g.kernelWidth > g.width ? g.width - left : g.kernelWidth;
  float sums[8];
  for (int i = 0; i < pixelCount * outputCount; i++) sums[i] = bias ? bias[i % outputCount] : 0;
  for (int64_t k = 0; k < g.kernelHeight; k++) {
    const int64_t source = row + k - g.kernelHeight / 2;
    if (source < 0 || source >= g.height) continue;
    addInnerProducts(sums, x + (source * g.width + left + begin) * g.inputCount, g.inputCount,
                     pixelCount, weight + (k * g.kernelWidth + begin) * g.inputCount,
                     g.kernelHeight * g.kernelWidth * g.inputCount, outputCount,
                     (end - begin) * g.inputCount);
  }
  memcpy(y, sums, (size_t)(pixelCount * outputCount) * sizeof(float));
}

INLINE void narrowRows(float *y, const float *x, const float *weight, const float *bias, Geometry g,
                       int64_t firstRow, int64_t rowCount, int outputCount) {
  const int64_t margin = g.kernelWidth / 2;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++) {
    int64_t column = 0;
    while (column < g.width) {
      const int isPair = column >= margin && column + 1 + margin < g.width;
      if (isPair) {
        narrowPixels(y, x, weight, bias, g, row, column, 2, outputCount);
      } else {
        narrowPixels(y, x, weight, bias, g, row, column, 1, outputCount);
      }
      column += isPair ? 2 : 1;
      y += (isPair ? 2 : 1) * outputCount;
    }
  }
}

KERNEL void CKernels_narrowConvolution(float *y, const float *x, const float *weight,
                                       const float *bias, int64_t height, int64_t width,
                                       int64_t inputCount, int64_t outputCount,
                                       int64_t kernelHeight, int64_t kernelWidth, int64_t firstRow,
                                       int64_t rowCount) {
  const Geometry g = {height, width, inputCount, kernelHeight, kernelWidth};
  switch (outputCount) {
    case 1: narrowRows(y, x, weight, bias, g, firstRow, rowCount, 1); break;
    case 2: narrowRows(y, x, weight, bias, g, firstRow, rowCount, 2); break;
    case 3: narrowRows(y, x, weight, bias, g, firstRow, rowCount, 3); break;
    default: narrowRows(y, x, weight, bias, g, firstRow, rowCount, 4); break;
  }
}
