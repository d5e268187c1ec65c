import Inference
import MessagePassing

/// FID, sFID, Inception Score, precision and recall of generated images, as the ADM suite defines them.
///
/// Source: Docs/Evaluation.md, sections 2 to 4.
public struct GenerationEvaluation: Sendable {
  /// The samples: an archive, a data set, or files and folders.
  public var samples: [String]
  /// What they are compared with: the same, or a file of statistics.
  public var reference: [String]
  /// The file of Inception-v3.
  public var inception: String
  /// The size that samples are brought to; nil leaves them as they are.
  public var size: Int?
  /// The size that the reference's images are brought to; nil leaves them as they are.
  public var referenceSize: Int?
  /// k of precision and recall.
  public var neighbourCount = 3
  /// How images are split for the Inception Score.
  public var score = InceptionScore.Configuration.generation
  /// What the user states about the samples, beside what the record beside them says; seed, rounding and the digest
  /// of the classes in their order, if they are among it, belong to the protocol.
  public var stated: [MeasuredSubject.Fact] = []

  /// An evaluation with the suite's settings.
  public init(samples: [String], reference: [String], inception: String) {
    (self.samples, self.reference, self.inception) = (samples, reference, inception)
  }

  /// Both sides, and what is known about the samples.
  private struct Files {
    let samples: ImageSet
    let reference: ReferenceSource
    let facts: SampleFacts
  }

  /// What rank 0 has found, and all ranks go by.
  private struct Plan {
    var hasReferenceImages = true
    var hasStatistics = false

    init(_ reference: ReferenceSource?) {
      hasReferenceImages = reference?.images != nil
      hasStatistics = reference?.statistics != nil
    }

    /// Tells the other ranks.
    mutating func agree(_ communicator: Communicator) throws {
      let flags = try communicator.broadcast([hasReferenceImages, hasStatistics], root: 0)
      (hasReferenceImages, hasStatistics) = (flags[0], flags[1])
    }
  }

  /// Measures.
  ///
  /// Collective: every rank, with the same request. Rank 0 reads the images; every rank reads the network. The
  /// figures do not depend on the number of ranks.
  ///
  /// - Parameter context: The ranks.
  /// - Returns: The certificate, on rank 0; nil on the others.
  /// - Throws: `EvaluationError`, and the errors of files, images, networks and ranks.
  public func run(_ context: EvaluationContext) throws -> EvaluationCertificate? {
    try run(context, through: nil)
  }

  /// Measures through a network that was read before; nil reads that of the request.
  func run(
    _ context: EvaluationContext, through known: InceptionFile?
  ) throws -> EvaluationCertificate? {
    context.setThreads()
    let files = try context.isFirst ? openFiles(context) : nil
    let network = try known ?? InceptionFile(path: inception)
    let sizes = InceptionFeatures.Sizes(of: network.network)
    try files?.reference.requireDimensions(sizes)
    var plan = Plan(files?.reference)
    try plan.agree(context.communicator)

    var wanted = SetFeatures.Wanted(
      spatial: files?.reference.spatialGap == nil, neighbours: plan.hasReferenceImages,
      score: score)
    var samples = SetFeatures("the samples", sizes, wanted, isFirst: context.isFirst)
    let sampleDigests = try collect(files?.samples, network, into: &samples, context)
    try files?.facts.requireRecord(ofImages: sampleDigests.first)
    wanted.moments = !plan.hasStatistics
    wanted.score = nil
    var reference = SetFeatures("the reference", sizes, wanted, isFirst: context.isFirst)
    var referenceDigests: [SetDigests] = []
    if plan.hasReferenceImages {
      referenceDigests = try collect(files?.reference.images, network, into: &reference, context)
    }
    let neighbours =
      try plan.hasReferenceImages
      ? PrecisionRecall(
        NeighbourSearch(
          references: reference.rows, samples: samples.rows, dimension: sizes.pool,
          neighbourCount: neighbourCount), context.share) : nil
    guard let files else { return nil }
    return try certificate(
      files, network, samples, reference, neighbours,
      digests: (sampleDigests.first?.prepared, referenceDigests.first?.prepared))
  }

