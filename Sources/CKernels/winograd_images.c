// Pixels to values at points.
#include "winograd.h"

enum { largestPatchSize = largestPointCount * largestPointCount };

// Where the pixels of a patch are, zeros for those outside the image.
INLINE void findPixels(const char **pixels, const void *x, const void *zeros,
                       const CKernelsTiledImages *images, Place place, int rowCount,
                       int columnCount, bool isBFloat16) {
  const int64_t pixelSize = images->channelCount * (isBFloat16 ? 2 : 4);
  const char *image =
      (const char *)x + place.image * images->height * images->width * pixelSize;
  const bool isWholeInside = place.row >= 0 && place.column >= 0 &&
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
    const int64_t row = place.row + i;
    const bool isRowInside = row >= 0 && row < images->height;
    UNROLLED
    for (int j = 0; j < columnCount; j++) {
      const int64_t column = place.column + j;
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
