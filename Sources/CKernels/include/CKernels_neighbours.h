// Distances between rows of features, in double precision.
#ifndef CKERNELS_NEIGHBOURS_H
#define CKERNELS_NEIGHBOURS_H

#include <stdint.h>

// distances[i * stride + j] = the sum over channels of (a_i - b_j)^2.
//
// A distance has the same bits wherever its two rows stand and whichever of them comes first.
void CKernels_squaredDistances(double *distances, int64_t stride, const float *a, int64_t aCount,
                               const float *b, int64_t bCount, int64_t channelCount);

#endif
