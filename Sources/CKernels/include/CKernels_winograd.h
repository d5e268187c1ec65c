// Convolutions with fewer multiplications: Winograd's minimal filtering F(m x n, 3 x 3), m and n 2 or 4.
//
// A tile of m x n output pixels needs a patch of (m + 2) x (n + 2) input pixels. Patch, kernel and tile are
// polynomials in two variables, known by their values at (m + 2)(n + 2) points, where the convolution over one
// channel is one multiplication each. Over all channels that is one matrix product for each point:
//
//     sums[point][tile, output] = values[point][tile, input] * weights[point][input, output]
//
// Here is what turns pixels and weights into values at points, and back. Images are channels-last, of single-precision
// or bfloat16 numbers; the number of channels is a multiple of 16.
#ifndef CKERNELS_WINOGRAD_H
#define CKERNELS_WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>

// Images and the tiles that they are cut into, row by row, one image after the other.
typedef struct {
  // Sizes of an image in memory.
  int64_t height, width, channelCount;
  int64_t tileRowCount, tileColumnCount;
  // Rows and columns of zeros before the first pixel that the first tile covers.
  int64_t top, left;
  // Pixels of a tile of the output over 2, 1 or 2: the points are 0, infinity and so many pairs +-p.
  int rowPairCount, columnPairCount;
  bool isBFloat16;
} CKernelsTiledImages;

// How the values at a point lie: a matrix with a row for each tile, or for each channel.
typedef enum {
  // Single precision.
  CKernelsFloatRows,
  // Rounded to bfloat16.
  CKernelsBFloat16Rows,
  // Rounded to bfloat16, in panels of 64 columns in which the numbers of two neighbouring rows lie side by
  // side; strides count such pairs. Even rows are written before odd ones.
  CKernelsPairPanels,
} CKernelsValueLayout;

// Values at points. Number `column` of a row is at [point * pointStride + row * rowStride + column]; in panels the pair
// of it at [point * pointStride + row / 2 * rowStride + column / 64 * panelStride + column % 64].
typedef struct {
  void *start;
  int64_t pointStride, rowStride, panelStride;
  CKernelsValueLayout layout;
} CKernelsPointValues;

// The values of the patches that tiles [firstTile, firstTile + tileCount) of the output need: what an input is
// multiplied as. `zeros` are as many zeros as there are channels, of the images' type. Values that
// are rounded need bfloat16 images and tiles of two rows.
void CKernels_winogradPatches(CKernelsPointValues values, const void *x, const void *zeros,
                              CKernelsTiledImages images, int64_t firstTile, int64_t tileCount);

// The values of the tiles themselves: what the gradient of an output is multiplied as to give that of the weights.
void CKernels_winogradTiles(CKernelsPointValues values, const void *dy, const void *zeros,
                            CKernelsTiledImages images, int64_t firstTile, int64_t tileCount);

// What becomes of what was there; but for CKernelsWriteOver, of single precision.
typedef enum {
  CKernelsWriteOver,
  CKernelsAddTo,
  // Written past the caches: for more than they hold. The images begin at a multiple of 64 bytes.
  CKernelsStreamPast,
} CKernelsWriting;

// What is written of the tiles.
typedef struct {
  // The channels' biases, from channel 0 on; may be null.
  const float *bias;
  // Channels of the images, from the first one on, that the sums are of; a multiple of 16.
  int64_t firstChannel, channelCount;
  CKernelsWriting writing;
} CKernelsTileOutput;

// Tiles of images from sums at points, and the bias added.
void CKernels_winogradOutput(void *y, CKernelsPointValues sums, CKernelsTiledImages images,
                             CKernelsTileOutput output, int64_t firstTile, int64_t tileCount);

// Weights [outputCount, 3, 3, inputCount] of a convolution.
typedef struct {
  int64_t outputCount, inputCount;
  int rowPairCount, columnPairCount;
  bool isBFloat16;
} CKernelsKernels;

// The values of the weights of inputs [firstInput, firstInput + 16) and outputs [firstOutput, firstOutput + 16), with
// a row for each input. Those that are rounded are in panels, and of bfloat16 weights.
void CKernels_winogradWeights(CKernelsPointValues values, const void *weight,
                              CKernelsKernels kernels, int64_t firstOutput, int64_t firstInput);

// The same of the turned kernels from outputs to inputs, with a row for each output.
void CKernels_winogradTurnedWeights(CKernelsPointValues values, const void *weight,
                                    CKernelsKernels kernels, int64_t firstOutput,
                                    int64_t firstInput);

// The gradient of the weights of `outputCount` outputs from firstOutput on, or that added to dWeight. Their sums at
// points, of the products of an input's and an output gradient's values, have a row for each output.
void CKernels_winogradWeightGradient(float *dWeight, CKernelsPointValues sums,
                                     CKernelsKernels kernels, int64_t firstOutput,
                                     int64_t outputCount, bool isAdding);

#endif
