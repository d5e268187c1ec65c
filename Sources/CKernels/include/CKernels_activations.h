// Activations and their gradients, element by element.
#ifndef CKERNELS_ACTIVATIONS_H
#define CKERNELS_ACTIVATIONS_H

#include <stdint.h>

// y = x Φ(x), the exact GELU.
void CKernels_gelu(float *y, const float *x, int64_t count);

// dx = dy (Φ(x) + x φ(x)); dx may be dy.
void CKernels_geluGradient(float *dx, const float *dy, const float *x, int64_t count);

// y = x (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))) / 2, GELU's tanh form.
void CKernels_geluTanh(float *y, const float *x, int64_t count);

// The gradient of geluTanh; dx may be dy.
void CKernels_geluTanhGradient(float *dx, const float *dy, const float *x, int64_t count);

// y = tanh x.
void CKernels_tanh(float *y, const float *x, int64_t count);

// The gradient of tanh from its result y; dx may be dy.
void CKernels_tanhGradient(float *dx, const float *dy, const float *y, int64_t count);

// y = x, or 0 where x is negative.
void CKernels_relu(float *y, const float *x, int64_t count);

// y = x, or slope x where x is negative.
void CKernels_leakyReLU(float *y, const float *x, float slope, int64_t count);

// dx = dy, or slope dy where the result y is not positive; dx may be dy.
void CKernels_leakyReLUGradient(float *dx, const float *dy, const float *y, float slope,
                                int64_t count);

// y = x / (1 + e^-x).
void CKernels_silu(float *y, const float *x, int64_t count);

// The gradient of silu; dx may be dy.
void CKernels_siluGradient(float *dx, const float *dy, const float *x, int64_t count);

// y = silu(gate) value.
void CKernels_siluProduct(float *y, const float *gate, const float *value, int64_t count);

// The gradients of siluProduct.
void CKernels_siluProductGradient(float *dgate, float *dvalue, const float *dy, const float *gate,
                                  const float *value, int64_t count);

// The same of bfloat16 numbers: computed in single precision, results rounded.
void CKernels_geluOfBFloat16(uint16_t *y, const uint16_t *x, int64_t count);
void CKernels_geluGradientOfBFloat16(uint16_t *dx, const uint16_t *dy, const uint16_t *x,
                                   int64_t count);
void CKernels_geluTanhOfBFloat16(uint16_t *y, const uint16_t *x, int64_t count);
void CKernels_geluTanhGradientOfBFloat16(uint16_t *dx, const uint16_t *dy, const uint16_t *x,
                                         int64_t count);
void CKernels_tanhOfBFloat16(uint16_t *y, const uint16_t *x, int64_t count);
void CKernels_tanhGradientOfBFloat16(uint16_t *dx, const uint16_t *dy, const uint16_t *y,
                                     int64_t count);
void CKernels_reluOfBFloat16(uint16_t *y, const uint16_t *x, int64_t count);
void CKernels_leakyReLUOfBFloat16(uint16_t *y, const uint16_t *x, float slope, int64_t count);
void CKernels_leakyReLUGradientOfBFloat16(uint16_t *dx, const uint16_t *dy, const uint16_t *y,
                                          float slope, int64_t count);
void CKernels_siluOfBFloat16(uint16_t *y, const uint16_t *x, int64_t count);
void CKernels_siluGradientOfBFloat16(uint16_t *dx, const uint16_t *dy, const uint16_t *x,
                                   int64_t count);
void CKernels_siluProductOfBFloat16(uint16_t *y, const uint16_t *gate, const uint16_t *value,
                                  int64_t count);
void CKernels_siluProductGradientOfBFloat16(uint16_t *dgate, uint16_t *dvalue, const uint16_t *dy,
                                          const uint16_t *gate, const uint16_t *value,
                                          int64_t count);

#endif
