#include "CKernels_winograd.h"

#include "CKernels_panels.h"
#include "bfloat16_vector.h"
#include "transpose.h"
#include "winograd_points.h"

enum { largestPatchSize = largestPointCount * largestPointCount };

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

// Where the pixels of a patch are, zeros for those outside the image.
INLINE void findPixels(const char **pixels, const void *x, const void *zeros,
                       const CKernelsTiledImages *images, Place place, int rowCount,
                       int columnCount, bool isBFloat16) {
  const int shift = images->isUpsampled;
  const int64_t pixelSize = images->channelCount * (isBFloat16 ? 2 : 4);
  const char *image =
      (const char *)x + place.image * images->height * images->width * pixelSize;
  const bool isWholeInside = !shift && place.row >= 0 && place.column >= 0 &&
                             place.row + rowCount <= images->height &&
                             place.column + columnCount <= images->width;
  if (isWholeInside) {
    const char *row = image + (place.row * images->width + place.column) * pixelSize;
    UNROLLED
    for (int i = 0; i < rowCount; i++, row += images->width * pixelSize) {
      UNROLLED
      for (int j = 0; j < columnCount; j++) pixels[i * columnCount + j] = row + j * pixelSize;
    }
    return;
  }
  UNROLLED
  for (int i = 0; i < rowCount; i++) {
    const int64_t row = (place.row + i) >> shift;
    const bool isRowInside = row >= 0 && row < images->height;
    UNROLLED
    for (int j = 0; j < columnCount; j++) {
      const int64_t column = (place.column + j) >> shift;
      const bool isInside = isRowInside && column >= 0 && column < images->width;
      pixels[i * columnCount + j] =
          isInside ? image + (row * images->width + column) * pixelSize : zeros;
    }
  }
}

// The transforms along either axis.
typedef void Transform(int pairCount, Vector *target, int targetStride, const Vector *source,
                       int sourceStride);

// The values of pixels, all channels of them: a row.
INLINE void transformPixels(const CKernelsPointValues *values, int64_t place,
                            const char *const *pixels, int64_t channelCount,
                            Transform *transform, int rowCount, int columnCount,
                            int rowPairCount, int columnPairCount, bool isBFloat16,
                            CKernelsValueLayout layout) {
  const int rowPointCount = pointCountOf(rowPairCount);
  const int columnPointCount = pointCountOf(columnPairCount);
  for (int64_t channel = 0; channel < channelCount; channel += vectorWidth) {
    const int64_t first = valueIndex(values, place, channel, layout);
    Vector rows[largestPatchSize];
    UNROLLED
    for (int j = 0; j < columnCount; j++) {
      Vector column[largestPointCount];
      UNROLLED
      for (int i = 0; i < rowCount; i++) {
        loadVector(&column[i], pixels[i * columnCount + j], channel, isBFloat16);
      }
      transform(rowPairCount, rows + j, columnCount, column, 1);
    }
    UNROLLED
    for (int i = 0; i < rowPointCount; i++) {
      Vector row[largestPointCount];
      transform(columnPairCount, row, 1, rows + i * columnCount, 1);
      UNROLLED
      for (int j = 0; j < columnPointCount; j++) {
        storeValues(values, first + (i * columnPointCount + j) * values->pointStride, place,
                    &row[j], layout);
      }
    }
  }
}

INLINE void transformImages(CKernelsPointValues values, const void *x, const void *zeros,
                            CKernelsTiledImages images, int64_t firstTile, int64_t tileCount,
                            Transform *transform, int margin, int rowPairCount,
                            int columnPairCount, bool isBFloat16, CKernelsValueLayout layout) {
  const int rowCount = 2 * rowPairCount + margin, columnCount = 2 * columnPairCount + margin;
  for (int64_t tile = 0; tile < tileCount; tile++) {
    const char *pixels[largestPatchSize];
    findPixels(pixels, x, zeros, &images,
               placeOf(&images, firstTile + tile, rowPairCount, columnPairCount), rowCount,
               columnCount, isBFloat16);
    transformPixels(&values, tile, pixels, images.channelCount, transform, rowCount, columnCount,
                    rowPairCount, columnPairCount, isBFloat16, layout);
  }
}

KERNEL void CKernels_winogradPatches(CKernelsPointValues values, const void *x, const void *zeros,
                                     CKernelsTiledImages images, int64_t firstTile,
                                     int64_t tileCount) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                                      \
  transformImages(values, x, zeros, images, firstTile, tileCount, patchValues, 2, rowPairs, \
                  columnPairs, isBFloat16, layout)
  FOR_VARIANT(images, values.layout, RUN)
#undef RUN
}

KERNEL void CKernels_winogradTiles(CKernelsPointValues values, const void *dy, const void *zeros,
                                   CKernelsTiledImages images, int64_t firstTile,
                                   int64_t tileCount) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                                      \
  transformImages(values, dy, zeros, images, firstTile, tileCount, tileValues, 0, rowPairs, \
                  columnPairs, isBFloat16, layout)
  FOR_VARIANT(images, values.layout, RUN)
#undef RUN
}

