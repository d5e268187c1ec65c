// The right-hand factor of a bfloat16 product in the order in which its instructions read it.
//
// A panel has 64 columns of the factor. The numbers of two neighbouring rows of a column lie side by
// side, [pair of rows][column][row of the pair], which oneDNN names BA16a64b2a. Rows are filled up with
// zeros to a multiple of 32, columns to 64.
#ifndef CKERNELS_PANELS_H
#define CKERNELS_PANELS_H

#include <stdint.h>

// Packs rows of one panel: `pairCount` pairs of rows, of which `rowCount` rows exist, and
// `columnCount` columns, 64 at most. Row r of the factor starts at source + r * stride.
void CKernels_packPanel(uint32_t *panel, const uint16_t *source, int64_t stride, int64_t rowCount,
                        int64_t columnCount, int64_t pairCount);

// The same for a factor whose transpose is in memory: column c starts at source + c * stride.
void CKernels_packTransposedPanel(uint32_t *panel, const uint16_t *source, int64_t stride,
                                  int64_t rowCount, int64_t columnCount, int64_t pairCount);

#endif
