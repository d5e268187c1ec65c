// Group normalisation of channels-last images, with a SiLU after it where isSiLU.
//
// A range of pixels of one sample at a time. What differs by group is given by channel.
#ifndef CKERNELS_GROUPNORM_H
#define CKERNELS_GROUPNORM_H

#include <stdint.h>

// The numbers of one sample by channel, each [channelCount]; all but the last two are forward's.
typedef struct {
  const float *mean;
  const float *reciprocalStandardDeviation;
  const float *weight;
  const float *bias;
  // Mean over the group of the gradient of the normalised values, and of its product with them.
  const float *gradientMean;
  const float *gradientProjection;
} CKernels_GroupNormChannels;

// sums[0] = the sum over pixels of x - shift, sums[1] = of its square; sums: [2, channelCount].
void CKernels_groupNormMoments(float *sums, const float *x, const float *shift, int64_t pixelCount,
                               int64_t channelCount);

// y = activation((x - mean) reciprocalStandardDeviation weight + bias).
void CKernels_groupNorm(float *y, const float *x, CKernels_GroupNormChannels channels, int isSiLU,
                        int64_t pixelCount, int64_t channelCount);

// sums[0] = the sum over pixels of the gradient g before the activation, sums[1] = of g times the
// normalised value; sums: [2, channelCount]. Where isSiLU, g is written to `kept`.
void CKernels_groupNormGradientSums(float *sums, float *kept, const float *dy, const float *x,
                                    CKernels_GroupNormChannels channels, int isSiLU,
                                    int64_t pixelCount, int64_t channelCount);

// dx = the gradient of the input, or dx += when isAdding, from the gradient g before the activation;
// dx may be g.
void CKernels_groupNormBackward(float *dx, const float *g, const float *x,
                                CKernels_GroupNormChannels channels, int isAdding,
                                int64_t pixelCount, int64_t channelCount);

#endif
