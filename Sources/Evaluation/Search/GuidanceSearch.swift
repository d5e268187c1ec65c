import ArrayFiles
public import Inference

/// A table of figures over settings of guidance, each of which is sampled and evaluated.
///
/// The folder of a search holds `table.csv`, `table.json`, `plot.png`, its lock `search.lock` and, in `measurements`, the certificate of each
/// setting and seed. What is there is not measured again; a table holds only rows of the same weights, reference,
/// network and number of images. Source: Docs/Sampling.md, section 4.
public struct GuidanceSearch {
  /// The settings.
  public var points: [GuidancePoint]
  /// The class of each image.
  public var labels: [Int]
  /// A measurement of each setting for each seed.
  public var seeds: [UInt64]
  /// What samples are compared with.
  public var reference: [String]
  /// The file of Inception-v3.
  public var inception: String
  /// The folder of the search.
  public var folder: String
  /// Images of a split of the Inception Score.
  public var splitSize = 5000

  /// A search.
  public init(
    points: [GuidancePoint], labels: [Int], seeds: [UInt64], reference: [String],
    inception: String, folder: String
  ) {
    precondition(
      !points.isEmpty && !seeds.isEmpty, "GuidanceSearch: \(points.count) points, \(seeds) seeds")
    (self.points, self.labels, self.seeds) = (points, labels, seeds)
    (self.reference, self.inception) = (reference, inception)
    self.folder = SystemPath.withoutEndingSlash(folder)
  }

  /// Measures what is missing, and writes table and plot: at once if there are rows, and after every further one.
  ///
  /// Collective: every rank. Reference and network are looked at before anything is sampled.
  ///
  /// - Parameters:
  ///   - sampling: The models.
  ///   - output: The ranks as samples are made.
  ///   - context: The ranks as they are evaluated.
  ///   - report: Told on rank 0 of each row, in the order of the settings.
  /// - Returns: The table on rank 0; an empty one on the others.
  /// - Throws: The errors of sampling and of evaluation; `EvaluationError.damagedMeasurement`; `CommandError.unsupported`
  ///   for a folder that something is read from, or that another search works in;
  ///   `EvaluationError.changedReference` where the reference is no longer what it was.
  public func run(
    _ sampling: Sampling, _ output: OutputContext, _ context: EvaluationContext,
    row report: (GuidanceRow) -> Void = { _ in }
  ) throws -> GuidanceTable {
    let measurements = try GuidanceMeasurements(self, sampling, output, context)
    defer { measurements.release() }
    var rows = try points.map(measurements.row)
    var table = GuidanceTable(
      folder: folder, rows: rows.compactMap { $0 }, plannedCount: points.count)
    if !table.rows.isEmpty { try table.write() }
    for (index, point) in points.enumerated() {
      try measurements.complete(point)
      guard context.isFirst else { continue }
      if rows[index] == nil {
        rows[index] = try measurements.row(of: point)
        table.rows = rows.compactMap { $0 }
        try table.write()
      }
      if let row = rows[index] { report(row) }
    }
    return table
  }

  /// The samples of a setting and a seed.
  func request(_ point: GuidancePoint, _ seed: UInt64) -> SamplingRequest {
    SamplingRequest(
      labels: labels, guidance: point.guidance, choice: point.choice, seed: seed,
      output: samples)
  }

  /// How the samples of a setting are measured.
  var evaluation: GenerationEvaluation {
    var evaluation = GenerationEvaluation(
      samples: [samples], reference: reference, inception: inception)
    evaluation.score = InceptionScore.Configuration(splitSize: splitSize)
    return evaluation
  }

  private var samples: String { folder + "/samples.npz" }
}
