import ArrayFiles
package import Configurations
import Foundation
public import HierarchicalGenerator

/// How images were sampled: everything that they depend on, in a file beside them.
///
/// `sampling.json` in a folder of images, `NAME.json` beside `NAME.npz` and `NAME.npy`. An evaluation of the images
/// takes it into its certificate, if they are those that it is of. Source: Docs/Sampling.md, section 3.
public struct SamplingRecord: Codable, Sendable, Equatable {
  /// The strength of guidance over the steps.
  public struct GuidanceRecord: Codable, Sendable, Equatable {
    /// The scale at full strength; 1 is none.
    public var scale: Double
    /// The schedule's name.
    public var schedule: String
    /// Where it sets in, of schedules that have such.
    public var start: Double?
    /// Where it ends, of schedules that have such.
    public var end: Double?
    /// Where it peaks, of schedules that have such.
    public var peak: Double?
    /// The scale outside the window, of schedules that have one.
    public var floor: Double?
    /// What progress counts.
    public var progress: String

    /// The record of a guidance.
    public init(_ guidance: Guidance) {
      scale = guidance.strength
      progress = guidance.progress.rawValue
      typealias Kind = GuidanceSchedule.Kind
      switch guidance.schedule {
      case .constant: schedule = Kind.constant.rawValue
      case .linear: schedule = Kind.linear.rawValue
      case .linearReversed: schedule = Kind.linearReversed.rawValue
      case .cosine: schedule = Kind.cosine.rawValue
      case .cosineReversed: schedule = Kind.cosineReversed.rawValue
      case .linearConstant(let peak): (schedule, self.peak) = (Kind.linearConstant.rawValue, peak)
      case .triangular(let peak): (schedule, self.peak) = (Kind.triangular.rawValue, peak)
      case .rectangular(let start, let end, let floor):
        schedule = Kind.rectangular.rawValue
        (self.start, self.end, self.floor) = (start, end, floor)
      case .step(let start, let floor):
        (schedule, self.start, self.floor) = (Kind.step.rawValue, start, floor)
      }
    }
  }

  /// How tokens were chosen.
  public struct ChoiceRecord: Codable, Sendable, Equatable {
    /// Whether the likeliest token was taken.
    public var greedy: Bool
    /// What logits were divided by.
    public var temperature: Double
    /// Tokens that were chosen among; nil for all.
    public var topK: Int?
    /// Probability of the nucleus; nil for all.
    public var topP: Double?

    private enum CodingKeys: String, CodingKey {
      case greedy
      case temperature
      case topK = "top_k"
      case topP = "top_p"
    }

    /// The record of a choice.
    public init(_ choice: TokenChoice) {
      (greedy, temperature) = (choice.isGreedy, choice.temperature)
      (topK, topP) = (choice.topK, choice.topP)
    }
  }

  /// `sampling`, which tells it from other JSON files.
  public var kind = Self.kind
  /// The layout of the file.
  public var formatVersion = Self.currentFormatVersion
  /// The number of images.
  public var imageCount: Int
  /// The number of classes that there are images of.
  public var classCount: Int
  /// The digest of the images' classes in their order.
  public var labelsDigest: String
  /// The digest of the images, `PixelDigest`; nil until they are made.
  public var pixelDigest: String?
  /// The strength of guidance over the steps.
  public var guidance: GuidanceRecord
  /// How tokens were chosen.
  public var choice: ChoiceRecord
  /// Seed of the draws.
  public var seed: UInt64
  /// The operands of products.
  public var precision: String
  /// The order of the tokens.
  public var tokenOrder: String
  /// The digest of the tokenizer's weights.
  public var tokenizerDigest: String
  /// The digest of the generator's weights.
  public var generatorDigest: String
  /// How pixels became bytes.
  public var rounding = "nearest"
  /// Versions of libraries and kernels, and threads, on which last digits depend.
  public var program: [String: String]

  private enum CodingKeys: String, CodingKey {
    case kind
    case formatVersion = "format_version"
    case imageCount = "images"
    case classCount = "classes"
    case labelsDigest = "labels_digest"
    case pixelDigest = "pixels"
    case guidance
    case choice
    case seed
    case precision
    case tokenOrder = "token_order"
    case tokenizerDigest = "tokenizer"
    case generatorDigest = "generator"
    case rounding
    case program
  }

  static let kind = "sampling"
  static let currentFormatVersion = 2
  /// Its name in a folder of images.
  static let folderFileName = "sampling.json"

  /// The record of images that are still to be made.
  package init(
    labels: [Int32], guidance: Guidance, choice: TokenChoice, seed: UInt64, precision: Precision,
    tokenOrder: String, tokenizerDigest: String, generatorDigest: String, program: [String: String]
  ) {
    imageCount = labels.count
    classCount = Set(labels).count
    var digest = ContentDigest()
    digest.update(elements: labels)
    labelsDigest = digest.prefixed
    (self.guidance, self.choice) = (GuidanceRecord(guidance), ChoiceRecord(choice))
    (self.seed, self.precision, self.tokenOrder) = (seed, precision.rawValue, tokenOrder)
    (self.tokenizerDigest, self.generatorDigest) = (tokenizerDigest, generatorDigest)
    self.program = program
  }

  /// Whether another record, of images or of what is still to be made, is of a sampling that gives the same images.
  public func isOfSameSampling(as other: SamplingRecord) -> Bool {
    var (own, other) = (self, other)
    (own.pixelDigest, other.pixelDigest) = (nil, nil)
    return own == other
  }

  /// Publishes the record as a file.
  ///
  /// - Precondition: It has the digest of the images.
  func write(to path: String) throws {
    precondition(pixelDigest != nil, "SamplingRecord: no digest of the images of \(path)")
    try AtomicFile.write(try JSONText.file(of: self), to: path)
  }

  /// What it says, by name, as text; what is beside the point, such as no top-k, is left out.
  public var facts: [(name: String, value: String)] {
    var facts: [(name: String, value: String)] = [
      ("guidance", "\(guidance.scale)"), ("schedule", guidance.schedule),
    ]
    for (name, value) in [
      ("start", guidance.start), ("end", guidance.end), ("peak", guidance.peak),
      ("floor", guidance.floor),
    ] {
      if let value { facts.append((name, "\(value)")) }
    }
    facts.append(("progress", guidance.progress))
    if choice.greedy {
      facts.append(("greedy", "true"))
    } else {
      facts.append(("temperature", "\(choice.temperature)"))
    }
    if let topK = choice.topK { facts.append(("top_k", "\(topK)")) }
    if let topP = choice.topP { facts.append(("top_p", "\(topP)")) }
    return facts + [
      ("seed", "\(seed)"), ("precision", precision), ("token_order", tokenOrder),
      ("rounding", rounding), ("classes", "\(classCount)"), ("labels_digest", labelsDigest),
      ("tokenizer", tokenizerDigest), ("generator", generatorDigest),
    ]
  }
}
