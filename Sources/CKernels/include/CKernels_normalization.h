// Normalisation over the last axis, row by row.
#ifndef CKERNELS_NORMALIZATION_H
#define CKERNELS_NORMALIZATION_H

#include <stdint.h>

// y = (x - mean) / sqrt(variance + epsilon) * weight + bias; statistics[2r], [2r + 1] are a row's
// mean and reciprocal standard deviation.
void CKernels_layerNorm(float *y, float *statistics, const float *x, const float *weight,
                        const float *bias, int64_t rowCount, int64_t channelCount, float epsilon);

// dx of layerNorm; adds the rows' share to dweight and dbias.
void CKernels_layerNormGradient(float *dx, float *dweight, float *dbias, const float *dy,
                                const float *x, const float *statistics, const float *weight,
                                int64_t rowCount, int64_t channelCount);

// y = x / sqrt(mean(x²) + epsilon) * weight; statistics[r] is a row's factor.
void CKernels_rmsNorm(float *y, float *statistics, const float *x, const float *weight,
                      int64_t rowCount, int64_t channelCount, float epsilon);

// dx of rmsNorm; adds the rows' share to dweight.
void CKernels_rmsNormGradient(float *dx, float *dweight, const float *dy, const float *x,
                              const float *statistics, const float *weight, int64_t rowCount,
                              int64_t channelCount);

#endif
