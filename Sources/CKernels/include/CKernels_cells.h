// Pooling over cells of any size, which may overlap: maxima, means and their gradients.
//
// Images are channels-last. Cell i of a row of cells covers the columns [begins[i], ends[i]).
#ifndef CKERNELS_CELLS_H
#define CKERNELS_CELLS_H

#include <stdint.h>

typedef struct {
  const int64_t *begins, *ends;
  int64_t cellCount, width, channelCount;
} CKernelsCells;

// y = the maximum of each cell of image rows [firstRow, firstRow + rowCount), and where it is first, as
// row * width + column; NaN counts as the largest. y and indices: [cellCount,
// channelCount]; x: the image, [height, width, channelCount].
void CKernels_cellMaxima(float *y, int32_t *indices, const float *x, CKernelsCells cells,
                         int64_t firstRow, int64_t rowCount);

// Adds to dx, image row `row`, the elements of dy whose maximum lies in it. dy and indices: cellRowCount
// rows of cells.
void CKernels_addAtMaxima(float *dx, const float *dy, const int32_t *indices, CKernelsCells cells,
                          int64_t row, int64_t cellRowCount);

// y = the mean of each cell of image rows [firstRow, firstRow + rowCount).
void CKernels_cellMeans(float *y, const float *x, CKernelsCells cells, int64_t firstRow,
                        int64_t rowCount);

// Adds to dx, a row of the image, dy / (rowCount * columns of the cell) for one row of cells, which are
// rowCount rows high.
void CKernels_addMeans(float *dx, const float *dy, CKernelsCells cells, int64_t rowCount);

#endif
