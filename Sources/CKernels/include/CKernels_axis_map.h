// A linear map along one axis of an array, for instance a resize of an image's rows.
#ifndef CKERNELS_AXIS_MAP_H
#define CKERNELS_AXIS_MAP_H

#include <stdint.h>

// Output position i is the sum of weights[k] * input[indices[k]] over starts[i] <= k < starts[i + 1].
typedef struct {
  const int32_t *starts;
  const int32_t *indices;
  const float *weights;
  int64_t inputSize;
  int64_t outputSize;
} CKernelsAxisMap;

// The map on each of several arrays: x [outerCount, inputSize, innerSize], y [outerCount, outputSize,
// innerSize], of which the rows firstRow ..< endRow of innerSize numbers are written, or added to when
// isAdding.
void CKernels_applyAxisMap(float *y, const float *x, CKernelsAxisMap map, int isAdding,
                           int64_t firstRow, int64_t endRow, int64_t innerSize);

#endif
