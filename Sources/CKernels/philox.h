// Philox4x32-10, the counter-based generator of Salmon et al. 2011 ("Parallel random numbers: as
// easy as 1, 2, 3"): 128 random bits as a pure function of a 128-bit counter and a 64-bit key.
//
// A stream of this library is named by 128 bits, the key and the upper half of the counter; the
// lower half numbers the blocks of four words inside the stream.
#ifndef PHILOX_H
#define PHILOX_H

#include <stdint.h>

#include "kernel.h"

// The name of a stream.
typedef struct {
  uint64_t key, stream;
} StreamName;

// Blocks that are computed together, so that the ten rounds run on vectors.
enum { BLOCK_LANES = 16, BLOCK_WORDS = 4, GROUP_WORDS = BLOCK_LANES * BLOCK_WORDS };

INLINE void philoxBlock(uint32_t *restrict y, const uint32_t *counter, uint64_t key) {
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
  uint32_t low = (uint32_t)key, high = (uint32_t)(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
    const uint64_t p = UINT64_C(0xD2511F53) * a;
    const uint64_t q = UINT64_C(0xCD9E8D57) * c;
    a = (uint32_t)(q >> 32) ^ b ^ low;
    b = (uint32_t)q;
    c = (uint32_t)(p >> 32) ^ d ^ high;
    d = (uint32_t)p;
    low += 0x9E3779B9;
    high += 0xBB67AE85;
  }
  y[0] = a, y[1] = b, y[2] = c, y[3] = d;
}

// Block number `block` of a stream.
INLINE void streamBlock(uint32_t *y, StreamName name, uint64_t block) {
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)name.stream,
                               (uint32_t)(name.stream >> 32)};
  philoxBlock(y, counter, name.key);
}

// BLOCK_LANES blocks from `first` on; word j of block first + lane comes to y[j][lane].
INLINE void streamBlocks(uint32_t y[BLOCK_WORDS][BLOCK_LANES], StreamName name, uint64_t first) {
#pragma clang loop vectorize(enable)
  for (int lane = 0; lane < BLOCK_LANES; lane++) {
    uint32_t words[4];
    streamBlock(words, name, first + (uint64_t)lane);
    y[0][lane] = words[0], y[1][lane] = words[1], y[2][lane] = words[2], y[3][lane] = words[3];
  }
}

#endif
