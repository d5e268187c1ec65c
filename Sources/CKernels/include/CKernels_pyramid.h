// Latent tokens initialised from image features: level by level, what the coarser ones left over.
#ifndef CKERNELS_PYRAMID_H
#define CKERNELS_PYRAMID_H

#include <stdint.h>

// The largest number of channels that one call works on.
#define CKERNELS_PYRAMID_CHANNELS 32

typedef struct {
  int64_t rows, columns;
} CKernels_Grid;

// y[tokens of all levels, channels] from x[image cells, channels], both with rows of `stride`
// elements; `rest` has space for image cells · channels elements.
void CKernels_latentPyramid(float *y, const float *x, float *rest, CKernels_Grid image,
                            const CKernels_Grid *levels, int64_t levelCount, int isResidual,
                            int64_t stride, int64_t channels);

// dx = the transposed map of the above on dy, or dx + that when isAdding is not 0; `dRest` has space
// for image cells · channels elements, `dToken` for the largest level's.
void CKernels_latentPyramidBackward(float *dx, const float *dy, float *dRest, float *dToken,
                                    CKernels_Grid image, const CKernels_Grid *levels,
                                    int64_t levelCount, int isResidual, int isAdding,
                                    int64_t stride, int64_t channels);

#endif
