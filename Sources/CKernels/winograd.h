// What the kernels of Winograd's algorithms share.
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include "CKernels_panels.h"
#include "CKernels_winograd.h"
#include "bfloat16_vector.h"
#include "transpose.h"
#include "winograd_points.h"

// Calls RUN(rowPairCount, columnPairCount, isBFloat16, layout) with the constants of a variant, so that its loops
// unroll. Values that are rounded are of bfloat16 numbers, and have tiles of two rows.
#define FOR_VARIANT(sizes, layout, RUN)                     \
  if ((layout) == CKernelsPairPanels) {                     \
    FOR_LOW_TILES(sizes, RUN, true, CKernelsPairPanels)     \
  } else if ((layout) == CKernelsBFloat16Rows) {            \
    FOR_LOW_TILES(sizes, RUN, true, CKernelsBFloat16Rows)   \
  } else {                                                  \
    FOR_FLOATS(sizes, RUN)                                  \
  }
#define FOR_FLOATS(sizes, RUN)                              \
  if ((sizes).isBFloat16) {                                 \
    FOR_TILES(sizes, RUN, true, CKernelsFloatRows)          \
  } else {                                                  \
    FOR_TILES(sizes, RUN, false, CKernelsFloatRows)         \
  }
#define FOR_LOW_TILES(sizes, RUN, isBFloat16, layout)       \
  if ((sizes).columnPairCount == 1) {                       \
    RUN(1, 1, isBFloat16, layout);                          \
  } else {                                                  \
    RUN(1, 2, isBFloat16, layout);                          \
  }
#define FOR_TILES(sizes, RUN, isBFloat16, layout)           \
  if ((sizes).rowPairCount == 1) {                          \
    FOR_LOW_TILES(sizes, RUN, isBFloat16, layout)           \
  } else {                                                  \
    RUN(2, 2, isBFloat16, layout);                          \
  }

INLINE void loadVector(Vector *target, const char *numbers, int64_t index, bool isBFloat16) {
  if (isBFloat16) {
    widenVector(target, (const uint16_t *)numbers + index);
  } else {
    *target = VECTOR((const float *)numbers + index);
  }
}

// The first number of a row, and of sixteen columns from `column` on, at the point 0.
INLINE int64_t valueIndex(const CKernelsPointValues *values, int64_t row, int64_t column,
                          CKernelsValueLayout layout) {
  if (layout != CKernelsPairPanels) return row * values->rowStride + column;
  return row / 2 * values->rowStride + column / CKernelsPanelWidth * values->panelStride +
         column % CKernelsPanelWidth;
}

// Writes sixteen numbers of a row.
INLINE void storeValues(const CKernelsPointValues *values, int64_t index, int64_t row,
                        const Vector *numbers, CKernelsValueLayout layout) {
  switch (layout) {
    case CKernelsFloatRows: VECTOR((float *)values->start + index) = *numbers; break;
    case CKernelsBFloat16Rows:
      roundVector((uint16_t *)values->start + index, numbers);
      break;
    case CKernelsPairPanels: {
      UnalignedUnits *pairs = (UnalignedUnits *)((uint32_t *)values->start + index);
      Bits rounded;
      roundBits(&rounded, numbers);
      *pairs = row % 2 ? *pairs | rounded << 16 : rounded;
      break;
    }
  }
}

// Where a tile lies: the image, and its first pixel's row and column.
typedef struct {
  int64_t image, row, column;
} Place;

INLINE Place placeOf(const CKernelsTiledImages *images, int64_t tile, int rowPairCount,
                     int columnPairCount) {
  const int64_t tileRow = tile / images->tileColumnCount;
  return (Place){
      tileRow / images->tileRowCount,
      tileRow % images->tileRowCount * 2 * rowPairCount - images->top,
      (tile - tileRow * images->tileColumnCount) * 2 * columnPairCount - images->left,
  };
}

INLINE void writeVector(char *target, int64_t index, const Vector *numbers, CKernelsWriting how,
                        bool isBFloat16) {
  if (isBFloat16) {
    roundVector((uint16_t *)target + index, numbers);
    return;
  }
  float *place = (float *)target + index;
  switch (how) {
    case CKernelsAddTo: VECTOR(place) += *numbers; break;
    case CKernelsWriteOver: VECTOR(place) = *numbers; break;
    case CKernelsStreamPast: __builtin_nontemporal_store(*numbers, (Vector *)place); break;
  }
}

#endif
