// The product of some rows by at most 64 columns, for processors with AVX-512: included once for
// each type of operands.
//
// A unit of 32 bits is a float, or a pair of bfloat16 numbers. The includer defines PRODUCT(name),
// which gives each function a name of its own, PRODUCT_TARGET, the instructions it takes, and
// MULTIPLY_ADD(sum, row, column), the sum with a unit of a row times a unit of each column added.

// A block of rows whose sums, 24 vectors at most, stay in registers; `last` says which numbers of
// the last vector there are. Three rows share a pointer, which the processor's addresses can reach, so
// that the pointers stay in registers too. `fetched` is the part of the next columns that comes to the
// second-level cache meanwhile.
static inline __attribute__((always_inline, PRODUCT_TARGET)) void PRODUCT(multiplyBlock)(
    float *c, int64_t stride, CKernelsFactor a, Columns b, Fetched fetched, int rowCount,
    int vectorCount, __mmask16 last) {
  __m512 sums[largestRowCount][panelWidth / vectorWidth];
  const uint32_t *rows[largestRowCount / rowsOfPointer];
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++) {
    if (i % rowsOfPointer == 0) rows[i / rowsOfPointer] = a.start + i * a.rowStride;
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) sums[i][j] = _mm512_setzero_ps();
  }
  const uint32_t *units = b.start;
  for (int64_t k = 0; k < b.depth; k++, units += b.stride) {
    if (b.next) {
      const int64_t line = fetched.place / fetchedUnit;
      _mm_prefetch((const char *)(b.next + line / vectorCount * b.stride +
                                  line % vectorCount * vectorWidth),
                   _MM_HINT_T1);
      fetched.place += fetched.step;
    }
    __m512i columns[panelWidth / vectorWidth];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) {
      columns[j] = j == vectorCount - 1 ? _mm512_maskz_loadu_epi32(last, units + j * vectorWidth)
                                        : _mm512_loadu_si512(units + j * vectorWidth);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rowCount; i++) {
      const uint32_t *row = rows[i / rowsOfPointer];
      const __m512i numbers = _mm512_set1_epi32((int)row[i % rowsOfPointer * a.rowStride]);
#pragma clang loop unroll(full)
      for (int j = 0; j < vectorCount; j++) {
        sums[i][j] = MULTIPLY_ADD(sums[i][j], numbers, columns[j]);
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rowCount; i += rowsOfPointer) rows[i / rowsOfPointer] += a.depthStride;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rowCount; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < vectorCount; j++) {
      float *target = c + i * stride + j * vectorWidth;
      const __mmask16 stored = j == vectorCount - 1 ? last : 0xffff;
      const __m512 sum =
          b.isAdding ? _mm512_add_ps(_mm512_maskz_loadu_ps(stored, target), sums[i][j])
                     : sums[i][j];
      _mm512_mask_storeu_ps(target, stored, sum);
    }
  }
}

// Blocks of `blockRowCount` rows from `row` on, as many as there are; the row behind them.
static inline __attribute__((always_inline, PRODUCT_TARGET)) int64_t PRODUCT(multiplyBlocks)(
    float *c, int64_t stride, CKernelsFactor a, Columns b, int64_t row, int64_t rowCount,
    int blockRowCount, int vectorCount, __mmask16 last) {
  const int64_t step = fetchedUnit * vectorCount * blockRowCount / rowCount;
  for (; row + blockRowCount <= rowCount; row += blockRowCount) {
    const CKernelsFactor rows = {a.start + row * a.rowStride, a.rowStride, a.depthStride};
    const Fetched fetched = {fetchedUnit * vectorCount * b.depth / rowCount * row, step};
    PRODUCT(multiplyBlock)(c + row * stride, stride, rows, b, fetched, blockRowCount, vectorCount,
                           last);
  }
  return row;
}

// All rows, in blocks of `blockRowCount`, then in smaller ones; a multiple of six.
static inline __attribute__((always_inline, PRODUCT_TARGET)) void PRODUCT(multiplyRows)(
    float *c, int64_t stride, CKernelsFactor a, Columns b, int64_t rowCount, int blockRowCount,
    int vectorCount, __mmask16 last) {
#define BLOCKS(size) \
  PRODUCT(multiplyBlocks)(c, stride, a, b, row, rowCount, size, vectorCount, last)
  int64_t row = 0;
  row = BLOCKS(blockRowCount);
  row = BLOCKS(blockRowCount / 3 * 2);
  row = BLOCKS(blockRowCount / 3);
  if (blockRowCount > 6) row = BLOCKS(blockRowCount / 6);
  row = BLOCKS(1);
#undef BLOCKS
}

__attribute__((PRODUCT_TARGET)) static void PRODUCT(multiplyByInstructions)(
    float *c, int64_t stride, CKernelsFactor a, Columns b, int64_t rowCount,
    int64_t columnCount) {
  const int64_t vectorCount = (columnCount + vectorWidth - 1) / vectorWidth;
  const int64_t restCount = columnCount - (vectorCount - 1) * vectorWidth;
  const __mmask16 last = (__mmask16)((1u << restCount) - 1);
  switch (vectorCount) {
    case 1: return PRODUCT(multiplyRows)(c, stride, a, b, rowCount, 24, 1, last);
    case 2: return PRODUCT(multiplyRows)(c, stride, a, b, rowCount, 12, 2, last);
    case 3: return PRODUCT(multiplyRows)(c, stride, a, b, rowCount, 6, 3, last);
    case 4: return PRODUCT(multiplyRows)(c, stride, a, b, rowCount, 6, 4, last);
  }
}

#undef PRODUCT
#undef PRODUCT_TARGET
#undef MULTIPLY_ADD
