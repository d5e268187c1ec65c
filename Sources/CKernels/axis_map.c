#include "CKernels_axis_map.h"

#include "kernel.h"

// Works on short runs, so that the sums stay in the first cache level.
KERNEL void CKernels_applyAxisMap(float *restrict y, const float *restrict x, CKernelsAxisMap map,
                                  int isAdding, int64_t firstRow, int64_t endRow,
                                  int64_t innerSize) {
  enum { runLength = 512 };
  float sums[runLength];
  for (int64_t row = firstRow; row < endRow; row++) {
    const int64_t i = row % map.outputSize;
    const float *input = x + row / map.outputSize * map.inputSize * innerSize;
    for (int64_t start = 0; start < innerSize; start += runLength) {
      const int64_t length = innerSize - start < runLength ? innerSize - start : runLength;
      float *output = y + row * innerSize + start;
      for (int64_t c = 0; c < length; c++) sums[c] = isAdding ? output[c] : 0.0f;
      for (int32_t k = map.starts[i]; k < map.starts[i + 1]; k++) {
        const float *source = input + map.indices[k] * innerSize + start;
        const float weight = map.weights[k];
        for (int64_t c = 0; c < length; c++) sums[c] += weight * source[c];
      }
      for (int64_t c = 0; c < length; c++) output[c] = sums[c];
    }
  }
}
