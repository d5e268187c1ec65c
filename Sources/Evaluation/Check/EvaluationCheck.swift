import ArrayFiles
import FeatureNetworks
import Foundation
import ImageFiles
import Inference
public import Reporting

/// All figures of a small case, beside the values that NumPy, SciPy and PyTorch found for it.
///
/// Source: Docs/Evaluation.md, section 8.
public struct EvaluationCheck: CommandReport, Equatable {
  /// A figure, or a kind of features, and how far it is off.
  public struct Row: Encodable, Sendable, Equatable {
    /// What it is.
    public let figure: String
    /// What was found here; of features their norm.
    public let found: Double
    /// What it should be; of features their norm.
    public let expected: Double
    /// The relative error; of features in L2.
    public let error: Double
    /// The largest error that passes.
    public let bound: Double

    /// Whether it is right.
    public var isPassed: Bool { error <= bound }
  }

  /// The figures.
  public let rows: [Row]
  /// Whether all are right.
  public var isPassed: Bool { rows.allSatisfy(\.isPassed) }

  private enum CodingKeys: String, CodingKey {
    case rows = "figures"
  }

  /// Computes the case of the program.
  ///
  /// - Throws: The errors of files, where the program's resources are missing or damaged.
  public static func run() throws -> EvaluationCheck {
    let path = SystemPath.path(
      of: "Resources/check.safetensors", in: Bundle.module.bundlePath)
    return try EvaluationCheck(of: SafetensorsFile(contentsOf: path))
  }

  /// Computes the case of a file.
  init(of file: SafetensorsFile) throws {
    let values = try EvaluationCase(file).values()
    rows = try values.map { name, found, bound in
      let expected: [Double] = try file.tensor("out.\(name)").elements()
      return Self.row(name, found, expected, bound: bound)
    }
  }

  private static func row(
    _ name: String, _ found: [Double], _ expected: [Double], bound: Double
  ) -> Row {
    func norm(_ values: [Double]) -> Double {
      values.count == 1 ? values[0] : values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let difference = norm(zip(found, expected).map { abs($0 - $1) })
    let error = difference / abs(norm(expected))
    let isComparable = found.count == expected.count && error.isFinite
    return Row(
      figure: name, found: norm(found), expected: norm(expected),
      error: isComparable ? error : .greatestFiniteMagnitude, bound: bound)
  }

  /// The figures, a line each, and whether all are right.
  public var description: String {
    let width = rows.map(\.figure.count).max() ?? 0
    let lines = rows.map { row in
      row.figure.padding(toLength: width, withPad: " ", startingAt: 0)
        + String(
          format: "  %.10g, expected %.10g, off by %.1e (at most %.0e)%@", row.found, row.expected,
          row.error, row.bound, row.isPassed ? "" : "  WRONG")
    }
    let wrongCount = rows.count { !$0.isPassed }
    let verdict =
      wrongCount == 0
      ? "all \(rows.count) figures are right"
      : "\(wrongCount) of \(rows.count) figures are wrong: this build or this machine does not compute as it "
        + "should; run the tests (Launch/test.sh)"
    return (lines + [verdict]).joined(separator: "\n")
  }
}

/// The inputs of the case, and what this program makes of them.
private struct EvaluationCase {
  private typealias Value = (name: String, found: [Double], bound: Double)

  private let file: SafetensorsFile

  init(_ file: SafetensorsFile) { self.file = file }

  /// Every value with its name in the file and the largest error that passes.
  func values() throws -> [(name: String, found: [Double], bound: Double)] {
    try distances() + pair() + network() + tokens()
  }

  private func distances() throws -> [Value] {
    let sets = try ["reference", "samples"].map { name -> FeatureSet in
      let stored = try file.tensor("in.\(name)")
      var set = FeatureSet(name: name, dimension: stored.shape[1], keepsRows: true)
      set.add(try stored.floats())
      return set
    }
    let neighbours = try PrecisionRecall(
      references: sets[0].rows ?? [], samples: sets[1].rows ?? [], dimension: sets[0].dimension)
    return try [
      ("fid", [FrechetDistance(sets[0].statistics(), sets[1].statistics()).value], 1e-9),
      ("is", [score(splitSize: 5000)], 1e-9), ("is_in_splits_of_20", [score(splitSize: 20)], 1e-9),
      ("precision", [neighbours.precision], 1e-12), ("recall", [neighbours.recall], 1e-12),
    ]
  }

  private func score(splitSize: Int) throws -> Double {
    let stored = try file.tensor("in.logits")
    var score = InceptionScore(
      classCount: stored.shape[1], InceptionScore.Configuration(splitSize: splitSize))
    score.add(try stored.floats())
    return score.value ?? .nan
  }

  private func pair() throws -> [Value] {
    let (original, reconstruction) = (
      try image("in.original"), try image("in.reconstruction")
    )
    var pixels = PixelScore()
    pixels.add(
      meanSquaredError: PixelScore.meanSquaredError(original, reconstruction))
    let perceptual = try PerceptualFiles(
      weights(after: "param.alexnet."), digest: "", path: file.path)
    func value(_ value: Double?) -> [Double] { [value ?? .nan] }
    return [
      ("psnr", value(pixels.value), 1e-9),
      ("ssim", value(StructuralSimilarity.value(original, reconstruction)), 1e-9),
      ("ms_ssim", value(StructuralSimilarity.valueOverScales(original, reconstruction)), 1e-9),
      (perceptual.name, value(perceptual.distance.value(original, reconstruction)), 1e-5),
    ]
  }

  private func network() throws -> [Value] {
    let network = try FrozenNetwork(
      inception: WeightsFile(weights(after: "param.inception."), path: file.path))
    let features = InceptionFeatures(of: try images("in.images"), network)
    return [
      ("inception_pool", features.pool.map(Double.init), 1e-4),
      ("inception_spatial", features.spatial.map(Double.init), 1e-4),
      ("inception_logits", features.logits.map(Double.init), 1e-4),
    ]
  }

  private func tokens() throws -> [Value] {
    var usage = CodebookUsage(codebookSize: 64)
    for token in try file.tensor("in.tokens").int64s() { usage.add(Int(token)) }
    return [
      ("codebook_usage", [usage.usedShare], 1e-12), ("entropy", [usage.entropy], 1e-12),
      ("entropy_published", [usage.publishedEntropy], 1e-12),
      ("perplexity", [usage.perplexity], 1e-12),
    ]
  }

  /// The tensors after a prefix under the rest of their names.
  private func weights(after prefix: String) throws -> [any StoredTensor] {
    try file.names.filter { $0.hasPrefix(prefix) }.map { name in
      let stored = try file.tensor(name)
      return SafetensorsTensor(
        String(name.dropFirst(prefix.count)), try stored.floats(), shape: stored.shape)
    }
  }

  /// The images of a tensor `[images, height, width, 3]`.
  private func images(_ name: String) throws -> [RGBImage] {
    let stored = try file.tensor(name)
    let (height, width) = (stored.shape[1], stored.shape[2])
    let pixels: [UInt8] = try stored.elements()
    let size = height * width * 3
    return (0..<stored.shape[0]).map {
      RGBImage(height: height, width: width, pixels: Array(pixels[$0 * size..<($0 + 1) * size]))
    }
  }

  /// The image of a tensor `[height, width, 3]`.
  private func image(_ name: String) throws -> RGBImage {
    let stored = try file.tensor(name)
    return RGBImage(
      height: stored.shape[0], width: stored.shape[1], pixels: try stored.elements())
  }
}
