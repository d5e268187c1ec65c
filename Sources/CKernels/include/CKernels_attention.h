// The parts of attention that are no matrix products.
#ifndef CKERNELS_ATTENTION_H
#define CKERNELS_ATTENTION_H

#include <stdint.h>

// Rows of one projection: queries or keys of all heads.
typedef struct {
  int64_t headCount;
  int64_t headSize;
  // Gain and bias of the layer norm over a head, or null without one.
  const float *weight;
  const float *bias;
  float epsilon;
} CKernelsHeads;

// y[row] = rotate(norm(x[row])) head by head; the angle's row is (firstToken + row) % tokenCount.
// cosines and sines are [tokenCount, headSize / 2].
void CKernels_normalizeRotate(float *y, int64_t yStride, const float *x, int64_t xStride,
                              CKernelsHeads heads, const float *cosines, const float *sines,
                              int64_t firstToken, int64_t tokenCount, int64_t rowCount);

// dx of normalizeRotate, with x read again; adds to dweight and dbias where there is a norm.
// scratch holds headSize numbers.
void CKernels_normalizeRotateGradient(float *dx, int64_t dxStride, float *dweight, float *dbias,
                                      const float *dy, int64_t dyStride, const float *x,
                                      int64_t xStride, CKernelsHeads heads, const float *cosines,
                                      const float *sines, int64_t firstToken, int64_t tokenCount,
                                      int64_t rowCount, float *scratch);

// Each row: e^(score - largest) over the first visible[row] scores, 0 over the rest.
// logSums[row] = log Σ e^score; inverseSums[row] = 1 / Σ of what the row holds now.
void CKernels_softmaxRows(float *scores, float *logSums, float *inverseSums,
                          const int32_t *visible, int64_t rowCount, int64_t columnCount);

// probabilities: scores on entry, e^(score - logSum) on exit, 0 beyond visible.
// gradients: dP on entry, probabilities (dP - delta) scale on exit.
void CKernels_softmaxGradientRows(float *probabilities, float *gradients, const float *logSums,
                                  const float *deltas, const int32_t *visible, float scale,
                                  int64_t rowCount, int64_t columnCount);

// rows[row] *= factors[row].
void CKernels_scaleRows(float *rows, int64_t stride, const float *factors, int64_t rowCount,
                        int64_t columnCount);

// sums[row] = Σ a·b over columns.
void CKernels_rowProducts(float *sums, const float *a, int64_t aStride, const float *b,
                          int64_t bStride, int64_t rowCount, int64_t columnCount);

#endif
