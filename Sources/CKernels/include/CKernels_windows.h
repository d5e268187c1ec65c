// Where the windows of a kernel lie on an image.
#ifndef CKERNELS_WINDOWS_H
#define CKERNELS_WINDOWS_H

#include <stdint.h>

// The window of output pixel (i, j) starts at row i * stride - top, column j * stride - left. Outside
// the image there are zeros, or the image again where it is circular.
typedef struct {
  int64_t height, width, outputHeight, outputWidth, kernelHeight, kernelWidth, stride, top, left;
  int isCircular;
} CKernelsWindows;

#endif
