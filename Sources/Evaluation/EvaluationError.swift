/// Why figures cannot be had of what was given.
public enum EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A set has fewer images than a figure needs.
  case tooFewImages(set: String, found: Int, needed: Int)
  /// Two sets that are compared image by image have different numbers of them.
  case unlikeCounts(originals: Int, reconstructions: Int)
  /// Two images that are compared have different sizes.
  case unlikeSizes(index: Int, original: [Int], reconstruction: [Int])
  /// Features or statistics are of another size than those that they are compared with.
  case unlikeDimensions(set: String, found: Int, expected: Int)
  /// Features or statistics hold something that is no finite number.
  case notFinite(set: String)
  /// A matrix that no set of features has as its covariance.
  case noCovariance(set: String, problem: String)
  /// A path that is no set of images.
  case noImages(path: String, problem: String, advice: String)
  /// Certificates that say different things about how their figures were made.
  case unlikeProtocols([ProtocolDifference])
  /// Measurements of one thing that say different things about it, or about how they were made.
  case unlikeMeasurements([ProtocolDifference])
  /// What a search compares with is no longer what it was when the search was started.
  case changedReference(String)
  /// A file among a search's measurements that is none of them.
  case damagedMeasurement(path: String)
  /// A certificate that cannot be read.
  case noCertificate(path: String, problem: String)
  /// The record beside samples says something else of them.
  case foreignRecord(set: String, problem: String)

  /// What is wrong, with what was found and expected, and what to do.
  public var description: String {
    switch self {
    case .tooFewImages(let set, let found, let needed):
      "\(set): \(found) image(s), at least \(needed) are needed: name a larger set"
    case .unlikeCounts(let originals, let reconstructions):
      "\(originals) originals and \(reconstructions) reconstructions: the two sets are compared image by "
        + "image, in their order: name two of as many images"
    case .unlikeSizes(let index, let original, let reconstruction):
      "image \(index): the original is \(Self.text(of: original)) and the reconstruction "
        + "\(Self.text(of: reconstruction)): bring the originals to the reconstructions' size with --size"
    case .unlikeDimensions(let set, let found, let expected):
      "\(set): features of \(found) dimensions, expected \(expected): the two sides must be of one network; "
        + "make the statistics with `restok evaluate statistics` and the same --inception file"
    case .notFinite(let set):
      "\(set): a feature or a statistic is no finite number: check the file, and the network's weights"
    case .noCovariance(let set, let problem):
      "\(set): no covariance of a set of features: \(problem): make the statistics anew with `restok evaluate "
        + "statistics`"
    case .noImages(let path, let problem, let advice): "\(path): \(problem). \(advice)"
    case .unlikeProtocols(let differences):
      "the figures were made in different ways and do not belong in one table:\n"
        + differences.map { "  \($0)\n" }.joined()
        + "Measure again in one way, or name with --allow the fields whose difference is meant"
    case .unlikeMeasurements(let differences):
      "the measurements differ in more than their seeds and are not of one thing:\n"
        + differences.map { "  \($0)\n" }.joined() + "Measure all of them again in one way"
    case .changedReference(let name):
      "\(name): it was changed while samples were compared with it: start the search again, and it measures what "
        + "is missing"
    case .damagedMeasurement(let path):
      "\(path): no measurement of this search, or not as it was written: remove the file and start the search again, which "
        + "makes it anew"
    case .noCertificate(let path, let problem):
      "\(path): no certificate of an evaluation: \(problem). Name a file that `restok evaluate` wrote with "
        + "--output"
    case .foreignRecord(let set, let problem):
      "\(set): the record of the sampling beside the images does not fit: \(problem). If it is of other images, "
        + "remove it, and state what is known with --stated"
    }
  }

  private static func text(of size: [Int]) -> String {
    size.map(String.init).joined(separator: " x ")
  }
}

/// A field in which two certificates differ.
public struct ProtocolDifference: Sendable, Equatable, CustomStringConvertible {
  /// The path of the field, such as `reference.digest`.
  public let field: String
  /// Its values, `absent` where a certificate has none, in the order of the certificates.
  public let values: [String]

  /// A difference.
  public init(field: String, values: [String]) {
    self.field = field
    self.values = values
  }

  /// The field and its values.
  public var description: String { "\(field): \(values.joined(separator: " against "))" }
}
