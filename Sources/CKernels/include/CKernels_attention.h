// The parts of attention that are no matrix products, one head at a time.
#ifndef CKERNELS_ATTENTION_H
#define CKERNELS_ATTENTION_H

#include <stdint.h>

// Scores come in rows whose stride is a multiple of this.
enum { CKernelsScoreBlock = 16 };

// Layer norm over a head: gain and bias, or null without one.
typedef struct {
  const float *weight;
  const float *bias;
  float epsilon;
} CKernelsHeadNorm;

// Which channels of a head are a pair (a, b) that a rotation turns: none, 2j and 2j + 1, or j and
// j + headSize / 2.
typedef enum {
  CKernelsNoPairs = 0,
  CKernelsAdjacentPairs = 1,
  CKernelsHalfPairs = 2,
} CKernelsHeadPairs;

// Rotation of each row: cosines and sines of its pairs' angles, [rowCount, headSize / 2].
typedef struct {
  CKernelsHeadPairs pairs;
  const float *cosines;
  const float *sines;
} CKernelsHeadTurn;

// y[row] = rotate(norm(x[row])) factor, (a, b) -> (a cos - b sin, b cos + a sin).
void CKernels_rotateHead(float *y, int64_t yStride, const float *x, int64_t xStride,
                         CKernelsHeadNorm norm, CKernelsHeadTurn turn, float factor,
                         int64_t rowCount, int64_t headSize);

// dx of rotateHead, with x read again; adds to dweight and dbias where there is a norm.
// dy is turned back in place.
void CKernels_rotateHeadGradient(float *dx, int64_t dxStride, float *dweight, float *dbias,
                                 float *dy, int64_t dyStride, const float *x, int64_t xStride,
                                 CKernelsHeadNorm norm, CKernelsHeadTurn turn, float factor,
                                 int64_t rowCount, int64_t headSize);

// Each row: e^(score - largest) over the first visible[row] scores, 0 over the rest of the stride.
// logSums[row] = log Σ e^score; inverseSums[row] = 1 / Σ of what the row holds now.
void CKernels_softmaxRows(float *scores, int64_t stride, float *logSums, float *inverseSums,
                          const int32_t *visible, int64_t rowCount);

// probabilities: scores on entry, e^(score - logSum) on exit.
// gradients: dP on entry, P (dP - Σ P dP) on exit. Both are 0 beyond visible.
void CKernels_softmaxGradientRows(float *probabilities, float *gradients, int64_t stride,
                                  const float *logSums, const int32_t *visible, int64_t rowCount);

// rows[row] *= factors[row].
void CKernels_scaleRows(float *rows, int64_t stride, const float *factors, int64_t rowCount,
                        int64_t columnCount);

#endif