// The pixels of a tile for sixteen channels.
INLINE void readTile(Vector *tile, const float *sums, int64_t pointStride, int rowPairCount,
                     int columnPairCount) {
  const int columnPointCount = pointCountOf(columnPairCount);
  Vector rows[largestTileSize * largestPointCount];
  UNROLLED
  for (int j = 0; j < columnPointCount; j++) {
    Vector column[largestPointCount];
    UNROLLED
    for (int i = 0; i < pointCountOf(rowPairCount); i++) {
      column[i] = VECTOR(sums + (i * columnPointCount + j) * pointStride);
    }
    tilePixels(rowPairCount, rows + j, columnPointCount, column, 1);
  }
  UNROLLED
  for (int i = 0; i < 2 * rowPairCount; i++) {
    tilePixels(columnPairCount, tile + i * 2 * columnPairCount, 1, rows + i * columnPointCount,
               1);
  }
}

INLINE void writeVector(char *target, int64_t index, const Vector *numbers, CKernelsWriting how,
                        bool isBFloat16) {
  if (isBFloat16) {
    roundVector((uint16_t *)target + index, numbers);
    return;
  }
  float *place = (float *)target + index;
  switch (how) {
    case CKernelsAdd: VECTOR(place) += *numbers; break;
    case CKernelsWrite: VECTOR(place) = *numbers; break;
    case CKernelsStream: __builtin_nontemporal_store(*numbers, (Vector *)place); break;
  }
}

// Has what was streamed reach the memory before anything that follows.
INLINE void finishStreams(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

INLINE void writeTiles(void *y, CKernelsPointValues sums, CKernelsTiledImages images,
                       CKernelsTileOutput output, int64_t firstTile, int64_t tileCount,
                       int rowPairCount, int columnPairCount, bool isBFloat16, int shift) {
  const int columnCount = 2 * columnPairCount, step = 1 << shift;
  const int64_t pixelSize = images.channelCount * (isBFloat16 ? 2 : 4);
  for (int64_t index = 0; index < tileCount; index++) {
    const Place place = placeOf(&images, firstTile + index, rowPairCount, columnPairCount);
    const int64_t row = place.row >> shift, column = place.column >> shift;
    char *first = (char *)y + ((place.image * images.height + row) * images.width + column) *
                                  pixelSize;
    for (int64_t channel = 0; channel < output.channelCount; channel += vectorWidth) {
      Vector tile[largestTileSize * largestTileSize];
      readTile(tile, (const float *)sums.start + index * sums.rowStride + channel,
               sums.pointStride, rowPairCount, columnPairCount);
      const int64_t place = output.firstChannel + channel;
      const Vector bias = output.bias ? VECTOR(output.bias + place) : (Vector){0};
      UNROLLED
      for (int i = 0; i < 2 * rowPairCount; i += step) {
        if (row + (i >> shift) >= images.height) break;
        UNROLLED
        for (int j = 0; j < columnCount; j += step) {
          if (column + (j >> shift) >= images.width) break;
          const Vector *corner = tile + i * columnCount + j;
          Vector pixel = corner[0] + bias;
          if (shift) pixel = (corner[0] + corner[1]) + (corner[columnCount] + corner[columnCount + 1]);
          writeVector(first + ((i >> shift) * images.width + (j >> shift)) * pixelSize, place,
                      &pixel, output.writing, isBFloat16);
        }
      }
    }
  }
}

KERNEL void CKernels_winogradOutput(void *y, CKernelsPointValues sums, CKernelsTiledImages images,
                                    CKernelsTileOutput output, int64_t firstTile,
                                    int64_t tileCount) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                                   \
  if (images.isUpsampled) {                                                              \
    writeTiles(y, sums, images, output, firstTile, tileCount, rowPairs, columnPairs,     \
               isBFloat16, 1);                                                           \
  } else {                                                                               \
    writeTiles(y, sums, images, output, firstTile, tileCount, rowPairs, columnPairs,     \
               isBFloat16, 0);                                                           \
  }
  FOR_FLOATS(images, RUN)
#undef RUN
  if (output.writing == CKernelsStream) finishStreams();
}

// The values of nine elements, for sixteen kernels side by side.
INLINE void transformKernel(const CKernelsPointValues *values, int64_t place,
                            const Vector *elements, int elementStride, int rowPairCount,
                            int columnPairCount, CKernelsValueLayout layout) {
  const int64_t first = valueIndex(values, place, 0, layout);
  const int columnPointCount = pointCountOf(columnPairCount);
  Vector rows[largestPointCount * kernelSize];
  UNROLLED
  for (int j = 0; j < kernelSize; j++) {
    kernelValues(rowPairCount, rows + j, kernelSize, elements + j * elementStride,
                 kernelSize * elementStride);
  }
  UNROLLED
  for (int i = 0; i < pointCountOf(rowPairCount); i++) {
    Vector row[largestPointCount];
    kernelValues(columnPairCount, row, 1, rows + i * kernelSize, 1);
    UNROLLED
    for (int j = 0; j < columnPointCount; j++) {
      storeValues(values, first + (i * columnPointCount + j) * values->pointStride, place, &row[j],
                  layout);
    }
  }
}

