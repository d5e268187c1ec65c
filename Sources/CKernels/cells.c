#include "CKernels_cells.h"

#include <string.h>

#include "kernel.h"

KERNEL void CKernels_cellMaxima(float *y, int32_t *indices, const float *x, CKernelsCells cells,
                                int64_t firstRow, int64_t rowCount) {
  const int64_t count = cells.channelCount;
  for (int64_t cell = 0; cell < cells.cellCount; cell++, y += count, indices += count) {
    const int64_t first = firstRow * cells.width + cells.begins[cell];
    memcpy(y, x + first * count, (size_t)count * sizeof(float));
    for (int64_t c = 0; c < count; c++) indices[c] = (int32_t)first;
    for (int64_t row = firstRow; row < firstRow + rowCount; row++) {
      for (int64_t column = cells.begins[cell]; column < cells.ends[cell]; column++) {
        const int32_t place = (int32_t)(row * cells.width + column);
        const float *pixel = x + place * count;
        for (int64_t c = 0; c < count; c++) {
          const int isLarger = pixel[c] > y[c] || pixel[c] != pixel[c];
          y[c] = isLarger ? pixel[c] : y[c];
          indices[c] = isLarger ? place : indices[c];
        }
      }
    }
  }
}

KERNEL void CKernels_addAtMaxima(float *dx, const float *dy, const int32_t *indices,
                                 CKernelsCells cells, int64_t row, int64_t cellRowCount) {
  const int64_t count = cells.channelCount;
  for (int64_t cellRow = 0; cellRow < cellRowCount; cellRow++) {
    for (int64_t cell = 0; cell < cells.cellCount; cell++, dy += count, indices += count) {
      for (int64_t column = cells.begins[cell]; column < cells.ends[cell]; column++) {
        const int32_t place = (int32_t)(row * cells.width + column);
        float *target = dx + column * count;
        for (int64_t c = 0; c < count; c++) target[c] += indices[c] == place ? dy[c] : 0;
      }
    }
  }
}

KERNEL void CKernels_cellMeans(float *y, const float *x, CKernelsCells cells, int64_t firstRow,
                               int64_t rowCount) {
  const int64_t count = cells.channelCount;
  for (int64_t cell = 0; cell < cells.cellCount; cell++, y += count) {
    memset(y, 0, (size_t)count * sizeof(float));
    for (int64_t row = firstRow; row < firstRow + rowCount; row++) {
      for (int64_t column = cells.begins[cell]; column < cells.ends[cell]; column++) {
        const float *pixel = x + (row * cells.width + column) * count;
        for (int64_t c = 0; c < count; c++) y[c] += pixel[c];
      }
    }
    const float size = (float)(rowCount * (cells.ends[cell] - cells.begins[cell]));
    for (int64_t c = 0; c < count; c++) y[c] /= size;
  }
}

KERNEL void CKernels_addMeans(float *dx, const float *dy, CKernelsCells cells, int64_t rowCount) {
  const int64_t count = cells.channelCount;
  for (int64_t cell = 0; cell < cells.cellCount; cell++, dy += count) {
    const float size = (float)(rowCount * (cells.ends[cell] - cells.begins[cell]));
    for (int64_t column = cells.begins[cell]; column < cells.ends[cell]; column++) {
      float *target = dx + column * count;
      for (int64_t c = 0; c < count; c++) target[c] += dy[c] / size;
    }
  }
}
