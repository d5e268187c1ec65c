// A weight of 24 bits is more than the processor multiplies at once, so it is taken apart,
//
//     weight = 2^11 * upper + lower,   lower in 0 ..< 2^11,
//
// and both parts are multiplied with the pixels of two positions at a time, which are summed exactly in 32
// bits: the result has the same bits as the plain sum.
#include "resampling_pairs.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define PAIR_TARGET __attribute__((target("avx2")))
#define PAIR_HELPER static inline __attribute__((always_inline, target("avx2")))

enum { lowerBitCount = 11, groupTaps = 4, bytesPerLoad = 16 };

typedef struct {
  __m256i upper, lower;
} Weights;

// The weights of two positions, side by side in every 32 bits.
PAIR_HELPER Weights pair(int32_t first, int32_t second) {
  const int32_t mask = (1 << lowerBitCount) - 1;
  uint32_t lower = (uint32_t)(first & mask) | (uint32_t)(second & mask) << 16;
  uint32_t upper = (uint32_t)((first >> lowerBitCount) & 0xFFFF) |
                   (uint32_t)(second >> lowerBitCount) << 16;
  return (Weights){_mm256_set1_epi32((int32_t)upper), _mm256_set1_epi32((int32_t)lower)};
}

PAIR_HELPER int32_t weightAt(CKernelsResamplingAxis axis, int64_t position, int32_t k) {
  return k < axis.counts[position] ? axis.weights[position * axis.stride + k] : 0;
}

PAIR_HELPER void add(Weights *sums, __m256i pixels, Weights weights) {
  sums->upper = _mm256_add_epi32(sums->upper, _mm256_madd_epi16(pixels, weights.upper));
  sums->lower = _mm256_add_epi32(sums->lower, _mm256_madd_epi16(pixels, weights.lower));
}

// The sums rounded to whole numbers, not yet limited.
PAIR_HELPER __m256i rounded(Weights sums) {
  const __m256i half = _mm256_set1_epi32(1 << (CKernels_resamplingFractionBitCount - 1));
  __m256i whole = _mm256_slli_epi32(sums.upper, lowerBitCount);
  whole = _mm256_add_epi32(_mm256_add_epi32(whole, sums.lower), half);
  return _mm256_srai_epi32(whole, CKernels_resamplingFractionBitCount);
}

// How many rows can be read 16 bytes at a time.
static int64_t readableRowCount(CKernelsResamplingAxis axis, int64_t height, int64_t rowSize,
                                int64_t outputWidth) {
  int64_t lastEnd = 0, lastRead = 0;
  for (int64_t x = 0; x < outputWidth; x++) {
    int64_t groups = (axis.counts[x] + groupTaps - 1) / groupTaps;
    int64_t end = 3 * (int64_t)(axis.starts[x] + axis.counts[x]);
    int64_t read = 3 * ((int64_t)axis.starts[x] + (groups - 1) * groupTaps) + bytesPerLoad;
    lastEnd = end > lastEnd ? end : lastEnd;
    lastRead = read > lastRead ? read : lastRead;
  }
  int64_t count = height;
  while (count > 0 && (count - 1) * rowSize + lastRead > (height - 1) * rowSize + lastEnd) {
    count--;
  }
  return count;
}

enum { rowsPerBlock = 16, largestGroupCount = 16 };

// One output position of up to `rowsPerBlock` rows, two rows at a time.
//
// Sixteen bytes are the pixels of five positions, of which four count: their reds, greens and blues are
// brought together in pairs.
PAIR_TARGET static void resamplePosition(uint8_t *output, const uint8_t *input,
                                         const Weights *weights, int32_t groupCount,
                                         int64_t rowCount, int64_t inputRow, int64_t outputRow) {
  const __m256i firstPair = _mm256_setr_epi8(
      0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, //
      0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const __m256i secondPair = _mm256_setr_epi8(
      6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1, //
      6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  for (int64_t y = 0; y < rowCount; y += 2) {
    const uint8_t *first = input + y * inputRow;
    const uint8_t *second = y + 1 < rowCount ? first + inputRow : first;
    Weights sums = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int32_t group = 0; group < groupCount; group++) {
      const __m256i pixels = _mm256_inserti128_si256(
          _mm256_castsi128_si256(
              _mm_loadu_si128((const __m128i *)(first + 3 * groupTaps * group))),
          _mm_loadu_si128((const __m128i *)(second + 3 * groupTaps * group)), 1);
      add(&sums, _mm256_shuffle_epi8(pixels, firstPair), weights[2 * group]);
      add(&sums, _mm256_shuffle_epi8(pixels, secondPair), weights[2 * group + 1]);
    }
    __m256i whole = rounded(sums);
    whole = _mm256_packs_epi32(whole, whole);
    whole = _mm256_packus_epi16(whole, whole);
    uint32_t colors = (uint32_t)_mm256_extract_epi32(whole, 0);
    uint8_t *target = output + y * outputRow;
    for (int c = 0; c < 3; c++) target[c] = (uint8_t)(colors >> (8 * c));
    if (y + 1 < rowCount) {
      colors = (uint32_t)_mm256_extract_epi32(whole, 4);
      target += outputRow;
      for (int c = 0; c < 3; c++) target[c] = (uint8_t)(colors >> (8 * c));
    }
  }
}

PAIR_TARGET static void resampleRows(uint8_t *output, const uint8_t *input,
                                     CKernelsResamplingAxis axis, int64_t rowCount,
                                     int64_t inputWidth, int64_t outputWidth) {
  Weights weights[2 * largestGroupCount];
  for (int64_t y = 0; y < rowCount; y += rowsPerBlock) {
    int64_t count = rowCount - y < rowsPerBlock ? rowCount - y : rowsPerBlock;
    for (int64_t x = 0; x < outputWidth; x++) {
      int32_t groupCount = (axis.counts[x] + groupTaps - 1) / groupTaps;
      for (int32_t p = 0; p < 2 * groupCount; p++) {
        weights[p] = pair(weightAt(axis, x, 2 * p), weightAt(axis, x, 2 * p + 1));
      }
      resamplePosition(output + 3 * (y * outputWidth + x),
                       input + 3 * (y * inputWidth + axis.starts[x]), weights, groupCount, count,
                       3 * inputWidth, 3 * outputWidth);
    }
  }
}

int64_t resampleRowsByPairs(uint8_t *output, const uint8_t *input, CKernelsResamplingAxis axis,
                            int64_t height, int64_t inputWidth, int64_t outputWidth) {
  int32_t most = 0;
  for (int64_t x = 0; x < outputWidth; x++) most = axis.counts[x] > most ? axis.counts[x] : most;
  if (!__builtin_cpu_supports("avx2") || most > groupTaps * largestGroupCount) return 0;
  int64_t rowCount = readableRowCount(axis, height, 3 * inputWidth, outputWidth);
  resampleRows(output, input, axis, rowCount, inputWidth, outputWidth);
  return rowCount;
}

#else

int64_t resampleRowsByPairs(uint8_t *output, const uint8_t *input, CKernelsResamplingAxis axis,
                            int64_t height, int64_t inputWidth, int64_t outputWidth) {
  (void)output, (void)input, (void)axis, (void)height, (void)inputWidth, (void)outputWidth;
  return 0;
}

#endif
