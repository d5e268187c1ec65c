// Resampling along the rows by products of pairs of 16-bit numbers.
#ifndef RESAMPLING_PAIRS_H
#define RESAMPLING_PAIRS_H

#include "CKernels_resampling.h"

// Resamples the first rows of an image as CKernels_resampleHorizontally does, to the same bytes, and returns
// how many: those of which 16 bytes can be read at a time without going beyond the image's end. None where
// the processor has no AVX2, or where more than 64 input positions make an output position.
int64_t resampleRowsByPairs(uint8_t *output, const uint8_t *input, CKernelsResamplingAxis axis,
                            int64_t height, int64_t inputWidth, int64_t outputWidth);

#endif
