// The polynomials of Winograd's minimal filtering F(m, 3) along one axis.
//
// The points are 0, +-p for each of m / 2 pairs, and infinity; values come in this order. All that is done at a pair
// of points falls into an even and an odd part, which the two share. With F(2, 3), p = 1; with F(4, 3) the squares of p
// are 1/2 and 2, whose product 1 keeps the numbers of one size. Coefficients follow from the points; the number of
// pairs is a constant wherever these functions become part of a kernel, so that they cost nothing.
//
// Source: Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks"; the transforms by interpolation as in
// Winograd 1980, "Arithmetic Complexity of Computations".
#ifndef WINOGRAD_POINTS_H
#define WINOGRAD_POINTS_H

#include "vector.h"

// Sizes for the larger variant: points, and pixels of a tile, along an axis.
enum { largestPairCount = 2, largestPointCount = 6, largestTileSize = 4, kernelSize = 3 };

#define UNROLLED _Pragma("clang loop unroll(full)")

INLINE int pointCountOf(int pairCount) { return 2 * pairCount + 2; }

// p of a pair.
INLINE float pointOf(int pairCount, int pair) {
  return pairCount == 1 ? 1.0f : pair == 0 ? 0.70710678118654752440f : 1.41421356237309504880f;
}

// p * p, exactly.
INLINE float squareOf(int pairCount, int pair) {
  return pairCount == 1 ? 1.0f : pair == 0 ? 0.5f : 2.0f;
}

// The difference of the squares of a pair and of the other one; 1 where there is no other.
INLINE float differenceOf(int pairCount, int pair) {
  return pairCount == 1 ? 1.0f : squareOf(2, pair) - squareOf(2, 1 - pair);
}

// The product over the other points of their distance: of the point 0, and of either point of a pair.
INLINE float zeroNorm(int pairCount) {
  return pairCount == 1 ? -squareOf(1, 0) : squareOf(2, 0) * squareOf(2, 1);
}

INLINE float pairNorm(int pairCount, int pair) {
  return 2 * squareOf(pairCount, pair) * differenceOf(pairCount, pair);
}

// Coefficient k of the polynomial in x * x whose roots are the squares of all pairs.
INLINE float rootCoefficient(int pairCount, int k) {
  if (k == pairCount) return 1;
  if (pairCount == 1) return -squareOf(1, 0);
  return k == 0 ? squareOf(2, 0) * squareOf(2, 1) : -(squareOf(2, 0) + squareOf(2, 1));
}

// The same without the root of one pair; degree pairCount - 1.
INLINE float otherRootCoefficient(int pairCount, int pair, int k) {
  return k == pairCount - 1 ? 1 : -squareOf(2, 1 - pair);
}

// Every function below reads numbers that are sourceStride vectors apart and writes some targetStride apart.

// m + 2 pixels of the input to their values.
INLINE void patchValues(int pairCount, Vector *target, int targetStride, const Vector *source,
                        int sourceStride) {
  const int last = pointCountOf(pairCount) - 1;
  Vector atZero = source[2 * pairCount * sourceStride];
  Vector atInfinity = source[(2 * pairCount + 1) * sourceStride];
  UNROLLED
  for (int k = pairCount - 1; k >= 0; k--) {
    atZero += source[2 * k * sourceStride] * rootCoefficient(pairCount, k);
    atInfinity += source[(2 * k + 1) * sourceStride] * rootCoefficient(pairCount, k);
  }
  target[0] = atZero;
  target[last * targetStride] = atInfinity;
  UNROLLED
  for (int pair = 0; pair < pairCount; pair++) {
    Vector even = source[2 * pairCount * sourceStride];
    Vector odd = source[(2 * pairCount - 1) * sourceStride];
    UNROLLED
    for (int k = pairCount - 2; k >= 0; k--) {
      even += source[(2 * k + 2) * sourceStride] * otherRootCoefficient(pairCount, pair, k);
      odd += source[(2 * k + 1) * sourceStride] * otherRootCoefficient(pairCount, pair, k);
    }
    target[(2 * pair + 1) * targetStride] = even + odd * pointOf(pairCount, pair);
    target[(2 * pair + 2) * targetStride] = even - odd * pointOf(pairCount, pair);
  }
}

