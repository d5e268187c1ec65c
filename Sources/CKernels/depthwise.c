#include "CKernels_depthwise.h"

#include <string.h>

#include "kernel.h"
#include "vector.h"

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Pixels whose sums stay in registers together.
enum { pixelsAtATime = 4 };

// Where neighbouring pixels of the output read: row `row`, and columns from `left` on, of which the
// kernel's columns [begin, end) lie inside the image.
typedef struct {
  int64_t row, left, begin, end;
} Place;

// `pixelCount` neighbours, 16 channels of each.
INLINE void convolveVectors(float *y, const float *x, const float *weight, const float *bias,
                            const CKernelsWindows *w, int64_t channelCount, int isAdding,
                            Place place, int pixelCount) {
  Vector sums[pixelsAtATime];
  for (int p = 0; p < pixelCount; p++) sums[p] = bias ? VECTOR(bias) : (Vector){0};
  const int64_t first = larger(0, -place.row);
  const int64_t last = smaller(w->kernelHeight, w->height - place.row);
  for (int64_t k = first; k < last; k++) {
    for (int64_t l = place.begin; l < place.end; l++) {
      const Vector factor = VECTOR(weight + (k * w->kernelWidth + l) * channelCount);
      const float *pixel = x + ((place.row + k) * w->width + place.left + l) * channelCount;
      for (int p = 0; p < pixelCount; p++) {
        sums[p] += VECTOR(pixel + p * w->stride * channelCount) * factor;
      }
    }
  }
  for (int p = 0; p < pixelCount; p++) {
    float *target = y + p * channelCount;
    VECTOR(target) = isAdding ? VECTOR(target) + sums[p] : sums[p];
  }
}

// The same for one channel of one pixel.
INLINE void convolveNumber(float *y, const float *x, const float *weight, float bias,
                           const CKernelsWindows *w, int64_t channelCount, int isAdding,
                           Place place) {
  float sum = bias;
  const int64_t first = larger(0, -place.row);
  const int64_t last = smaller(w->kernelHeight, w->height - place.row);
  for (int64_t k = first; k < last; k++) {
    for (int64_t l = place.begin; l < place.end; l++) {
      sum += x[((place.row + k) * w->width + place.left + l) * channelCount] *
             weight[(k * w->kernelWidth + l) * channelCount];
    }
  }
  *y = isAdding ? *y + sum : sum;
}

INLINE void convolvePixels(float *y, const float *x, const float *weight, const float *bias,
                           const CKernelsWindows *w, int64_t channelCount, int isAdding,
                           Place place, int pixelCount) {
  int64_t c = 0;
  for (; c + vectorWidth <= channelCount; c += vectorWidth) {
    convolveVectors(y + c, x + c, weight + c, bias ? bias + c : bias, w, channelCount, isAdding,
                    place, pixelCount);
  }
  for (; c < channelCount; c++) {
    for (int p = 0; p < pixelCount; p++) {
      Place pixel = place;
      pixel.left += p * w->stride;
      convolveNumber(y + p * channelCount + c, x + c, weight + c, bias ? bias[c] : 0, w,
                     channelCount, isAdding, pixel);
    }
  }
}

KERNEL void CKernels_depthwiseConvolution(float *y, const float *x, const float *weight,
                                          const float *bias, CKernelsWindows windows,
                                          int64_t channelCount, int isAdding, int64_t firstRow,
                                          int64_t rowCount) {
  const CKernelsWindows w = windows;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++) {
    int64_t column = 0;
    while (column < w.outputWidth) {
      const int64_t left = column * w.stride - w.left;
      const int64_t right = left + (pixelsAtATime - 1) * w.stride + w.kernelWidth;
      const int areInside =
          left >= 0 && right <= w.width && column + pixelsAtATime <= w.outputWidth;
      const Place place = {row * w.stride - w.top, left, larger(0, -left),
                           smaller(w.kernelWidth, w.width - left)};
      if (areInside) {
        convolvePixels(y, x, weight, bias, &w, channelCount, isAdding, place, pixelsAtATime);
      } else {
        convolvePixels(y, x, weight, bias, &w, channelCount, isAdding, place, 1);
      }
      const int count = areInside ? pixelsAtATime : 1;
      column += count;
      y += count * channelCount;
    }
  }
}

