#include "panel_products.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transpose.h"

// Rows of a tile, and units of 32 bits in one of its rows; rows and columns of a block of C; bytes of a unit.
enum { size = 16, blockSize = 2 * size, unitSize = sizeof(uint32_t) };

#define TILE_TARGET target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl")
#define TILE_INLINE static inline __attribute__((always_inline, TILE_TARGET))

bool multipliesTiles(void) {
  enum { unknown, no, yes };
  static atomic_int answer = unknown;
  int known = atomic_load_explicit(&answer, memory_order_relaxed);
  if (known == unknown) {
    // Linux keeps a process from the tiles' registers until it asks for them.
    const long requestPermission = 0x1023, tileRegisters = 18;
    const bool exists = __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16");
    known = exists && !syscall(SYS_arch_prctl, requestPermission, tileRegisters) ? yes : no;
    atomic_store_explicit(&answer, known, memory_order_relaxed);
  }
  return known == yes;
}

// Sizes of a block of C, 32 rows and columns at most, and of the depth that a tile holds.
typedef struct {
  int64_t rowCount;
  int64_t columnCount;
  int64_t unitCount;
} BlockSize;

// What the processor reads of the shapes of its eight tiles: 0 to 3 hold a block's sums, two tiles
// high and two wide, 4 and 5 rows of A, 6 and 7 columns of B.
typedef struct {
  uint8_t palette;
  uint8_t startRow;
  uint8_t reserved[14];
  uint16_t byteCounts[16];
  uint8_t rowCounts[16];
} TileShapes;

TILE_INLINE void shapeTile(TileShapes *shapes, int tile, int64_t rowCount, int64_t unitCount) {
  if (rowCount <= 0 || unitCount <= 0) return;
  shapes->rowCounts[tile] = (uint8_t)(rowCount < size ? rowCount : size);
  shapes->byteCounts[tile] = (uint16_t)(unitSize * (unitCount < size ? unitCount : size));
}

// Shapes all tiles for a block, unless they have the shapes: to give them new ones takes the processor
// ten times as long as to say which ones they have.
TILE_INLINE void shapeTiles(BlockSize *current, BlockSize block) {
  if (current->rowCount == block.rowCount && current->columnCount == block.columnCount &&
      current->unitCount == block.unitCount) {
    return;
  }
  *current = block;
  TileShapes wanted, known;
  memset(&wanted, 0, sizeof wanted);
  wanted.palette = 1;
  for (int i = 0; i < 2; i++) {
    const int64_t rows = block.rowCount - i * size, columns = block.columnCount - i * size;
    shapeTile(&wanted, 2 * i, rows, block.columnCount);
    shapeTile(&wanted, 2 * i + 1, rows, block.columnCount - size);
    shapeTile(&wanted, 4 + i, rows, block.unitCount);
    shapeTile(&wanted, 6 + i, block.unitCount, columns);
  }
  _tile_storeconfig(&known);
  if (memcmp(&known, &wanted, sizeof wanted)) _tile_loadconfig(&wanted);
}

// Brings the rows of a tile into the first-level cache; the loads of tiles wait for one row after the
// other.
TILE_INLINE void prefetchTile(const char *row, int64_t stride) {
#pragma clang loop unroll(full)
  for (int i = 0; i < size; i++, row += stride) {
    // Keeps the compiler from multiples of the stride, for which it has no registers.
    __asm__("" : "+r"(row));
    _mm_prefetch(row, _MM_HINT_T0);
  }
}

// A factor of a block: the next tile along the depth begins `step` bytes behind one, that of the next
// sixteen rows or columns `second` bytes, and the tile's rows are rowStride bytes apart.
typedef struct {
  const char *start;
  int64_t rowStride;
  int64_t step;
  int64_t second;
} TileFactor;

typedef struct {
  TileFactor a;
  TileFactor b;
  int64_t stepCount;
  bool isAdding;
} Factors;

