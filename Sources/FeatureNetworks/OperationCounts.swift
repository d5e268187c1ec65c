// Floating-point operations of one image's forward pass, counted as for the models (Docs/Benchmarks/README.md):
// products with weights and convolutions, a multiplication and an addition as two operations; attention's scores,
// norms and activations are not counted.

extension VisionTransformer.Configuration {
  /// Operations for an image.
  ///
  /// - Parameters:
  ///   - height: Rows of the image, before the network resizes it.
  ///   - width: Columns of the image.
  /// - Returns: The operations.
  public func forwardOperationCount(height: Int, width: Int) -> Int {
    let grid = grid(height: height, width: width)
    let cellCount = grid.rows * grid.columns
    let patches = 2 * cellCount * 3 * patchSize * patchSize * self.width
    let block = 2 * (prefixCount + cellCount) * 12 * self.width * self.width
    return patches + blockCount * block
  }
}

extension PerceptualNetwork {
  /// Operations for an image.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: The operations.
  public func forwardOperationCount(height: Int, width: Int) -> Int {
    var (rows, columns, inputCount, total) = (height, width, 3, 0)
    for (stage, outputCount) in zip(architecture.stages, widths) {
      if let pooling = stage.pooling {
        rows = (rows - pooling.kernelSize) / pooling.stride + 1
        columns = (columns - pooling.kernelSize) / pooling.stride + 1
      }
      for sizes in stage.convolutions {
        rows = (rows + 2 * sizes.padding - sizes.kernelSize) / sizes.stride + 1
        columns = (columns + 2 * sizes.padding - sizes.kernelSize) / sizes.stride + 1
        let window = sizes.kernelSize * sizes.kernelSize * inputCount
        total += 2 * rows * columns * window * outputCount
        inputCount = outputCount
      }
    }
    return total
  }
}

extension PerceptualDistance {
  /// Operations for one of the two images.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: The operations.
  public func forwardOperationCount(height: Int, width: Int) -> Int {
    network.network.forwardOperationCount(height: height, width: width)
  }
}

extension ConvNeXt.Configuration {
  /// Operations for an image, which has one size for this network.
  public var forwardOperationCount: Int {
    var (side, inputCount, total) = (ConvNeXt.inputSize, 3, 0)
    for (index, (width, count)) in zip(widths, blockCounts).enumerated() {
      let stride = index == 0 ? 4 : 2
      side /= stride
      total += 2 * side * side * stride * stride * inputCount * width
      total += count * 2 * side * side * (49 * width + 8 * width * width)
      inputCount = width
    }
    return total + 2 * inputCount * classCount
  }
}
