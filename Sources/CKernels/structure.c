#include "CKernels_structure.h"

#include "kernel.h"

// Weighted sums over the rows of a window of a, b, a², b² and ab, one after the other in sums.
INLINE void sumRows(double *sums, const double *a, const double *b, const double *weights,
                    int64_t size, int64_t width) {
  for (int64_t x = 0; x < 5 * width; x++) sums[x] = 0.0;
  for (int64_t k = 0; k < size; k++, a += width, b += width) {
    const double weight = weights[k];
    for (int64_t x = 0; x < width; x++) {
      sums[x] += weight * a[x];
      sums[width + x] += weight * b[x];
      sums[2 * width + x] += weight * (a[x] * a[x]);
      sums[3 * width + x] += weight * (b[x] * b[x]);
      sums[4 * width + x] += weight * (a[x] * b[x]);
    }
  }
}

KERNEL void CKernels_structuralSimilarity(double *means, double *scratch, const double *a,
                                          const double *b, CKernelsStructureWindow window,
                                          int64_t height, int64_t width) {
  const int64_t rowCount = height - window.size + 1, columnCount = width - window.size + 1;
  const double c1 = window.luminanceConstant, c2 = window.contrastConstant;
  double full = 0.0, contrast = 0.0;
  for (int64_t y = 0; y < rowCount; y++, a += width, b += width) {
    sumRows(scratch, a, b, window.weights, window.size, width);
    for (int64_t x = 0; x < columnCount; x++) {
      double moments[5] = {0.0};
      for (int64_t k = 0; k < window.size; k++) {
        for (int m = 0; m < 5; m++) moments[m] += window.weights[k] * scratch[m * width + x + k];
      }
      const double ma = moments[0], mb = moments[1];
      const double va = moments[2] - ma * ma, vb = moments[3] - mb * mb;
      const double structure = (2.0 * (moments[4] - ma * mb) + c2) / (va + vb + c2);
      full += (2.0 * ma * mb + c1) / (ma * ma + mb * mb + c1) * structure;
      contrast += structure;
    }
  }
  const double count = (double)(rowCount * columnCount);
  means[0] = full / count;
  means[1] = contrast / count;
}