// A block of C: as many tiles as its size takes.
TILE_INLINE void multiplyBlockOfTiles(float *c, int64_t stride, Factors f, bool hasSecondRows,
                                      bool hasSecondColumns) {
  const bool hasFourth = hasSecondRows && hasSecondColumns;
  const int64_t cStride = stride * (int64_t)sizeof *c;
  float *below = c + size * stride;
#define START(tile, address)               \
  if (f.isAdding) {                        \
    _tile_loadd(tile, (address), cStride); \
  } else {                                 \
    _tile_zero(tile);                      \
  }
  START(0, c)
  if (hasSecondColumns) { START(1, c + size) }
  if (hasSecondRows) { START(2, below) }
  if (hasFourth) { START(3, below + size) }
#undef START
  for (int64_t k = 0; k < f.stepCount; k++, f.a.start += f.a.step, f.b.start += f.b.step) {
    prefetchTile(f.b.start + f.b.step, f.b.rowStride);
    if (hasSecondColumns) prefetchTile(f.b.start + f.b.step + f.b.second, f.b.rowStride);
    prefetchTile(f.a.start + f.a.step, f.a.rowStride);
    if (hasSecondRows) prefetchTile(f.a.start + f.a.step + f.a.second, f.a.rowStride);
    _tile_loadd(6, f.b.start, f.b.rowStride);
    _tile_loadd(4, f.a.start, f.a.rowStride);
    if (hasSecondRows) _tile_loadd(5, f.a.start + f.a.second, f.a.rowStride);
    if (hasSecondColumns) _tile_loadd(7, f.b.start + f.b.second, f.b.rowStride);
    _tile_dpbf16ps(0, 4, 6);
    if (hasSecondRows) _tile_dpbf16ps(2, 5, 6);
    if (hasSecondColumns) _tile_dpbf16ps(1, 4, 7);
    if (hasFourth) _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, cStride);
  if (hasSecondColumns) _tile_stored(1, c + size, cStride);
  if (hasSecondRows) _tile_stored(2, below, cStride);
  if (hasFourth) _tile_stored(3, below + size, cStride);
}

TILE_INLINE void multiplyBlock(BlockSize *shapes, float *c, int64_t stride, Factors f,
                               BlockSize block) {
  shapeTiles(shapes, block);
  const bool isTall = block.rowCount > size, isWide = block.columnCount > size;
  if (isTall && isWide) return multiplyBlockOfTiles(c, stride, f, true, true);
  if (isTall) return multiplyBlockOfTiles(c, stride, f, true, false);
  if (isWide) return multiplyBlockOfTiles(c, stride, f, false, true);
  multiplyBlockOfTiles(c, stride, f, false, false);
}

static inline int64_t blockCount(int64_t count, int64_t first) {
  return count - first < blockSize ? count - first : blockSize;
}

// All of C for at most `tileDepth` units of depth, a multiple of sixteen or less than that.
TILE_INLINE void multiplyPart(BlockSize *shapes, float *c, int64_t stride, CKernelsFactor a,
                              Columns b, int64_t rowCount, int64_t columnCount) {
  enum { turnedStride = tileDepth + size };
  uint32_t space[blockSize * turnedStride] __attribute__((aligned(64)));
  const bool isTurned = a.depthStride != 1;
  const int64_t aStride = (isTurned ? turnedStride : a.rowStride) * unitSize;
  const int64_t bStride = b.stride * unitSize;
  const int64_t unitCount = b.depth < size ? b.depth : size;
  for (int64_t row = 0; row < rowCount; row += blockSize) {
    const CKernelsFactor left = {a.start + row * a.rowStride, a.rowStride, a.depthStride};
    const int64_t rows = blockCount(rowCount, row);
    if (isTurned) turnColumns(space, turnedStride, left.start, a.depthStride, rows, b.depth);
    const void *first = isTurned ? space : left.start;
    for (int64_t column = 0; column < columnCount; column += blockSize) {
      const Factors factors = {
          {first, aStride, size * unitSize, size * aStride},
          {(const void *)(b.start + column), bStride, size * bStride, size * unitSize},
          (b.depth + size - 1) / size,
          b.isAdding};
      multiplyBlock(shapes, c + row * stride + column, stride, factors,
                    (BlockSize){rows, blockCount(columnCount, column), unitCount});
    }
  }
}

__attribute__((TILE_TARGET)) void multiplyTilesOfPairs(float *c, int64_t stride,
                                                       CKernelsFactor a, Columns b,
                                                       int64_t rowCount, int64_t columnCount) {
  BlockSize shapes = {0, 0, 0};
  for (int64_t k = 0; k < b.depth;) {
    const int64_t rest = b.depth - k, whole = rest / size * size;
    const int64_t depth = !whole ? rest : whole < tileDepth ? whole : tileDepth;
    const CKernelsFactor left = {a.start + k * a.depthStride, a.rowStride, a.depthStride};
    const Columns right = {b.start + k * b.stride, b.stride, depth, b.isAdding || k > 0, b.next};
    multiplyPart(&shapes, c, stride, left, right, rowCount, columnCount);
    k += depth;
  }
}

#else

bool multipliesTiles(void) { return false; }

// Not called where there are no tiles.
void multiplyTilesOfPairs(float *c, int64_t stride, CKernelsFactor a, Columns b, int64_t rowCount,
                          int64_t columnCount) {
  (void)c, (void)stride, (void)a, (void)b, (void)rowCount, (void)columnCount;
}

#endif
