#include "CKernels_processor.h"

#include <unistd.h>

#include "panel_products.h"

CKernelsProcessorKind CKernels_processorKind(void) {
#if defined(__x86_64__)
  if (multipliesTiles()) return CKernelsTilesProcessor;
  if (__builtin_cpu_supports("avx512bf16")) {
    return __builtin_cpu_is("intel") ? CKernelsSlowPairsProcessor : CKernelsFastPairsProcessor;
  }
  if (__builtin_cpu_supports("avx512f")) return CKernelsVectors512Processor;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return CKernelsVectors256Processor;
  }
#endif
  return CKernelsOtherProcessor;
}

int64_t CKernels_secondLevelCacheSize(void) {
  enum { usualSize = 1 << 20 };
#ifdef _SC_LEVEL2_CACHE_SIZE
  const long size = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (size > 0) return size;
#endif
  return usualSize;
}
