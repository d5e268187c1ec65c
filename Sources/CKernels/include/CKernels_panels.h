// Factors of bfloat16 products in the order in which the processor's instructions read them.
//
// A panel has 64 columns of the factor. The numbers of two neighbouring rows of a column lie side by
// side, [pair of rows][column][row of the pair], which oneDNN names BA16a64b2a.
#ifndef CKERNELS_PANELS_H
#define CKERNELS_PANELS_H

#include <stdint.h>

// Columns of a panel.
enum { CKernelsPanelWidth = 64 };

// Packs `pairCount` pairs of rows of one panel: rows first, first + 1, ... of a factor with `rowCount`
// rows, and `columnCount` columns, 64 at most. Rows before 0, which `first` may ask for, and what lies
// behind the end become zero. Row r of the factor starts at source + r * stride.
void CKernels_packPanel(uint32_t *panel, const uint16_t *source, int64_t stride, int64_t first,
                        int64_t rowCount, int64_t columnCount, int64_t pairCount);

// The same from row 0 on for a factor whose transpose is in memory: column c starts at source +
// c * stride. pairCount is a multiple of 16.
void CKernels_packTransposedPanel(uint32_t *panel, const uint16_t *source, int64_t stride,
                                  int64_t rowCount, int64_t columnCount, int64_t pairCount);

// C += transpose(A) * B of two panels with the same pairs of rows, in single precision. C has as many
// rows as columns of A are used, and `columnCount` columns, whose number is at most 64 as well.
void CKernels_multiplyPanels(float *c, int64_t stride, const uint32_t *a, const uint32_t *b,
                             int64_t pairCount, int64_t rowCount, int64_t columnCount);

#endif
