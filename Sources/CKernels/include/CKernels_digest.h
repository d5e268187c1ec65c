// A digest of memory that finds differences, not forgeries.
#ifndef CKERNELS_DIGEST_H
#define CKERNELS_DIGEST_H

#include <stdint.h>

// 64 bits that depend on every byte and on the count; words are read as little-endian.
uint64_t CKernels_digest(const void *x, int64_t byteCount);

#endif
