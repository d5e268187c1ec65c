// The optimizer's pass over the parameters, and the norm of the gradients.
#ifndef CKERNELS_OPTIMIZER_H
#define CKERNELS_OPTIMIZER_H

#include <stdint.h>

// The numbers of one AdamW step.
typedef struct {
  float gradientFactor;   // the gradient is multiplied by this first: clipping
  float firstWeight;      // 1 - beta1
  float secondDecay;      // beta2
  float secondWeight;     // 1 - beta2
  float rootFactor;       // 1 / sqrt(1 - beta2^t)
  float epsilon;          // added to the root
  float stepSize;         // rate / (1 - beta1^t)
  float valueFactor;      // 1 - rate · decay
  float averageFactor;    // 1 - d, or -d: see averageStaysNear
  int averageStaysNear;   // not 0: average += (1 - d)(w - average); 0: average = w - d(w - average)
} CKernels_AdamW;

// One step, all arrays of `count` elements; what is 0 everywhere stays 0. `bfloat16s`, if not null,
// receives the new values rounded to bfloat16; `average` may be null.
void CKernels_adamW(float *values, uint16_t *bfloat16s, float *first, float *second, float *average,
                    const float *gradients, const CKernels_AdamW *p, int64_t count);

// The sum of products, in double precision.
double CKernels_innerProduct(const float *a, const float *b, int64_t count);

// The sum of squares; not finite exactly when some element is not.
double CKernels_squaredNorm(const float *x, int64_t count);

#endif
