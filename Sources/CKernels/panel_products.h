// What the kernels of products with a panel share.
#ifndef PANEL_PRODUCTS_H
#define PANEL_PRODUCTS_H

#include <stdbool.h>
#include <stdint.h>

#include "CKernels_panels.h"

// The right-hand factor, at most 64 columns of it, and what becomes of the product.
typedef struct {
  const uint32_t *start;
  int64_t stride;
  int64_t depth;
  bool isAdding;
  // What lies like these columns and is multiplied with next; null where that is not known.
  const uint32_t *next;
} Columns;

// Units of depth whose products are summed in tiles before they are added to C: 64 KiB of a panel.
enum { tileDepth = 256 };

// C = A * B or C += A * B for a few units of depth.
typedef void Multiply(float *c, int64_t stride, CKernelsFactor a, Columns b, int64_t rowCount,
                      int64_t columnCount);

// Whether this process may use the processor's tiles for bfloat16 products (AMX).
bool multipliesTiles(void);

// The product of pairs of bfloat16 numbers in tiles; b.stride is 64. A is an ordinary matrix, or the
// transpose of a panel.
Multiply multiplyTilesOfPairs;

#endif
