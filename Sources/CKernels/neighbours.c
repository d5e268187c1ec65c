#include "CKernels_neighbours.h"

#include "vector.h"

enum { aTile = 2, bTile = 4, laneCount = 8 };
typedef double DoubleVector __attribute__((vector_size(64)));

// The distances of two rows to four others. There is no other loop for what is left at the borders:
// another one could round otherwise, and a distance must not depend on where its rows stand.
INLINE void tileOfDistances(double *distances, const float *const *a, const float *const *b,
                            int64_t channelCount) {
  DoubleVector sums[aTile][bTile] = {0};
  int64_t c = 0;
  for (; c + laneCount <= channelCount; c += laneCount) {
    DoubleVector x[aTile], y[bTile];
    for (int i = 0; i < aTile; i++) {
      x[i] = __builtin_convertvector(HALF_VECTOR(a[i] + c), DoubleVector);
    }
    for (int j = 0; j < bTile; j++) {
      y[j] = __builtin_convertvector(HALF_VECTOR(b[j] + c), DoubleVector);
    }
    for (int i = 0; i < aTile; i++) {
      for (int j = 0; j < bTile; j++) {
        const DoubleVector difference = x[i] - y[j];
        sums[i][j] += difference * difference;
      }
    }
  }
  for (int i = 0; i < aTile; i++) {
    for (int j = 0; j < bTile; j++) {
      double sum = 0.0;
      for (int lane = 0; lane < laneCount; lane++) sum += sums[i][j][lane];
      for (int64_t rest = c; rest < channelCount; rest++) {
        const double difference = (double)a[i][rest] - (double)b[j][rest];
        sum += difference * difference;
      }
      distances[i * bTile + j] = sum;
    }
  }
}

KERNEL void CKernels_squaredDistances(double *distances, int64_t stride, const float *a,
                                      int64_t aCount, const float *b, int64_t bCount,
                                      int64_t channelCount) {
  for (int64_t j = 0; j < bCount; j += bTile) {
    const float *columns[bTile];
    for (int k = 0; k < bTile; k++) {
      columns[k] = b + (j + k < bCount ? j + k : bCount - 1) * channelCount;
    }
    for (int64_t i = 0; i < aCount; i += aTile) {
      const float *rows[aTile];
      for (int k = 0; k < aTile; k++) {
        rows[k] = a + (i + k < aCount ? i + k : aCount - 1) * channelCount;
      }
      double tile[aTile * bTile];
      tileOfDistances(tile, rows, columns, channelCount);
      for (int64_t k = 0; k < aTile && i + k < aCount; k++) {
        for (int64_t l = 0; l < bTile && j + l < bCount; l++) {
          distances[(i + k) * stride + j + l] = tile[k * bTile + l];
        }
      }
    }
  }
}
