#include "CKernels_digest.h"

#include <string.h>

enum { LANES = 8, BLOCK_SIZE = LANES * sizeof(uint64_t) };

static const uint64_t MULTIPLIER = UINT64_C(0x9E3779B97F4A7C15);  // odd: 2^64 / the golden ratio

// Every step below can be undone, so that a difference in one word is never lost.
static inline uint64_t mix(uint64_t h, uint64_t word) {
  h = (h ^ word) * MULTIPLIER;
  return h ^ (h >> 32);
}

static inline void absorb(uint64_t *h, const unsigned char *block) {
  for (int lane = 0; lane < LANES; lane++) {
    uint64_t word;
    memcpy(&word, block + lane * sizeof word, sizeof word);
    h[lane] = mix(h[lane], word);
  }
}

uint64_t CKernels_digest(const void *x, int64_t byteCount) {
  const unsigned char *bytes = x;
  uint64_t h[LANES];
  for (int lane = 0; lane < LANES; lane++) h[lane] = (uint64_t)lane + 1;
  int64_t i = 0;
  for (; i + BLOCK_SIZE <= byteCount; i += BLOCK_SIZE) absorb(h, bytes + i);
  if (i < byteCount) {
    unsigned char last[BLOCK_SIZE] = {0};
    memcpy(last, bytes + i, (size_t)(byteCount - i));
    absorb(h, last);
  }
  uint64_t total = mix(0, (uint64_t)byteCount);
  for (int lane = 0; lane < LANES; lane++) total = mix(mix(total, h[lane]), 0);
  return total;
}
