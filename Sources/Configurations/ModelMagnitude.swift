import HierarchicalGenerator
import ResidualTokenizer

/// About how large a model is: an upper bound that cannot overflow.
///
/// The exact counts are products of five keys and more, each of which may be large; they are formed only
/// when these are within the limits.
struct ModelMagnitude {
  /// Numbers that are trained.
  var weightCount: Double
  /// Floating-point operations of a sample in a training step.
  var stepOperationCount: Double

  /// The most weights of a model, 2³²: with moments and average 64 GiB.
  static let weightLimit = Double(UInt64(1) << 32)
  /// The most operations of a sample, 2⁶²: they are counted in 64 bits.
  static let operationLimit = Double(UInt64(1) << 62)

  var isWithinLimits: Bool {
    weightCount <= Self.weightLimit && stepOperationCount <= Self.operationLimit
  }

  var message: String {
    "the sizes make about \(Self.text(weightCount)) weights and "
      + "\(Self.text(stepOperationCount)) operations a sample, at most "
      + "\(Self.text(Self.weightLimit)) and \(Self.text(Self.operationLimit)) can be trained: take "
      + "smaller ones"
  }

  /// A number with two digits.
  private static func text(_ value: Double) -> String {
    guard value >= 10 else { return "\(Int(value))" }
    var (mantissa, exponent) = (value, 0)
    while mantissa >= 100 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    return exponent == 0 ? "\(Int(mantissa))" : "\(Int(mantissa))e\(exponent)"
  }
}

extension ModelMagnitude {
  init(_ model: ResTok.Configuration) {
    let pixelCount = Double(model.imageSize) * Double(model.imageSize)
    let stages = model.cnn.multipliers.enumerated().map { index, multiplier in
      (shrinkage: Double(UInt64(1) << (2 * UInt64(min(index, 31)))), multiplier: Double(multiplier))
    }
    let width = Double(model.cnn.width)
    // Widest neighbours: the stage's own channels on both sides, and the next stage's.
    let widths = stages.map { width * $0.multiplier }
    let convolutionCount = 2 * Double(model.cnn.blockCount) + 2
    let convolutions = stages.indices.map { index -> (weights: Double, operations: Double) in
      let widest = widths[max(0, index - 1)...min(index + 1, widths.count - 1)].max() ?? width
      // Encoder and decoder, each with a block more on the feature grid.
      let weights = 2 * 9 * widest * widest * (convolutionCount + 2)
      return (weights, weights * 2 * 4 * pixelCount / stages[index].shrinkage)
    }
    let features = Double(model.cnn.featureCount) * (widths.last ?? width) * 18
    let tokenCount =
      2 * pixelCount / (stages.last?.shrinkage ?? 1) + Double(model.latents.count)
    let transformers = [model.encoder, model.decoder].reduce(0) { sum, size in
      let width = Double(size.width)
      return sum + Double(size.layerCount) * 12 * width * width
        + 2 * width * (Double(model.cnn.featureCount) + 256 * Double(model.codebook.width))
    }
    let codes = Double(model.codebook.size) * Double(model.codebook.width)
    let projections =
      Double(model.encoder.width + model.decoder.width) * Double(model.alignmentWidth)
    weightCount =
      convolutions.reduce(features + transformers + codes) { $0 + $1.weights } + projections
    let rows = features + transformers
    stepOperationCount =
      3
      * (convolutions.reduce(0) { $0 + $1.operations } + 2 * tokenCount * rows
        + 2 * Double(model.latents.count) * codes)
  }

  init(_ model: Generator.Configuration) {
    let width = Double(model.width)
    let hidden = 8 * width / 3 + Double(model.hiddenMultiple)
    let block = width * (4 * width + 3 * hidden)
    let vocabulary = Double(model.vocabularySize) * width
    let layers = Double(model.layerCount) * block
    weightCount = layers + 2 * vocabulary + (Double(model.classCount) + 1) * width
    stepOperationCount = 6 * Double(model.tokenCount) * (layers + vocabulary)
  }
}