  /// Both sides, found before anything is computed.
  private func openFiles(_ context: EvaluationContext) throws -> Files {
    let set = try ImageSet(paths: samples, size: size)
    let source = try ReferenceSource(paths: reference, size: referenceSize)
    for side in [set, source.images].compactMap({ $0 }) { context.tell(of: side) }
    try requireCounts(of: source, sampleCount: set.count, name: set.name)
    return Files(
      samples: set, reference: source, facts: try SampleFacts(of: set, samples, stated: stated))
  }

  /// Refuses sets of fewer images than the figures need.
  func requireCounts(
    of source: ReferenceSource, sampleCount: Int, name: String
  ) throws(EvaluationError) {
    let needed = source.images == nil ? 2 : max(2, neighbourCount + 1)
    for (name, count) in [(name, sampleCount), (source.name, source.images?.count ?? needed)]
    where count < needed {
      throw .tooFewImages(set: name, found: count, needed: needed)
    }
  }

  private func collect(
    _ set: ImageSet?, _ file: InceptionFile, into features: inout SetFeatures,
    _ context: EvaluationContext
  ) throws -> [SetDigests] {
    try context.pass.run(set.map { [$0] }) { batches, _ in
      BatchFigures(floats: InceptionFeatures(of: batches[0], file.network).numbers)
    } collect: {
      features.add(InceptionFeatures($0.floats, features.sizes))
    }
  }

  private func certificate(
    _ files: Files, _ network: InceptionFile,
    _ samples: SetFeatures, _ reference: SetFeatures, _ neighbours: PrecisionRecall?,
    digests: (samples: String?, reference: String?)
  ) throws -> EvaluationCertificate {
    let source = files.reference
    var figures: [Figure] = []
    if let pool = samples.pool {
      let distance = try Self.distance(pool, reference.pool, source.statistics?.pool, source.name)
      figures.append(Figure("fid", distance.value))
    }
    if let spatial = samples.spatial {
      let distance = try Self.distance(
        spatial, reference.spatial, source.statistics?.spatial, source.name)
      figures.append(Figure("sfid", distance.value))
    }
    if let value = samples.score?.value { figures.append(Figure("is", value)) }
    if let neighbours {
      figures.append(Figure("precision", neighbours.precision))
      figures.append(Figure("recall", neighbours.recall))
    }
    var unavailable = [source.spatialGap.map { UnavailableFigure("sfid", $0) }].compactMap { $0 }
    if let gap = source.neighbourGap {
      unavailable += ["precision", "recall"].map { UnavailableFigure($0, gap) }
    }
    let counts =
      [("the samples", files.samples.count)]
      + (source.statistics == nil ? [("the reference", source.images?.count ?? 0)] : [])
    return try EvaluationCertificate(
      method: method(files, network, hasNeighbours: neighbours != nil, digests.reference),
      subject: MeasuredSubject(
        name: files.samples.name, digest: digests.samples, stated: files.facts.all),
      figures: figures, unavailable: unavailable,
      warnings: files.facts.warnings
        + SmallSets.warnings(counts, dimensions: [samples.sizes.pool, samples.sizes.spatial]))
  }

  private static func distance(
    _ samples: FeatureSet, _ images: FeatureSet?, _ statistics: FeatureStatistics?, _ name: String
  ) throws -> FrechetDistance {
    guard let reference = try statistics ?? images?.statistics() else {
      preconditionFailure("GenerationEvaluation: no statistics of \(name)")
    }
    return try FrechetDistance(reference, samples.statistics(), name: samples.name)
  }

  private func method(
    _ files: Files, _ network: InceptionFile,
    hasNeighbours: Bool, _ referenceDigest: String?
  ) -> MeasurementProtocol {
    MeasurementProtocol(
      kind: "generation", imageCount: files.samples.count,
      preparation: files.samples.preparation, rounding: files.facts.rounding,
      imageOrder: files.facts.imageOrder,
      reference: files.reference.record(pixelDigest: referenceDigest),
      networks: ["inception": network.record],
      distances: hasNeighbours ? NeighbourSearch.precision : nil,
      neighbourCount: hasNeighbours ? neighbourCount : nil,
      scoreSplits: score.description, scoreOffset: score.offset,
      seeds: files.facts.seeds)
  }
}
