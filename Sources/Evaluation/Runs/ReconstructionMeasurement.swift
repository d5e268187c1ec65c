package import ImageFiles
import Inference
package import ResidualTokenizer
import Tensors

/// What is found out about a batch of originals and their reconstructions.
///
///     scores: of each image, of each point of the curve: squared error, SSIM, MS-SSIM, a distance of each network
///     features: of the originals, then of the reconstructions of each point
///
/// A score that an image is too small for is not a number on the way.
package struct ReconstructionMeasurement {
  /// What is left out.
  package struct Omissions: Sendable {
    /// SSIM.
    package var structure = false
    /// MS-SSIM.
    package var scales = false
    /// The features of the originals, which are known.
    package var originals = false

    /// Nothing.
    package init() {}
  }

  let tokenizer: ResTok?
  /// Kept tokens of each point of the curve.
  let points: [Int?]
  let networks: ReconstructionNetworks
  let omissions: Omissions

  /// Gathers what looks at images.
  ///
  /// - Parameters:
  ///   - tokenizer: Makes the reconstructions; nil where they are given.
  ///   - points: Kept tokens of each point of the curve, nil for all of them.
  ///   - networks: What images are seen through.
  ///   - omissions: What is left out.
  package init(
    tokenizer: ResTok?, points: [Int?], networks: ReconstructionNetworks,
    omissions: Omissions = Omissions()
  ) {
    (self.tokenizer, self.points) = (tokenizer, points)
    (self.networks, self.omissions) = (networks, omissions)
  }

  /// Scores of an image at one point.
  package var scoreCount: Int { 3 + networks.perceptual.count }

  /// Looks at a batch: the originals and, without a model, their reconstructions.
  ///
  /// - Parameters:
  ///   - batches: A batch of each set.
  ///   - first: The number of its first image, for errors.
  /// - Returns: Scores, features and tokens.
  /// - Throws: `NotFiniteOutput` of the model; `EvaluationError.unlikeSizes`.
  package func figures(of batches: [[RGBImage]], first: Int = 0) throws -> BatchFigures {
    let originals = batches[0]
    var figures = BatchFigures()
    let reconstructions = try reconstructions(of: batches, &figures.tokens)
    for (index, original) in originals.enumerated() {
      for point in reconstructions {
        figures.doubles += try scores(original, point[index], index: first + index)
      }
    }
    if let network = networks.inception?.network {
      for images in (omissions.originals ? [] : [originals]) + reconstructions {
        figures.floats += InceptionFeatures(of: images, network).numbers
      }
    }
    return figures
  }

  /// The images of each point.
  private func reconstructions(
    of batches: [[RGBImage]], _ tokens: inout [UInt16]
  ) throws -> [[RGBImage]] {
    guard let tokenizer else { return [batches[1]] }
    let codes = try tokenizer.tokens(of: Tensor(images: batches[0]))
    tokens = codes.array(of: Int32.self).map(UInt16.init)
    return try points.map { RGBImage.images(of: try tokenizer.images(of: codes, keepCount: $0)) }
  }

  private func scores(
    _ original: RGBImage, _ reconstruction: RGBImage, index: Int
  ) throws(EvaluationError) -> [Double] {
    guard original.height == reconstruction.height, original.width == reconstruction.width else {
      throw .unlikeSizes(
        index: index, original: [original.height, original.width],
        reconstruction: [reconstruction.height, reconstruction.width])
    }
    return [
      PixelScore.meanSquaredError(original, reconstruction),
      omissions.structure
        ? .nan : StructuralSimilarity.value(original, reconstruction) ?? .nan,
      omissions.scales
        ? .nan : StructuralSimilarity.valueOverScales(original, reconstruction) ?? .nan,
    ] + networks.perceptual.map { $0.distance.value(original, reconstruction) ?? .nan }
  }
}