enum { tapCount = kernelSize * kernelSize };

INLINE const char *kernelAt(const void *weight, const CKernelsKernels *kernels, int64_t output,
                            int64_t tap, int64_t input, bool isBFloat16) {
  return (const char *)weight +
         ((output * tapCount + tap) * kernels->inputCount + input) * (isBFloat16 ? 2 : 4);
}

INLINE void transformKernels(CKernelsPointValues values, const void *weight,
                             CKernelsKernels kernels, int64_t firstOutput, int64_t firstInput,
                             int rowPairCount, int columnPairCount, bool isBFloat16,
                             CKernelsValueLayout layout) {
  // [tap][input], sixteen outputs side by side.
  Vector elements[tapCount * vectorWidth];
  for (int tap = 0; tap < tapCount; tap++) {
    Vector byOutput[vectorWidth];
    for (int output = 0; output < vectorWidth; output++) {
      loadVector(&byOutput[output],
                 kernelAt(weight, &kernels, firstOutput + output, tap, firstInput, isBFloat16), 0,
                 isBFloat16);
    }
    transposeUnits((void *)(elements + tap * vectorWidth), vectorWidth, byOutput,
                   sizeof *byOutput, vectorWidth);
  }
  for (int input = 0; input < vectorWidth; input++) {
    transformKernel(&values, input, elements + input, vectorWidth, rowPairCount, columnPairCount,
                    layout);
  }
}

KERNEL void CKernels_winogradWeights(CKernelsPointValues values, const void *weight,
                                     CKernelsKernels kernels, int64_t firstOutput,
                                     int64_t firstInput) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                                      \
  transformKernels(values, weight, kernels, firstOutput, firstInput, rowPairs, columnPairs, \
                   isBFloat16, layout)
  FOR_VARIANT(kernels, values.layout, RUN)
#undef RUN
}

INLINE void transformTurnedKernels(CKernelsPointValues values, const void *weight,
                                   CKernelsKernels kernels, int64_t firstOutput,
                                   int64_t firstInput, int rowPairCount, int columnPairCount,
                                   bool isBFloat16, CKernelsValueLayout layout) {
  for (int output = 0; output < vectorWidth; output++) {
    Vector elements[tapCount];
    UNROLLED
    for (int tap = 0; tap < tapCount; tap++) {
      loadVector(&elements[tapCount - 1 - tap],
                 kernelAt(weight, &kernels, firstOutput + output, tap, firstInput, isBFloat16), 0,
                 isBFloat16);
    }
    transformKernel(&values, output, elements, 1, rowPairCount, columnPairCount, layout);
  }
}

KERNEL void CKernels_winogradTurnedWeights(CKernelsPointValues values, const void *weight,
                                           CKernelsKernels kernels, int64_t firstOutput,
                                           int64_t firstInput) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                               \
  transformTurnedKernels(values, weight, kernels, firstOutput, firstInput, rowPairs, \
                         columnPairs, isBFloat16, layout)
  FOR_VARIANT(kernels, values.layout, RUN)
#undef RUN
}

INLINE void writeGradient(float *dWeight, CKernelsPointValues sums, CKernelsKernels kernels,
                          int64_t firstOutput, int64_t outputCount, bool isAdding,
                          int rowPairCount, int columnPairCount) {
  const int columnPointCount = pointCountOf(columnPairCount);
  for (int64_t output = 0; output < outputCount; output++) {
    for (int64_t input = 0; input < kernels.inputCount; input += vectorWidth) {
      const float *numbers = (const float *)sums.start + output * sums.rowStride + input;
      Vector rows[kernelSize * largestPointCount];
      UNROLLED
      for (int j = 0; j < columnPointCount; j++) {
        Vector column[largestPointCount];
        UNROLLED
        for (int i = 0; i < pointCountOf(rowPairCount); i++) {
          column[i] = VECTOR(numbers + (i * columnPointCount + j) * sums.pointStride);
        }
        kernelElements(rowPairCount, rows + j, columnPointCount, column, 1);
      }
      UNROLLED
      for (int i = 0; i < kernelSize; i++) {
        Vector elements[kernelSize];
        kernelElements(columnPairCount, elements, 1, rows + i * columnPointCount, 1);
        UNROLLED
        for (int j = 0; j < kernelSize; j++) {
          const int64_t tap = (firstOutput + output) * tapCount + i * kernelSize + j;
          writeVector((char *)(dWeight + tap * kernels.inputCount), input, &elements[j],
                      isAdding ? CKernelsAdd : CKernelsWrite, false);
        }
      }
    }
  }
}

KERNEL void CKernels_winogradWeightGradient(float *dWeight, CKernelsPointValues sums,
                                            CKernelsKernels kernels, int64_t firstOutput,
                                            int64_t outputCount, bool isAdding) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                                \
  writeGradient(dWeight, sums, kernels, firstOutput, outputCount, isAdding, rowPairs, \
                columnPairs)
  FOR_TILES(kernels, RUN, false, CKernelsFloatRows)
#undef RUN
}