// The columns of the output below which column l of the kernel lies inside the image.
INLINE void columnsInside(const CKernelsWindows *w, int64_t l, int64_t *first, int64_t *end) {
  const int64_t before = w->left - l;
  *first = before > 0 ? (before + w->stride - 1) / w->stride : 0;
  const int64_t last = w->width - 1 + before;
  *end = last < 0 ? 0 : smaller(w->outputWidth, last / w->stride + 1);
}

KERNEL void CKernels_depthwiseBackwardData(float *dx, const float *dy, const float *weight,
                                           CKernelsWindows windows, int64_t channelCount,
                                           int isAdding, int64_t firstRow, int64_t rowCount) {
  const CKernelsWindows w = windows;
  const int64_t rowSize = w.width * channelCount;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++, dx += rowSize) {
    if (!isAdding) memset(dx, 0, (size_t)rowSize * sizeof(float));
    for (int64_t k = 0; k < w.kernelHeight; k++) {
      const int64_t place = row + w.top - k;
      if (place < 0 || place % w.stride != 0 || place / w.stride >= w.outputHeight) continue;
      const float *gradients = dy + place / w.stride * w.outputWidth * channelCount;
      for (int64_t l = 0; l < w.kernelWidth; l++) {
        const float *factors = weight + (k * w.kernelWidth + l) * channelCount;
        int64_t first, end;
        columnsInside(&w, l, &first, &end);
        for (int64_t column = first; column < end; column++) {
          float *target = dx + (column * w.stride + l - w.left) * channelCount;
          const float *gradient = gradients + column * channelCount;
          for (int64_t c = 0; c < channelCount; c++) target[c] += gradient[c] * factors[c];
        }
      }
    }
  }
}

// Adds the sums over `count` pixels of dy * x to `vectorCount` vectors of channels.
INLINE void addProducts(float *sums, const float *dy, const float *x, int64_t count,
                        int64_t channelCount, int64_t stride, int vectorCount) {
  Vector partial[4] = {{0}};
  for (int64_t i = 0; i < count; i++) {
    for (int v = 0; v < vectorCount; v++) {
      partial[v] += VECTOR(dy + i * channelCount + v * vectorWidth) *
                    VECTOR(x + i * stride * channelCount + v * vectorWidth);
    }
  }
  for (int v = 0; v < vectorCount; v++) VECTOR(sums + v * vectorWidth) += partial[v];
}

KERNEL void CKernels_depthwiseBackwardWeights(float *dWeight, const float *dy, const float *x,
                                              CKernelsWindows windows, int64_t channelCount,
                                              int64_t firstRow, int64_t rowCount) {
  const CKernelsWindows w = windows;
  for (int64_t row = firstRow; row < firstRow + rowCount; row++) {
    const float *gradients = dy + (row - firstRow) * w.outputWidth * channelCount;
    for (int64_t tap = 0; tap < w.kernelHeight * w.kernelWidth; tap++) {
      const int64_t source = row * w.stride + tap / w.kernelWidth - w.top;
      if (source < 0 || source >= w.height) continue;
      int64_t first, end;
      columnsInside(&w, tap % w.kernelWidth, &first, &end);
      if (first >= end) continue;
      float *sums = dWeight + tap * channelCount;
      const float *d = gradients + first * channelCount;
      const int64_t column = first * w.stride + tap % w.kernelWidth - w.left;
      const float *pixel = x + (source * w.width + column) * channelCount;
      int64_t c = 0;
      for (; c + 4 * vectorWidth <= channelCount; c += 4 * vectorWidth) {
        addProducts(sums + c, d + c, pixel + c, end - first, channelCount, w.stride, 4);
      }
      for (; c + vectorWidth <= channelCount; c += vectorWidth) {
        addProducts(sums + c, d + c, pixel + c, end - first, channelCount, w.stride, 1);
      }
      for (; c < channelCount; c++) {
        float sum = 0;
        for (int64_t i = 0; i < end - first; i++) {
          sum += d[i * channelCount + c] * pixel[i * w.stride * channelCount + c];
        }
        sums[c] += sum;
      }
    }
  }
}
