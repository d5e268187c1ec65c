// Counter-based random numbers (Philox4x32-10) and what is drawn from them.
//
// A stream is named by (key, stream); its block number b holds the positions 4b … 4b + 3. Functions
// that fill begin at block `firstBlock`, so that pieces of one array can be filled apart.
#ifndef CKERNELS_PHILOX_H
#define CKERNELS_PHILOX_H

#include <stdint.h>

// The four words y of a four-word counter under a key.
void CKernels_philox(uint32_t *y, const uint32_t *counter, uint64_t key);

// y uniform from low to high in steps of 2^-24 of the width.
void CKernels_uniform(float *y, float low, float high, uint64_t key, uint64_t stream,
                      int64_t firstBlock, int64_t count);

// y normal with mean 0.
void CKernels_normal(float *y, float standardDeviation, uint64_t key, uint64_t stream, int64_t firstBlock,
                     int64_t count);

// y normal with mean 0, redrawn while outside ±bound.
void CKernels_truncatedNormal(float *y, float standardDeviation, float bound, uint64_t key, uint64_t stream,
                              int64_t firstBlock, int64_t count);

// y = scale · x where the word at the position is at least `threshold`, else 0; y may be x.
// When isAdding is not 0, this is added to y.
void CKernels_dropout(float *y, const float *x, uint32_t threshold, float scale, int isAdding,
                      uint64_t key, uint64_t stream, int64_t firstBlock, int64_t count);

#endif
