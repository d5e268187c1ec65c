/// How figures were made: everything that has to be equal before two of them are put beside each other.
///
/// Source: Docs/Evaluation.md, section 7.
public struct MeasurementProtocol: Codable, Sendable, Equatable {
  /// What the measured images are compared with.
  public struct Reference: Codable, Sendable, Equatable {
    /// `images`, `statistics`, or `statistics and images`.
    public var content: String
    /// The digest of the pixels of images, or of the file of statistics.
    public var digest: String
    /// Images; nil where a file of statistics does not say it.
    public var imageCount: Int?
    /// What was done to its images before.
    public var preparation: String

    fileprivate enum CodingKeys: String, CodingKey, CaseIterable {
      case content
      case digest
      case imageCount = "images"
      case preparation
    }
  }

  /// Raised with every change after which some figure has another definition.
  public static let currentRevision = 1

  /// The revision of the definitions.
  public var revision = currentRevision
  /// `reconstruction` or `generation`.
  public var kind: String
  /// Images that were measured.
  public var imageCount: Int
  /// What was done to the measured images before.
  public var preparation: String
  /// How pixels became bytes.
  public var rounding: String
  /// The digest of the images' classes in their order, on which splits of the Inception Score depend; nil where nobody
  /// said it.
  public var imageOrder: String?
  /// What they are compared with.
  public var reference: Reference
  /// The networks by what they are for: `inception`, `lpips_alexnet`, `lpips_vgg16`.
  public var networks: [String: NetworkRecord]
  /// How neighbours were found; nil where none were looked for.
  public var distances: String?
  /// k of precision and recall.
  public var neighbourCount: Int?
  /// How images were split for the Inception Score.
  public var scoreSplits: String?
  /// What was added to probabilities before their logarithms.
  public var scoreOffset: Double?
  /// Tokens of each image that were decoded, a row of the curve each.
  public var keptTokenCounts: [Int]?
  /// The seeds of the samples, one a measurement; empty where nobody said.
  public var seeds: [String]

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case revision
    case kind
    case imageCount = "images"
    case preparation
    case rounding
    case imageOrder = "image_order"
    case reference
    case networks
    case distances
    case neighbourCount = "neighbours"
    case scoreSplits = "is_splits"
    case scoreOffset = "is_offset"
    case keptTokenCounts = "kept_tokens"
    case seeds
  }

  /// The paths of all fields that a protocol may have, but for those of its networks.
  static let fieldNames =
    CodingKeys.allCases.map(\.stringValue)
    + Reference.CodingKeys.allCases.map { "\(CodingKeys.reference.stringValue).\($0.stringValue)" }
}

/// A network that figures look through.
public struct NetworkRecord: Codable, Sendable, Equatable {
  /// The digest of its file or files.
  public var digest: String
  /// The type of its numbers.
  public var precision: String
  /// What becomes of an image before it enters.
  public var input: String
}
