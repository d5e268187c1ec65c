public import Autodiff

extension VisionTransformer {
  /// What a tokenizer is aligned with.
  public struct Features {
    /// The feature of each image, `[batch, width]`.
    public let classFeature: Variable
    /// The feature of each patch, row by row, `[batch, rows * columns, width]`.
    public let patchFeatures: Variable
  }

  /// The features of images.
  ///
  /// Of images that want no gradient the tape keeps nothing.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1].
  /// - Returns: The features.
  public func features(of images: Variable) -> Features {
    let tokens = self(input(of: images))
    let patches = sliceTokens(tokens, configuration.prefixCount..<tokens.shape[1])
    let shape = [tokens.shape[0], configuration.width]
    guard configuration.architecture.hasClassToken else {
      let (batchCount, count) = (patches.shape[0], patches.shape[1])
      let mean = resize(
        reshape(patches, to: [batchCount, count, 1, configuration.width]), height: 1, width: 1,
        interpolation: .area)
      return Features(classFeature: reshape(mean, to: shape), patchFeatures: patches)
    }
    return Features(
      classFeature: reshape(sliceTokens(tokens, 0..<1), to: shape), patchFeatures: patches)
  }

  /// What the network sees of images: normalised, and resized where it has a size of its own.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1].
  /// - Returns: `[batch, height, width, 3]`.
  public func input(of images: Variable) -> Variable {
    let normalized = configuration.architecture.normalization(images)
    guard let size = configuration.inputSize else { return normalized }
    return resize(normalized, height: size, width: size, interpolation: .cubic)
  }
}
