#include "CKernels_convolution.h"

#include <string.h>

#include "kernel.h"
#include "vector.h"

INLINE int64_t clamped(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

// The place of a row or column that lies outside an image which wraps around.
INLINE int64_t wrapped(int64_t index, int64_t size) {
  const int64_t rest = index % size;
  return rest < 0 ? rest + size : rest;
}

// The pixels of an image row that a window starting at column `left` covers; zeros outside the image.
INLINE void copyRun(char *run, const char *row, int64_t left, const CKernelsWindows *w,
                    int64_t pixelSize) {
  if (left >= 0 && left + w->kernelWidth <= w->width) {
    memcpy(run, row + left * pixelSize, (size_t)(w->kernelWidth * pixelSize));
  } else if (w->isCircular) {
    for (int64_t k = 0; k < w->kernelWidth; k++) {
      memcpy(run + k * pixelSize, row + wrapped(left + k, w->width) * pixelSize,
             (size_t)pixelSize);
    }
  } else {
    const int64_t begin = clamped(-left, 0, w->kernelWidth);
    const int64_t end = clamped(w->width - left, begin, w->kernelWidth);
    memset(run, 0, (size_t)(begin * pixelSize));
    memcpy(run + begin * pixelSize, row + (left + begin) * pixelSize,
           (size_t)((end - begin) * pixelSize));
    memset(run + end * pixelSize, 0, (size_t)((w->kernelWidth - end) * pixelSize));
  }
}

KERNEL void CKernels_unrollPatches(void *columns, const void *x, CKernelsWindows windows,
                                   int64_t pixelSize, int64_t firstRow, int64_t rowCount) {
  const CKernelsWindows w = windows;
  const int64_t run = w.kernelWidth * pixelSize;
  const int64_t patch = w.kernelHeight * run;
  char *patches = columns;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++, patches += w.outputWidth * patch) {
    for (int64_t k = 0; k < w.kernelHeight; k++) {
      int64_t source = row * w.stride + k - w.top;
      if (w.isCircular) source = wrapped(source, w.height);
      const int isInside = source >= 0 && source < w.height;
      const char *pixels = (const char *)x + (isInside ? source * w.width * pixelSize : 0);
      char *target = patches + k * run;
      for (int64_t column = 0; column < w.outputWidth; column++, target += patch) {
        if (isInside) {
          copyRun(target, pixels, column * w.stride - w.left, &w, pixelSize);
        } else {
          memset(target, 0, (size_t)run);
        }
      }
    }
  }
}

INLINE void addRow(float *y, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] += x[i];
}

// Adds a run to the pixels of an image row that a window starting at column `left` covers.
INLINE void addRun(float *row, const float *run, int64_t left, const CKernelsWindows *w,
                   int64_t channelCount) {
  if (w->isCircular) {
    for (int64_t k = 0; k < w->kernelWidth; k++) {
      addRow(row + wrapped(left + k, w->width) * channelCount, run + k * channelCount,
             channelCount);
    }
  } else {
    const int64_t begin = clamped(-left, 0, w->kernelWidth);
    const int64_t end = clamped(w->width - left, begin, w->kernelWidth);
    addRow(row + (left + begin) * channelCount, run + begin * channelCount,
           (end - begin) * channelCount);
  }
}

KERNEL void CKernels_foldPatches(float *dx, const float *columns, CKernelsWindows windows,
                                 int64_t channelCount, int isAdding, int64_t firstRow,
                                 int64_t rowCount) {
  const CKernelsWindows w = windows;
  const int64_t run = w.kernelWidth * channelCount;
  const int64_t patch = w.kernelHeight * run;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++, dx += w.width * channelCount) {
    if (!isAdding) memset(dx, 0, (size_t)(w.width * channelCount) * sizeof(float));
    for (int64_t k = 0; k < w.kernelHeight; k++) {
      int64_t place = row + w.top - k;
      if (w.isCircular) place = wrapped(place, w.height);
      if (place < 0 || place % w.stride != 0 || place / w.stride >= w.outputHeight) continue;
      const float *runs = columns + place / w.stride * w.outputWidth * patch + k * run;
      for (int64_t column = 0; column < w.outputWidth; column++) {
        addRun(dx, runs + column * patch, column * w.stride - w.left, &w, channelCount);
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
