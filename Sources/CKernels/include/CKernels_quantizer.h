// The vector quantizer: unit rows, nearest codes, entropy of soft assignments.
//
// Codes are read in blocks of 16: element (code, channel) lies at
// [code / 16][channel][code % 16], and the last block is filled up with copies of the last code.
#ifndef CKERNELS_QUANTIZER_H
#define CKERNELS_QUANTIZER_H

#include <stdint.h>

// y = x / max(|x|, epsilon) for each row.
void CKernels_normalizeRows(float *y, const float *x, float epsilon, int64_t rowCount,
                            int64_t width);

// dx (+)= the gradient of CKernels_normalizeRows at x for the result's gradient dy.
void CKernels_normalizeRowsBackward(float *dx, const float *dy, const float *x, float epsilon,
                                    int isAdding, int64_t rowCount, int64_t width);

// Writes codes [codeCount, width] in blocks.
void CKernels_packCodes(float *blocks, const float *codes, int64_t codeCount, int64_t width);

// The code with the largest inner product for each row of z, the first one on ties.
void CKernels_nearestCodes(int32_t *index, const float *z, const float *blocks, int64_t rowCount,
                           int64_t codeCount, int64_t width);

// p = softmax(scale * z·c) for each row of z: statistics [rowCount, 3] gets the largest score, the
// logarithm of the sum of exponentials from there, and the entropy; sums [codeCount] gets the sum
// of p over the rows. scratch holds 4 rows of whole blocks.
void CKernels_assignmentEntropy(float *statistics, float *sums, float *scratch, const float *z,
                                const float *blocks, float scale, int64_t rowCount,
                                int64_t codeCount, int64_t width);

// The gradients dz [rowCount, width] (written) and dblocks (written, in blocks) of
// factor * (sum of entropies + sum over codes of a function of p's sum, whose derivative is slopes).
// scratch holds 5 rows of whole blocks.
void CKernels_assignmentEntropyBackward(float *dz, float *dblocks, float *scratch, const float *z,
                                        const float *blocks, const float *statistics,
                                        const float *slopes, float scale, float factor,
                                        int64_t rowCount, int64_t codeCount, int64_t width);

// dcodes [codeCount, width] (+)= scale * the sum of partCount arrays of blocks, in their order;
// partSize elements lie between the starts of two of them.
void CKernels_sumCodeBlocks(float *dcodes, const float *parts, float scale, int isAdding,
                            int64_t partCount, int64_t partSize, int64_t codeCount, int64_t width);

#endif
