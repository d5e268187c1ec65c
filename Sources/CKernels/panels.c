#include "CKernels_panels.h"

#include <string.h>

#include "kernel.h"
#include "transpose.h"

enum { panelWidth = CKernelsPanelWidth, tile = transposeWidth };

INLINE uint32_t pairOf(uint32_t first, uint32_t second) { return first | second << 16; }

INLINE void packPairs(uint32_t *restrict panel, const uint16_t *restrict first,
                      const uint16_t *restrict second, int64_t columnCount) {
  for (int64_t c = 0; c < columnCount; c++) panel[c] = pairOf(first[c], second[c]);
}

KERNEL void CKernels_packPanel(uint32_t *restrict panel, const uint16_t *restrict source,
                               int64_t stride, int64_t first, int64_t rowCount,
                               int64_t columnCount, int64_t pairCount) {
  static const uint16_t zeros[panelWidth];
  for (int64_t pair = 0; pair < pairCount; pair++, panel += panelWidth) {
    const int64_t row = first + 2 * pair;
    const uint16_t *even = row >= 0 && row < rowCount ? source + row * stride : zeros;
    const uint16_t *odd = row >= -1 && row + 1 < rowCount ? source + (row + 1) * stride : zeros;
    if (columnCount == panelWidth) {
      packPairs(panel, even, odd, panelWidth);
    } else {
      packPairs(panel, even, odd, columnCount);
      memset(panel + columnCount, 0, (size_t)(panelWidth - columnCount) * sizeof *panel);
    }
  }
}

// Some columns and pairs at an edge, with zeros for what does not exist.
INLINE void transposeEdge(uint32_t *restrict panel, const uint16_t *restrict source,
                          int64_t stride, int64_t rowCount, int64_t columnCount) {
  for (int64_t pair = 0; pair < tile; pair++) {
    for (int64_t c = 0; c < tile; c++) {
      const uint16_t *numbers = source + c * stride + 2 * pair;
      const int64_t left = c < columnCount ? rowCount - 2 * pair : 0;
      panel[pair * panelWidth + c] =
          pairOf(left >= 1 ? numbers[0] : 0, left >= 2 ? numbers[1] : 0);
    }
  }
}

KERNEL void CKernels_packTransposedPanel(uint32_t *restrict panel,
                                         const uint16_t *restrict source, int64_t stride,
                                         int64_t rowCount, int64_t columnCount,
                                         int64_t pairCount) {
  for (int64_t pair = 0; pair < pairCount; pair += tile) {
    for (int64_t column = 0; column < panelWidth; column += tile) {
      uint32_t *target = panel + pair * panelWidth + column;
      const uint16_t *numbers = source + column * stride + 2 * pair;
      if (rowCount - 2 * pair >= 2 * tile && columnCount - column >= tile) {
        transposeUnits(target, panelWidth, numbers, stride * (int64_t)sizeof *source, tile);
      } else {
        transposeEdge(target, numbers, stride, rowCount - 2 * pair, columnCount - column);
      }
    }
  }
}

KERNEL void CKernels_turnPanel(uint32_t *restrict rows, int64_t stride,
                               const uint32_t *restrict panel, int64_t pairCount) {
  turnColumns(rows, stride, panel, panelWidth, panelWidth, pairCount);
}

KERNEL void CKernels_widenPanel(float *restrict rows, const uint32_t *restrict panel,
                                int64_t pairCount) {
  for (int64_t pair = 0; pair < pairCount; pair++, panel += panelWidth, rows += 2 * panelWidth) {
    for (int64_t c = 0; c < panelWidth; c += tile) {
      const Units units = *(const UnalignedUnits *)(panel + c);
      *(UnalignedUnits *)(rows + c) = units << 16;
      *(UnalignedUnits *)(rows + panelWidth + c) = units & 0xffff0000u;
    }
  }
}

KERNEL void CKernels_packFloatPanel(float *restrict panel, const float *restrict source,
                                    int64_t stride, int64_t rowCount, int64_t columnCount) {
  for (int64_t row = 0; row < rowCount; row++, panel += panelWidth, source += stride) {
    for (int64_t c = 0; c < columnCount; c++) panel[c] = source[c];
  }
}
