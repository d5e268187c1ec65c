#include "CKernels_activations.h"

#include "bfloat16.h"
#include "kernel.h"
#include "vector_math.h"

// The tanh form's stand-in for the normal distribution function, (1 + tanh v)/2 with
// v = sqrt(2/pi) (x + 0.044715 x³), as σ(2v); *slope is its derivative.
//
// From the exponential of -|2v|, so that neither side loses digits as 1 - σ would. Beyond ±20 it has
// long been 0 or 1, while v would leave the range of single precision.
INLINE float tanhDistribution(float x, float *slope) {
  const float above = x < -20.0f ? -20.0f : x;
  const float u = above > 20.0f ? 20.0f : above;
  const float factor = 0x1.988454p+0f;  // 2 sqrt(2/pi)
  const float square = 0.044715f * u * u;
  const float exponent = factor * u * (1.0f + square);
  const float exponential = vectorExp(exponent < 0.0f ? exponent : -exponent);
  const float upper = 1.0f / (1.0f + exponential);
  const float lower = exponential * upper;
  *slope = lower * upper * factor * (1.0f + 3.0f * square);
  return exponent < 0.0f ? lower : upper;
}

#define KERNEL_NAME(name) CKernels_##name
#define NUMBER float
#define READ(number) (number)
#define WRITE(number) (number)
#include "activation_kernels.h"

#define KERNEL_NAME(name) CKernels_##name##OfBFloat16
#define NUMBER uint16_t
#define READ(number) widened(number)
#define WRITE(number) ((uint16_t)bfloat16Bits(number))
#include "activation_kernels.h"
