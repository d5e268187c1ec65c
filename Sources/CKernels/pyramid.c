#include "CKernels_pyramid.h"

#include "kernel.h"

// The cell of level row (or column) i of n that covers `size` cells: floor and ceiling of its ends.
INLINE int64_t cellBegin(int64_t i, int64_t n, int64_t size) { return i * size / n; }
INLINE int64_t cellEnd(int64_t i, int64_t n, int64_t size) { return ((i + 1) * size + n - 1) / n; }

// y[c] = mean of x over the cell (i, j) of a level.
INLINE void poolCell(float *restrict y, const float *restrict x, int64_t stride, int64_t i,
                     int64_t j, CKernels_Grid level, CKernels_Grid image, int64_t channels) {
  const int64_t top = cellBegin(i, level.rows, image.rows);
  const int64_t bottom = cellEnd(i, level.rows, image.rows);
  const int64_t left = cellBegin(j, level.columns, image.columns);
  const int64_t right = cellEnd(j, level.columns, image.columns);
  float sums[CKERNELS_PYRAMID_CHANNELS] = {0};
  for (int64_t row = top; row < bottom; row++)
    for (int64_t column = left; column < right; column++) {
      const float *pixel = x + (row * image.columns + column) * stride;
      for (int64_t c = 0; c < channels; c++) sums[c] += pixel[c];
    }
  const float scale = 1.0f / (float)((bottom - top) * (right - left));
  for (int64_t c = 0; c < channels; c++) y[c] = sums[c] * scale;
}

// The transposed map of poolCell: adds dy / size to every element of the cell.
INLINE void spreadCell(float *restrict dx, const float *restrict dy, int64_t i, int64_t j,
                       CKernels_Grid level, CKernels_Grid image, int64_t channels) {
  const int64_t top = cellBegin(i, level.rows, image.rows);
  const int64_t bottom = cellEnd(i, level.rows, image.rows);
  const int64_t left = cellBegin(j, level.columns, image.columns);
  const int64_t right = cellEnd(j, level.columns, image.columns);
  const float scale = 1.0f / (float)((bottom - top) * (right - left));
  for (int64_t row = top; row < bottom; row++)
    for (int64_t column = left; column < right; column++) {
      float *pixel = dx + (row * image.columns + column) * channels;
      for (int64_t c = 0; c < channels; c++) pixel[c] += dy[c] * scale;
    }
}

// The token of a level that the image's element (row, column) lies under: nearest upsampling.
INLINE int64_t sourceToken(int64_t row, int64_t column, CKernels_Grid level, CKernels_Grid image) {
  return row * level.rows / image.rows * level.columns + column * level.columns / image.columns;
}

KERNEL void CKernels_latentPyramid(float *restrict y, const float *restrict x, float *restrict rest,
                                   CKernels_Grid image, const CKernels_Grid *levels,
                                   int64_t levelCount, int isResidual, int64_t stride,
                                   int64_t channels) {
  const int64_t pixelCount = image.rows * image.columns;
  if (isResidual)
    for (int64_t pixel = 0; pixel < pixelCount; pixel++)
      for (int64_t c = 0; c < channels; c++) rest[pixel * channels + c] = x[pixel * stride + c];
  for (int64_t k = 0; k < levelCount; k++) {
    const CKernels_Grid level = levels[k];
    for (int64_t i = 0; i < level.rows; i++)
      for (int64_t j = 0; j < level.columns; j++)
        poolCell(y + (i * level.columns + j) * stride, isResidual ? rest : x,
                 isResidual ? channels : stride, i, j, level, image, channels);
    if (isResidual && k + 1 < levelCount)
      for (int64_t pixel = 0; pixel < pixelCount; pixel++) {
        const float *token =
            y + sourceToken(pixel / image.columns, pixel % image.columns, level, image) * stride;
        for (int64_t c = 0; c < channels; c++) rest[pixel * channels + c] -= token[c];
      }
    y += level.rows * level.columns * stride;
  }
}

// dToken = dy - the sum of the rest's gradient over the elements that lie under each token.
INLINE void gatherLevel(float *restrict dToken, const float *restrict dy,
                        const float *restrict dRest, CKernels_Grid level, CKernels_Grid image,
                        int isResidual, int64_t stride, int64_t channels) {
  for (int64_t token = 0; token < level.rows * level.columns; token++)
    for (int64_t c = 0; c < channels; c++) dToken[token * channels + c] = dy[token * stride + c];
  if (!isResidual) return;
  for (int64_t row = 0; row < image.rows; row++)
    for (int64_t column = 0; column < image.columns; column++) {
      float *target = dToken + sourceToken(row, column, level, image) * channels;
      const float *source = dRest + (row * image.columns + column) * channels;
      for (int64_t c = 0; c < channels; c++) target[c] -= source[c];
    }
}

KERNEL void CKernels_latentPyramidBackward(float *restrict dx, const float *restrict dy,
                                           float *restrict dRest, float *restrict dToken,
                                           CKernels_Grid image, const CKernels_Grid *levels,
                                           int64_t levelCount, int isResidual, int isAdding,
                                           int64_t stride, int64_t channels) {
  const int64_t pixelCount = image.rows * image.columns;
  for (int64_t i = 0; i < pixelCount * channels; i++) dRest[i] = 0;
  for (int64_t k = 0; k < levelCount; k++) dy += levels[k].rows * levels[k].columns * stride;
  for (int64_t k = levelCount - 1; k >= 0; k--) {
    const CKernels_Grid level = levels[k];
    dy -= level.rows * level.columns * stride;
    // Nothing depends on what the last level leaves over.
    gatherLevel(dToken, dy, dRest, level, image, isResidual && k + 1 < levelCount, stride,
                channels);
    for (int64_t i = 0; i < level.rows; i++)
      for (int64_t j = 0; j < level.columns; j++)
        spreadCell(dRest, dToken + (i * level.columns + j) * channels, i, j, level, image,
                   channels);
  }
  for (int64_t pixel = 0; pixel < pixelCount; pixel++)
    for (int64_t c = 0; c < channels; c++) {
      const float value = dRest[pixel * channels + c];
      float *target = dx + pixel * stride + c;
      *target = isAdding ? *target + value : value;
    }
}
