import ArrayFiles
import Configurations
import Foundation
public import HierarchicalGenerator
import Kernels
import Reporting

/// How images were sampled: everything that they depend on, in a file beside them.
///
/// `sampling.json` in a folder of images, `NAME.json` beside `NAME.npz` and `NAME.npy`. An evaluation of the images
/// takes it into its certificate. Source: Docs/Sampling.md, section 3.
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
  /// The strength of guidance over the steps.
  public var guidance: GuidanceRecord
  /// How tokens were chosen.
  public var choice: ChoiceRecord
  /// Seed of the draws.
  public var seed: UInt64
  /// The operands of products.
  public var precision: String
  /// The order of the tokens.
  public var order: String
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
    case guidance
    case choice
    case seed
    case precision
    case order
    case tokenizerDigest = "tokenizer"
    case generatorDigest = "generator"
    case rounding
    case program
  }

  private static let kind = "sampling"
  private static let currentFormatVersion = 1
  /// Its name in a folder of images.
  static let folderFileName = "sampling.json"

  init(
    labels: [Int32], guidance: Guidance, choice: TokenChoice, seed: UInt64, precision: Precision,
    order: String, tokenizerDigest: String, generatorDigest: String, program: [String: String]
  ) {
    imageCount = labels.count
    classCount = Set(labels).count
    var digest = ContentDigest()
    digest.update(elements: labels)
    labelsDigest = digest.prefixed
    (self.guidance, self.choice) = (GuidanceRecord(guidance), ChoiceRecord(choice))
    (self.seed, self.precision, self.order) = (seed, precision.rawValue, order)
    (self.tokenizerDigest, self.generatorDigest) = (tokenizerDigest, generatorDigest)
    self.program = program
  }

  /// Where the record of some images stands; nil for a grid, which has none.
  static func path(for output: ImageOutput) -> String? {
    switch output.kind {
    case .folder: SystemPath.withoutEndingSlash(output.path) + "/" + folderFileName
    case .array, .archive: String(output.path.dropLast(3)) + "json"
    case .grid: nil
    }
  }

  /// Reads the record beside some images.
  ///
  /// - Parameter path: A folder of images, or an array of them.
  /// - Returns: The record; nil where there is none, or another file has its name.
  /// - Throws: `FileError`; `CommandError.unfitData` for one of another version.
  public static func beside(_ path: String) throws -> SamplingRecord? {
    let isArray = ["npz", "npy"].contains(SystemPath.ending(of: path))
    guard FileSystem.isDirectory(path) || isArray else { return nil }
    let file =
      FileSystem.isDirectory(path)
      ? SystemPath.withoutEndingSlash(path) + "/" + folderFileName
      : String(path.dropLast(3)) + "json"
    return FileSystem.exists(file) ? try SamplingRecord(contentsOf: file) : nil
  }

  /// Reads a record; nil where the file is something else.
  ///
  /// - Throws: `FileError`; `CommandError.unfitData` for a record of another version.
  public init?(contentsOf path: String) throws {
    struct Mark: Decodable {
      let kind: String
    }
    let text = Data(try FileSystem.bytes(of: path, upTo: 1 << 20))
    guard (try? JSONText.decode(Mark.self, from: text))?.kind == Self.kind else { return nil }
    do {
      self = try JSONText.decode(SamplingRecord.self, from: text)
    } catch {
      throw CommandError.unfitData("\(path): this record of a sampling cannot be read: \(error)")
    }
    guard formatVersion == Self.currentFormatVersion else {
      throw CommandError.unfitData(
        "\(path): this record of a sampling has format version \(formatVersion), this program reads "
          + "\(Self.currentFormatVersion)")
    }
  }

  /// Refuses to take the place of a file that is no record.
  func requirePlace(_ path: String) throws {
    guard FileSystem.exists(path), try SamplingRecord(contentsOf: path) == nil else { return }
    throw CommandError.unsupported(
      "\(path) is there and is no record of a sampling, which would take its place: move it, or name another "
        + "--output")
  }

  /// Publishes the record as a file.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(Array(try encoder.encode(self)) + [UInt8(ascii: "\n")], to: path)
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
      ("seed", "\(seed)"), ("precision", precision), ("order", order),
      ("rounding", rounding), ("classes", "\(classCount)"), ("labels_digest", labelsDigest),
      ("tokenizer", tokenizerDigest), ("generator", generatorDigest),
    ]
  }
}
