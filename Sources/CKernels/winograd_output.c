// Sums at points to pixels.
#include "winograd.h"

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

// Has what was streamed reach the memory before anything that follows.
INLINE void finishStreams(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

INLINE void writeTiles(void *y, CKernelsPointValues sums, CKernelsTiledImages images,
                       CKernelsTileOutput output, int64_t firstTile, int64_t tileCount,
                       int rowPairCount, int columnPairCount, bool isBFloat16) {
  const int columnCount = 2 * columnPairCount;
  const int64_t pixelSize = images.channelCount * (isBFloat16 ? 2 : 4);
  for (int64_t index = 0; index < tileCount; index++) {
    const Place place = placeOf(&images, firstTile + index, rowPairCount, columnPairCount);
    char *first = (char *)y + ((place.image * images.height + place.row) * images.width +
                               place.column) *
                                  pixelSize;
    for (int64_t column = 0; column < output.channelCount; column += vectorWidth) {
      Vector tile[largestTileSize * largestTileSize];
      readTile(tile, (const float *)sums.start + index * sums.rowStride + column,
               sums.pointStride, rowPairCount, columnPairCount);
      const int64_t channel = output.firstChannel + column;
      const Vector bias = output.bias ? VECTOR(output.bias + channel) : (Vector){0};
      UNROLLED
      for (int i = 0; i < 2 * rowPairCount; i++) {
        if (place.row + i >= images.height) break;
        UNROLLED
        for (int j = 0; j < columnCount; j++) {
          if (place.column + j >= images.width) break;
          const Vector pixel = tile[i * columnCount + j] + bias;
          writeVector(first + (i * images.width + j) * pixelSize, channel, &pixel, output.writing,
                      isBFloat16);
        }
      }
    }
  }
}

KERNEL void CKernels_winogradOutput(void *y, CKernelsPointValues sums, CKernelsTiledImages images,
                                    CKernelsTileOutput output, int64_t firstTile,
                                    int64_t tileCount) {
  ALIGN_STACK();
#define RUN(rowPairs, columnPairs, isBFloat16, layout)                             \
  writeTiles(y, sums, images, output, firstTile, tileCount, rowPairs, columnPairs, \
             isBFloat16)
  FOR_FLOATS(images, RUN)
#undef RUN
  if (output.writing == CKernelsStreamPast) finishStreams();
}
