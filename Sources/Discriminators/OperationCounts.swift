import FeatureNetworks

// Counted as for the models: see Docs/Benchmarks/README.md.

extension DinoHeads.Configuration {
  /// Operations of the heads' forward pass for the activations of an image.
  ///
  /// - Parameter positionCount: Patches of the image.
  /// - Returns: The operations.
  public func forwardOperationCount(positionCount: Int) -> Int {
    headCount * 2 * positionCount * ((1 + kernelSize) * width * width + width)
  }
}

extension PatchDiscriminator.Configuration {
  /// Operations of the forward pass for an image.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  /// - Returns: The operations.
  public func forwardOperationCount(height: Int, width: Int) -> Int {
    var (rows, columns, inputCount) = (height, width, self.width)
    var total = 2 * rows * columns * 25 * 3 * inputCount
    for stage in 0..<stageCount {
      let outputCount = self.width << stage
      total += 2 * rows * columns * 9 * inputCount * outputCount
      (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2)
      total += 2 * rows * columns * 16 * outputCount
      inputCount = outputCount
    }
    return total + 2 * gridSize * gridSize * (inputCount * inputCount + 25 * inputCount)
  }
}
