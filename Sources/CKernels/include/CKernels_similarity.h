// Rows of channels: division by the Euclidean norm, the cosine of the angle of two, weighted distances.
#ifndef CKERNELS_SIMILARITY_H
#define CKERNELS_SIMILARITY_H

#include <stdint.h>

// norms[r] = the Euclidean norm of row r.
void CKernels_rowNorms(float *norms, const float *x, int64_t rowCount, int64_t channelCount);

// y = x / (norm + epsilon) in each row.
void CKernels_l2Normalize(float *y, const float *x, const float *norms, float epsilon,
                          int64_t rowCount, int64_t channelCount);

// The gradient of the rows, 0 where the norm is 0; or that added to dx when isAdding.
void CKernels_l2NormalizeGradient(float *dx, const float *dy, const float *x, const float *norms,
                                  float epsilon, int isAdding, int64_t rowCount,
                                  int64_t channelCount);

// cosines[r] = a b / (max(norm of a, epsilon) max(norm of b, epsilon)).
void CKernels_cosineSimilarity(float *cosines, const float *a, const float *b, const float *aNorms,
                               const float *bNorms, float epsilon, int64_t rowCount,
                               int64_t channelCount);

// The gradient of the rows a, or that added to da when isAdding; that of b with the roles exchanged.
void CKernels_cosineSimilarityGradient(float *da, const float *dCosines, const float *cosines,
                                       const float *a, const float *b, const float *aNorms,
                                       const float *bNorms, float epsilon, int isAdding,
                                       int64_t rowCount, int64_t channelCount);

// distances[r] = the sum over channels of weight (x - y)^2.
void CKernels_weightedDistances(float *distances, const float *x, const float *y,
                                const float *weight, int64_t rowCount, int64_t channelCount);

// dx = factor weight (x - y) in each row, or dx += that when isAdding.
void CKernels_weightedDifferences(float *dx, const float *x, const float *y, const float *weight,
                                  float factor, int isAdding, int64_t rowCount,
                                  int64_t channelCount);

#endif
