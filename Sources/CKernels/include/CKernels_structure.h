// Structural similarity of two planes, in double precision.
#ifndef CKERNELS_STRUCTURE_H
#define CKERNELS_STRUCTURE_H

#include <stdint.h>

// The weights of a window of rows and columns, and the constants that keep quotients finite.
typedef struct {
  const double *weights;
  int64_t size;
  double luminanceConstant;
  double contrastConstant;
} CKernelsStructureWindow;

// means = over all places of a window inside the planes, the mean of the structural similarity, and of its
// factor of contrast and structure. scratch holds 5 * width numbers.
void CKernels_structuralSimilarity(double *means, double *scratch, const double *a,
                                   const double *b, CKernelsStructureWindow window, int64_t height,
                                   int64_t width);

#endif
