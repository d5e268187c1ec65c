#include "CKernels_activations.h"

#include "bfloat16.h"
#include "kernel.h"
#include "vector_math.h"

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
