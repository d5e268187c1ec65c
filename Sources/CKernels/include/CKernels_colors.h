// Colours of channels-last images.
#ifndef CKERNELS_COLORS_H
#define CKERNELS_COLORS_H

#include <stdint.h>

// y = own x + grey (the mean over the pixel's channels of x) + offset, or y += that.
void CKernels_mixColors(float *y, const float *x, float own, float grey, float offset,
                        int isAdding, int64_t pixelCount, int64_t channelCount);

#endif
