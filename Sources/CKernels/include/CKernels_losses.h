// Losses: sums, squared error, hinge, cross-entropy over a vocabulary.
#ifndef CKERNELS_LOSSES_H
#define CKERNELS_LOSSES_H

#include <stdint.h>

// The sum of x.
double CKernels_sum(const float *x, int64_t count);

// The sum of max(0, 1 - sign x).
double CKernels_hinge(const float *x, float sign, int64_t count);

// dx (+)= -factor sign where sign x < 1.
void CKernels_hingeBackward(float *dx, const float *x, float sign, float factor, int isAdding,
                            int64_t count);

// The sum of (x - target)^2.
double CKernels_squaredError(const float *x, const float *target, int64_t count);

// d (+)= factor * (x - target).
void CKernels_scaledDifference(float *d, const float *x, const float *target, float factor,
                               int isAdding, int64_t count);

// For each row of logits: its loss -log softmax(logits)[target], whether the target has the largest
// logit (the first one on ties), and statistics [rowCount, 2], the largest logit and the logarithm
// of the sum of exponentials from there.
void CKernels_crossEntropy(double *losses, int32_t *isCorrect, float *statistics,
                           const float *logits, const int32_t *targets, int64_t rowCount,
                           int64_t vocabularySize);

// dlogits (+)= factor * (softmax(logits) - one at the target).
void CKernels_crossEntropyBackward(float *dlogits, const float *logits, const int32_t *targets,
                                   const float *statistics, float factor, int isAdding,
                                   int64_t rowCount, int64_t vocabularySize);

#endif
