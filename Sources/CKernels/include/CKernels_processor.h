// What the processor is, as far as kernels are chosen by it.
#ifndef CKERNELS_PROCESSOR_H
#define CKERNELS_PROCESSOR_H

#include <stdint.h>

typedef enum {
  // Neither of those below.
  CKernelsOtherProcessor,
  // AVX2 with FMA.
  CKernelsVectors256Processor,
  // AVX-512 without bfloat16.
  CKernelsVectors512Processor,
  // AVX-512 with bfloat16, whose products take twice as long as those of as many floats: Intel's.
  CKernelsSlowPairsProcessor,
  // AVX-512 with bfloat16, at twice the rate of floats.
  CKernelsFastPairsProcessor,
  // The matrix registers of AMX.
  CKernelsTilesProcessor,
} CKernelsProcessorKind;

CKernelsProcessorKind CKernels_processorKind(void);

// Bytes of a core's second-level cache; a usual size where the system does not say.
int64_t CKernels_secondLevelCacheSize(void);

#endif
