#include "CKernels_tokens.h"

#include "kernel.h"

KERNEL void CKernels_addToTotals(double *restrict totals, const float *restrict x, int64_t rowCount,
                             int64_t rowStride, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++)
    for (int64_t column = 0; column < columnCount; column++)
      totals[column] += (double)x[row * rowStride + column];
}

KERNEL void CKernels_storeTotals(float *restrict y, const double *restrict totals, int isAdding,
                                 int64_t count) {
  if (isAdding)
    for (int64_t i = 0; i < count; i++) y[i] = (float)((double)y[i] + totals[i]);
  else
    for (int64_t i = 0; i < count; i++) y[i] = (float)totals[i];
}

KERNEL void CKernels_mergePair(float *restrict merged, float *restrict y, const float *restrict x,
                               int isAverage, int isResidual, int64_t channelCount) {
  const float *second = x + channelCount;
  for (int64_t c = 0; c < channelCount; c++) {
    const float m = isAverage ? 0.5f * (x[c] + second[c]) : x[c];
    merged[c] = m;
    y[c] = isResidual ? x[c] - m : x[c];
    y[c + channelCount] = isResidual ? second[c] - m : second[c];
  }
}

KERNEL void CKernels_mergePairBackward(float *restrict dx, const float *restrict dMerged,
                                       const float *restrict dy, int isAverage, int isResidual,
                                       int isAdding, int64_t channelCount) {
  float *dSecond = dx + channelCount;
  const float *dySecond = dy + channelCount;
  for (int64_t c = 0; c < channelCount; c++) {
    const float m = isResidual ? dMerged[c] - (dy[c] + dySecond[c]) : dMerged[c];
    const float first = dy[c] + (isAverage ? 0.5f * m : m);
    const float second = dySecond[c] + (isAverage ? 0.5f * m : 0.0f);
    dx[c] = isAdding ? dx[c] + first : first;
    dSecond[c] = isAdding ? dSecond[c] + second : second;
  }
}

KERNEL void CKernels_transpose(float *restrict y, const float *restrict x, int64_t firstRow,
                               int64_t endRow, int64_t rowCount, int64_t columnCount,
                               int isAdding) {
  enum { TILE = 16 };
  for (int64_t row = firstRow; row < endRow; row += TILE)
    for (int64_t column = 0; column < columnCount; column += TILE) {
      const int64_t rowEnd = row + TILE < endRow ? row + TILE : endRow;
      const int64_t columnEnd = column + TILE < columnCount ? column + TILE : columnCount;
      for (int64_t c = column; c < columnEnd; c++)
        for (int64_t r = row; r < rowEnd; r++) {
          const float value = x[r * columnCount + c];
          y[c * rowCount + r] = isAdding ? y[c * rowCount + r] + value : value;
        }
    }
}
