import CKernels

/// How the output of a 3×3 convolution of stride 1 is cut into tiles.
struct WinogradTiling {
  let shape: ConvolutionShape
  let variant: WinogradVariant
  /// Rows of tiles of an image.
  let rowCount: Int
  /// Tiles of a row.
  let columnCount: Int

  init(_ shape: ConvolutionShape, _ variant: WinogradVariant) {
    (self.shape, self.variant) = (shape, variant)
    let windows = shape.windows
    rowCount = (windows.outputHeight + variant.tileHeight - 1) / variant.tileHeight
    columnCount = (windows.outputWidth + variant.tileWidth - 1) / variant.tileWidth
  }

  /// Tiles of an image.
  var imageTileCount: Int { rowCount * columnCount }
  /// Tiles of all images.
  var tileCount: Int { shape.batchSize * imageTileCount }

  /// The input, as the patches that tiles need.
  func input(_ type: ElementType) -> CKernelsTiledImages {
    images(
      type, height: shape.height, width: shape.width, channelCount: shape.inputCount,
      top: shape.windows.top, left: shape.windows.left)
  }

  /// The output, or its gradient.
  func output(_ type: ElementType) -> CKernelsTiledImages {
    images(
      type, height: shape.windows.outputHeight, width: shape.windows.outputWidth,
      channelCount: shape.outputCount, top: 0, left: 0)
  }

  private func images(
    _ type: ElementType, height: Int, width: Int, channelCount: Int, top: Int, left: Int
  ) -> CKernelsTiledImages {
    CKernelsTiledImages(
      height: Int64(height), width: Int64(width), channelCount: Int64(channelCount),
      tileRowCount: Int64(rowCount), tileColumnCount: Int64(columnCount), top: Int64(top),
      left: Int64(left), rowPairCount: variant.rowPairCount,
      columnPairCount: variant.columnPairCount, isBFloat16: type == .bfloat16)
  }

  /// The weights, `[outputCount, 3, 3, inputCount]`, as C takes them.
  func kernels(outputCount: Int, inputCount: Int, _ type: ElementType) -> CKernelsKernels {
    CKernelsKernels(
      outputCount: Int64(outputCount), inputCount: Int64(inputCount),
      rowPairCount: variant.rowPairCount, columnPairCount: variant.columnPairCount,
      isBFloat16: type == .bfloat16)
  }
}
