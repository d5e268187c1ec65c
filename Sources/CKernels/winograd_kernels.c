// Weights to values at points, and sums at points to the gradient of weights.
#include "winograd.h"

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
                      isAdding ? CKernelsAddTo : CKernelsWriteOver, false);
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
