import Foundation

/// The Inception Score of logits, which arrive in the order of the images.
///
///     exp(mean over x of Σ_y p(y|x)·(log p(y|x) − log p(y))), the mean over consecutive splits of the images
///
/// with p = softmax of the logits and p(y) its mean over the split, from logarithms in double precision. Sums are
/// taken image by image, so that they do not depend on the pieces in which the logits come.
/// Source: Salimans et al. 2016, section 4; Docs/Evaluation.md, section 3.
public struct InceptionScore: Sendable {
  /// How images are split, and what is added to probabilities in logarithms.
  public struct Configuration: Sendable, Equatable, CustomStringConvertible {
    /// Images of a split, of which the last may have fewer; nil for one split of all images.
    public let splitSize: Int?
    /// What is added to a probability before its logarithm is taken.
    public let offset: Double

    /// A configuration.
    public init(splitSize: Int?, offset: Double = 0) {
      precondition(splitSize ?? 1 > 0, "InceptionScore: splits of \(splitSize ?? 0) images")
      self.splitSize = splitSize
      self.offset = offset
    }

    /// How images are split, in words.
    public var description: String {
      splitSize.map { "splits of \($0), in the order of the images" } ?? "one split of all images"
    }

    /// That of the ADM suite, for generated images.
    public static let generation = Configuration(splitSize: 5000)
    /// That of the authors' evaluation of reconstructions.
    public static let reconstruction = Configuration(splitSize: nil, offset: 1e-16)
  }

  /// How it is computed.
  public let configuration: Configuration
  private let classCount: Int
  private var finished: [Double] = []
  private var count = 0
  private var probabilities: [Double]
  private var negativeEntropy = 0.0

  /// A score of no images.
  ///
  /// - Parameters:
  ///   - classCount: Logits of an image.
  ///   - configuration: How it is computed.
  public init(classCount: Int, _ configuration: Configuration) {
    self.configuration = configuration
    self.classCount = classCount
    probabilities = [Double](repeating: 0, count: classCount)
  }

  /// Adds the logits of the next images, without their bias, `[images, classCount]`.
  public mutating func add(_ logits: [Float]) {
    precondition(
      logits.count.isMultiple(of: classCount),
      "InceptionScore: \(logits.count) numbers are no rows of \(classCount)")
    for start in stride(from: 0, to: logits.count, by: classCount) {
      if count == configuration.splitSize { finishSplit() }
      addRow(logits[start..<start + classCount])
    }
  }

  /// The mean over all splits; nil without images.
  public var value: Double? {
    var all = self
    if count > 0 { all.finishSplit() }
    guard !all.finished.isEmpty else { return nil }
    return all.finished.reduce(0, +) / Double(all.finished.count)
  }

  private mutating func addRow(_ logits: ArraySlice<Float>) {
    let largest = Double(logits.max() ?? 0)
    let shifted = logits.map { Double($0) - largest }
    let logSum = log(shifted.reduce(0) { $0 + exp($1) })
    for (index, value) in shifted.enumerated() {
      let logarithm = value - logSum
      let probability = exp(logarithm)
      probabilities[index] += probability
      negativeEntropy +=
        probability
        * (configuration.offset == 0 ? logarithm : log(probability + configuration.offset))
    }
    count += 1
  }

  private mutating func finishSplit() {
    let total = Double(count)
    let marginal = probabilities.reduce(0) { sum, value in
      let share = value / total
      // What has no probability at all adds nothing.
      return share > 0 ? sum + share * log(share + configuration.offset) : sum
    }
    finished.append(exp(negativeEntropy / total - marginal))
    probabilities = [Double](repeating: 0, count: classCount)
    (count, negativeEntropy) = (0, 0)
  }
}
