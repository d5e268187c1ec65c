// What every kernel file of this target shares: how a kernel is compiled for several processors.
#ifndef KERNEL_H
#define KERNEL_H

// One copy of the function for AVX-512, one for AVX2 with FMA and one for any x86-64; the loader
// picks at start. On other processors the compiler's baseline (NEON on arm64) is all there is.
#if defined(__x86_64__)
#define KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL
#endif

// A helper that must become part of its caller, so that it is compiled for the caller's processor.
#define INLINE static inline __attribute__((always_inline))

#endif
