// Factors of bfloat16 products in the order in which the processor's instructions read them.
//
// A panel has 64 columns of the factor. The numbers of two neighbouring rows of a column lie side by
// side, [pair of rows][column][row of the pair], which oneDNN names BA16a64b2a.
#ifndef CKERNELS_PANELS_H
#define CKERNELS_PANELS_H

#include <stdbool.h>
#include <stdint.h>

// Columns of a panel.
enum { CKernelsPanelWidth = 64 };

// Packs `pairCount` pairs of rows of one panel: rows first, first + 1, ... of a factor with `rowCount`
// rows, and `columnCount` columns, 64 at most. Rows before 0, which `first` may ask for, and what lies
// behind the end become zero. Row r of the factor starts at source + r * stride.
void CKernels_packPanel(uint32_t *panel, const uint16_t *source, int64_t stride, int64_t first,
                        int64_t rowCount, int64_t columnCount, int64_t pairCount);

// The same from row 0 on for a factor whose transpose is in memory: column c starts at source +
// c * stride. pairCount is a multiple of 16.
void CKernels_packTransposedPanel(uint32_t *panel, const uint16_t *source, int64_t stride,
                                  int64_t rowCount, int64_t columnCount, int64_t pairCount);

// Turns a panel into rows: pair p of column c, of all 64, goes to rows[c * stride + p]. Up to fifteen pairs more
// of each row become zero, for which there is room.
void CKernels_turnPanel(uint32_t *rows, int64_t stride, const uint32_t *panel, int64_t pairCount);

// Widens pairs of a bfloat16 panel: pair p of column c becomes rows[2 * p][c] and rows[2 * p + 1][c], in rows of 64.
void CKernels_widenPanel(float *rows, const uint32_t *panel, int64_t pairCount);

// Copies `columnCount` columns, 64 at most, of a float32 factor with `rowCount` rows into rows of 64 that
// lie side by side; what is behind them keeps its content.
void CKernels_packFloatPanel(float *panel, const float *source, int64_t stride, int64_t rowCount,
                             int64_t columnCount);

// The left-hand factor of a product, in units of 32 bits: floats, or pairs of bfloat16 numbers that are
// neighbours in a row. Unit k of row r is start[r * rowStride + k * depthStride]. For an ordinary matrix
// rowStride is what lies between rows and depthStride is 1; for the transpose of one, or of a panel, it
// is the other way round.
typedef struct {
  const uint32_t *start;
  int64_t rowStride;
  int64_t depthStride;
} CKernelsFactor;

// Rounds rows to bfloat16 for products. Numbers below the smallest normal one may become 0, since the
// processor's instructions take them for 0.
void CKernels_roundOperandRows(uint16_t *y, int64_t yStride, const float *x, int64_t xStride,
                               int64_t rowCount, int64_t columnCount);

// What multiplies pairs of bfloat16 numbers; each adds in an order of its own.
typedef enum {
  // Ordinary loops: the reference, and what any processor runs.
  CKernelsLoops,
  // AVX-512 with bfloat16.
  CKernelsVectors,
  // The matrix registers of AMX.
  CKernelsTiles,
} CKernelsInstructions;

// The fastest that this process may use, which may use those before it too.
CKernelsInstructions CKernels_bestInstructions(void);

// C = A * B in single precision, or C += A * B; B is a panel of as many pairs of rows as A has units in
// a row, 1 at least. C has `columnCount` columns, 1 to 64. Where A is a transpose, all sixteen columns are
// readable of which one is used.
void CKernels_multiplyPairs(CKernelsInstructions instructions, float *c, int64_t stride,
                            CKernelsFactor a, const uint32_t *b, int64_t pairCount,
                            int64_t rowCount, int64_t columnCount, bool isAdding);

// Vectors that multiply floats. For multiples of 16 columns AVX-512 and AVX2 give the same bits; other columns have
// another order of roundings without AVX-512.
typedef enum {
  // Ordinary loops: the reference, and what any processor runs.
  CKernelsFloatLoops,
  // AVX2 with FMA.
  CKernelsFloatVectors256,
  CKernelsFloatVectors512,
} CKernelsVectorWidth;

// The same of floats, by vectors of a width as far as the processor has them; B is `depth` rows that are bStride apart, a panel or an ordinary matrix.
// `next` is the B of the next call, which is fetched from memory meanwhile; null where it is in the cache already.
void CKernels_multiplyFloats(CKernelsVectorWidth width, float *c, int64_t stride,
                             CKernelsFactor a, const uint32_t *b, int64_t bStride,
                             int64_t depth, int64_t rowCount, int64_t columnCount,
                             bool isAdding, const uint32_t *next);

#endif
