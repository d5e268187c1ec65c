// Sums, merges and transpositions of tokens: rows of channels.
#ifndef CKERNELS_TOKENS_H
#define CKERNELS_TOKENS_H

#include <stdint.h>

// totals[c] += sum over rows of x[row · rowStride + c].
void CKernels_addToTotals(double *totals, const float *x, int64_t rowCount, int64_t rowStride,
                      int64_t columnCount);

// y = totals, or y + totals when isAdding is not 0.
void CKernels_storeTotals(float *y, const double *totals, int isAdding, int64_t count);

// merged = mean of the two rows x (or the first), y = x (or x - merged).
void CKernels_mergePair(float *merged, float *y, const float *x, int isAverage, int isResidual,
                        int64_t channelCount);

// dx = the transposed map of the above on (dMerged, dy), or dx + that when isAdding is not 0.
void CKernels_mergePairBackward(float *dx, const float *dMerged, const float *dy, int isAverage,
                                int isResidual, int isAdding, int64_t channelCount);

// y[columnCount, rowCount] = x[rowCount, columnCount] transposed, for rows firstRow ..< endRow of x.
void CKernels_transpose(float *y, const float *x, int64_t firstRow, int64_t endRow,
                        int64_t rowCount, int64_t columnCount, int isAdding);

#endif
