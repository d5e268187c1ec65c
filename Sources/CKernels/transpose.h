// The transpose of sixteen rows of sixteen units of 32 bits.
#ifndef TRANSPOSE_H
#define TRANSPOSE_H

#include <stdint.h>

#include "kernel.h"

enum { transposeWidth = 16 };

// Sixteen units: floats, or pairs of bfloat16 numbers.
typedef uint32_t Units __attribute__((vector_size(64)));
typedef uint32_t UnalignedUnits __attribute__((vector_size(64), aligned(2), may_alias));

#define INTERLEAVED_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define INTERLEAVED_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Row i of the result, sixteen units, starts at target + i * targetStride, row i of the first `rowCount`
// rows of the source at source + i * sourceStride bytes; those behind them are taken for zeros. To
// interleave the halves of a list of sixteen vectors four times is to transpose it.
INLINE void transposeUnits(uint32_t *restrict target, int64_t targetStride,
                           const void *restrict source, int64_t sourceStride, int64_t rowCount) {
  Units rows[transposeWidth], mixed[transposeWidth];
  for (int i = 0; i < transposeWidth; i++) {
    const UnalignedUnits *row = (const void *)((const char *)source + i * sourceStride);
    rows[i] = i < rowCount ? *row : (Units){0};
  }
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < transposeWidth / 2; i++) {
      mixed[2 * i] = INTERLEAVED_LOW(rows[i], rows[i + transposeWidth / 2]);
      mixed[2 * i + 1] = INTERLEAVED_HIGH(rows[i], rows[i + transposeWidth / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < transposeWidth; i++) rows[i] = mixed[i];
  }
  for (int i = 0; i < transposeWidth; i++) {
    *(UnalignedUnits *)(target + i * targetStride) = rows[i];
  }
}

// Turns columns of a panel into rows: unit k of column c goes to target[c * targetStride + k], in whole blocks of
// sixteen by sixteen; units behind the depth are zeros.
INLINE void turnColumns(uint32_t *restrict target, int64_t targetStride,
                        const uint32_t *restrict panel, int64_t panelStride, int64_t columnCount,
                        int64_t depth) {
  for (int64_t k = 0; k < depth; k += transposeWidth) {
    for (int64_t column = 0; column < columnCount; column += transposeWidth) {
      transposeUnits(target + column * targetStride + k, targetStride,
                     panel + k * panelStride + column, panelStride * (int64_t)sizeof *panel,
                     depth - k);
    }
  }
}

#endif
