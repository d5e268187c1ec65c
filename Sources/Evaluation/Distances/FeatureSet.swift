/// The features of a set of images, which arrive in the order of the images.
///
/// Their moments are summed as they come; rows are kept where neighbours are looked for among them.
public struct FeatureSet: Sendable {
  /// What errors call the set.
  public let name: String
  /// Numbers of a feature.
  public let dimension: Int
  /// The rows, `[images, dimension]`; nil where they are not kept.
  public private(set) var rows: [Float]?
  private var moments: MomentAccumulator

  /// A set of no images.
  ///
  /// - Parameters:
  ///   - name: What errors call the set.
  ///   - dimension: Numbers of a feature.
  ///   - keepsRows: Whether rows are kept, 4 bytes a number.
  public init(name: String, dimension: Int, keepsRows: Bool = false) {
    (self.name, self.dimension) = (name, dimension)
    rows = keepsRows ? [] : nil
    moments = MomentAccumulator(dimension: dimension)
  }

  /// The number of images.
  public var imageCount: Int { moments.rowCount }

  /// Adds the features of the next images, `[images, dimension]`.
  public mutating func add(_ features: [Float]) {
    moments.add(features)
    rows?.append(contentsOf: features)
  }

  /// The mean and the covariance.
  ///
  /// - Throws: `EvaluationError` for fewer than two images, or features that are not finite.
  public func statistics() throws(EvaluationError) -> FeatureStatistics {
    try moments.statistics(of: name)
  }
}