// m pixels of an output's gradient to their values: the transpose of tilePixels.
INLINE void tileValues(int pairCount, Vector *target, int targetStride, const Vector *source,
                       int sourceStride) {
  const int last = pointCountOf(pairCount) - 1;
  target[0] = source[0];
  target[last * targetStride] = source[(2 * pairCount - 1) * sourceStride];
  UNROLLED
  for (int pair = 0; pair < pairCount; pair++) {
    const float square = squareOf(pairCount, pair);
    Vector even = source[2 * (pairCount - 1) * sourceStride];
    Vector odd = source[(2 * pairCount - 1) * sourceStride];
    UNROLLED
    for (int k = pairCount - 2; k >= 0; k--) {
      even = source[2 * k * sourceStride] + even * square;
      odd = source[(2 * k + 1) * sourceStride] + odd * square;
    }
    target[(2 * pair + 1) * targetStride] = even + odd * pointOf(pairCount, pair);
    target[(2 * pair + 2) * targetStride] = even - odd * pointOf(pairCount, pair);
  }
}

// Sums at the points to m pixels.
INLINE void tilePixels(int pairCount, Vector *target, int targetStride, const Vector *source,
                       int sourceStride) {
  Vector pixels[largestTileSize];
  pixels[0] = source[0];
  UNROLLED
  for (int pair = 0; pair < pairCount; pair++) {
    const Vector plus = source[(2 * pair + 1) * sourceStride];
    const Vector minus = source[(2 * pair + 2) * sourceStride];
    const Vector sum = plus + minus, difference = plus - minus;
    float power = 1;
    UNROLLED
    for (int k = 0; k < pairCount; k++) {
      const Vector even = sum * power;
      const Vector odd = difference * (power * pointOf(pairCount, pair));
      pixels[2 * k] = pair == 0 && k > 0 ? even : pixels[2 * k] + even;
      pixels[2 * k + 1] = pair == 0 ? odd : pixels[2 * k + 1] + odd;
      power *= squareOf(pairCount, pair);
    }
  }
  pixels[2 * pairCount - 1] += source[(2 * pairCount + 1) * sourceStride];
  UNROLLED
  for (int k = 0; k < 2 * pairCount; k++) target[k * targetStride] = pixels[k];
}

// Three elements of a kernel to their values, divided by the products of distances.
INLINE void kernelValues(int pairCount, Vector *target, int targetStride, const Vector *source,
                         int sourceStride) {
  const Vector first = source[0], second = source[sourceStride], third = source[2 * sourceStride];
  target[0] = first * (1 / zeroNorm(pairCount));
  target[(pointCountOf(pairCount) - 1) * targetStride] = third;
  UNROLLED
  for (int pair = 0; pair < pairCount; pair++) {
    const float norm = 1 / pairNorm(pairCount, pair);
    const Vector even = first * norm + third * (norm * squareOf(pairCount, pair));
    const Vector odd = second * (norm * pointOf(pairCount, pair));
    target[(2 * pair + 1) * targetStride] = even + odd;
    target[(2 * pair + 2) * targetStride] = even - odd;
  }
}

// Sums at the points to the three elements of a kernel's gradient: the transpose of kernelValues.
INLINE void kernelElements(int pairCount, Vector *target, int targetStride, const Vector *source,
                           int sourceStride) {
  Vector first = source[0] * (1 / zeroNorm(pairCount));
  Vector second = {0};
  Vector third = source[(pointCountOf(pairCount) - 1) * sourceStride];
  UNROLLED
  for (int pair = 0; pair < pairCount; pair++) {
    const float norm = 1 / pairNorm(pairCount, pair);
    const Vector plus = source[(2 * pair + 1) * sourceStride];
    const Vector minus = source[(2 * pair + 2) * sourceStride];
    const Vector sum = plus + minus;
    first += sum * norm;
    second += (plus - minus) * (norm * pointOf(pairCount, pair));
    third += sum * (norm * squareOf(pairCount, pair));
  }
  target[0] = first;
  target[targetStride] = second;
  target[2 * targetStride] = third;
}

#endif
