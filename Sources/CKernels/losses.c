#include "CKernels_losses.h"

#include <math.h>

#include "kernel.h"
#include "reductions.h"
#include "vector_math.h"

KERNEL double CKernels_sum(const float *x, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)x[i];
  return sum;
}

KERNEL double CKernels_hinge(const float *x, float sign, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    const float distance = 1 - sign * x[i];
    sum += distance > 0 ? (double)distance : 0;
  }
  return sum;
}

KERNEL void CKernels_hingeBackward(float *dx, const float *x, float sign, float factor,
                                   int isAdding, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float value = 1 - sign * x[i] > 0 ? -factor * sign : 0;
    dx[i] = isAdding ? dx[i] + value : value;
  }
}

KERNEL double CKernels_squaredError(const float *x, const float *target, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    const double difference = (double)(x[i] - target[i]);
    sum += difference * difference;
  }
  return sum;
}

KERNEL void CKernels_scaledDifference(float *d, const float *x, const float *target, float factor,
                                      int isAdding, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float value = factor * (x[i] - target[i]);
    d[i] = isAdding ? d[i] + value : value;
  }
}

INLINE float sumOfExponentials(const float *x, float maximum, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += vectorExp(x[i] - maximum);
  return sum;
}

KERNEL void CKernels_crossEntropy(double *losses, int32_t *isCorrect, float *statistics,
                                  const float *logits, const int32_t *targets, int64_t rowCount,
                                  int64_t vocabularySize) {
  for (int64_t row = 0; row < rowCount; row++, logits += vocabularySize) {
    const float maximum = largestElement(logits, vocabularySize);
    const double logSum = log((double)sumOfExponentials(logits, maximum, vocabularySize));
    const int32_t target = targets[row];
    losses[row] = logSum + ((double)maximum - (double)logits[target]);
    statistics[2 * row] = maximum;
    statistics[2 * row + 1] = (float)logSum;
    int isLargest = logits[target] == maximum;
    for (int32_t k = 0; isLargest && k < target; k++) isLargest = logits[k] != maximum;
    isCorrect[row] = isLargest;
  }
}

KERNEL void CKernels_crossEntropyBackward(float *dlogits, const float *logits,
                                          const int32_t *targets, const float *statistics,
                                          float factor, int isAdding, int64_t rowCount,
                                          int64_t vocabularySize) {
  for (int64_t row = 0; row < rowCount; row++) {
    const float maximum = statistics[2 * row];
    const float logSum = statistics[2 * row + 1];
    if (isAdding) {
      for (int64_t k = 0; k < vocabularySize; k++) {
        dlogits[k] += factor * vectorExp((logits[k] - maximum) - logSum);
      }
    } else {
      for (int64_t k = 0; k < vocabularySize; k++) {
        dlogits[k] = factor * vectorExp((logits[k] - maximum) - logSum);
      }
    }
    dlogits[targets[row]] -= factor;
    logits += vocabularySize;
    dlogits += vocabularySize;
  }
}
