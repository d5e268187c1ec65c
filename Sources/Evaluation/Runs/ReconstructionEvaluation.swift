import ArrayFiles
import FeatureNetworks
import ImageFiles
public import Inference
import MessagePassing
import Reporting
import ResidualTokenizer
import Tensors

/// Scores of reconstructions: image by image, of the two sets as wholes, and of the tokens in between.
///
/// PSNR, SSIM, MS-SSIM and, with their networks, LPIPS, rFID and Inception Score; with a model also the use of its
/// codebook, and all of it for any numbers of kept tokens.
/// Source: Docs/Evaluation.md, section 5.
public struct ReconstructionEvaluation: Sendable {
  /// What made the reconstructions.
  public enum Source: Sendable {
    /// A tokenizer, which the originals go through here.
    case model(ModelSource)
    /// Somebody else: another set of as many images.
    case images([String])
  }

  /// The originals: an archive, a data set, or files and folders.
  public var originals: [String]
  /// What made the reconstructions.
  public var source: Source
  /// The size that originals are brought to where no model has one; nil leaves them as they are.
  public var size: Int?
  /// Tokens of each image that are decoded, a point of the curve each; all of them when empty.
  public var keptTokenCounts: [Int] = []
  /// The file of Inception-v3; nil for no rFID and no Inception Score.
  public var inception: String?
  /// The files of a perceptual distance each.
  public var perceptual: [[String]] = []
  /// What the user states about the reconstructions.
  public var stated: [MeasuredSubject.Fact] = []

  /// An evaluation without networks.
  public init(originals: [String], source: Source) {
    (self.originals, self.source) = (originals, source)
  }

  /// Measures.
  ///
  /// Collective: every rank, with the same request. Rank 0 reads the images; every rank reads model and networks. The
  /// figures do not depend on the number of ranks.
  ///
  /// - Parameter context: The ranks.
  /// - Returns: The certificate, on rank 0; nil on the others.
  /// - Throws: `EvaluationError`, `CommandError.unsupported` for kept tokens that the model does not have, and
  ///   the errors of files, images, models, networks and ranks.
  public func run(_ context: EvaluationContext) throws -> EvaluationCertificate? {
    context.setThreads()
    let tokenizer = try loadTokenizer(context)
    let points = try curve(tokenizer)
    let sets = try context.isFirst ? openSets(tokenizer, context) : nil
    let networks = ReconstructionNetworks(
      inception: try inception.map(InceptionFile.init),
      perceptual: try perceptual.map(PerceptualFiles.init))
    guard Set(networks.perceptual.map(\.name)).count == networks.perceptual.count else {
      throw CommandError.unsupported("--lpips: two distances of one network: give one of each")
    }
    let measurement = ReconstructionMeasurement(
      tokenizer: tokenizer?.model, points: points, networks: networks)
    var tally = ReconstructionTally(measurement, isFirst: context.isFirst)
    let digests = try context.pass.run(sets, measure: measurement.figures(of:first:)) {
      try tally.add($0)
    }
    guard let sets else { return nil }
    return try certificate(sets, tokenizer, networks, tally, digests)
  }

  private func loadTokenizer(_ context: EvaluationContext) throws -> LoadedTokenizer? {
    guard case .model(let model) = source else { return nil }
    let tokenizer = try LoadedTokenizer(model) { if context.isFirst { context.notice($0) } }
    try CodeExtraction.requireOneTokenizer(tokenizer, model, context.communicator)
    return tokenizer
  }

  /// The points of the curve; one without a number where all tokens or no model's are meant.
  private func curve(_ tokenizer: LoadedTokenizer?) throws(CommandError) -> [Int?] {
    guard let tokenizer else {
      guard keptTokenCounts.isEmpty else {
        throw .unsupported("--keep belongs to --model: two sets of images have no tokens")
      }
      return [nil]
    }
    let count = tokenizer.model.configuration.latents.count
    for kept in keptTokenCounts where !(1...count ~= kept) {
      throw .unsupported("--keep \(kept): the tokenizer has \(count) tokens")
    }
    return keptTokenCounts.isEmpty ? [count] : Set(keptTokenCounts).sorted()
  }

  /// The originals and, without a model, the reconstructions.
  private func openSets(
    _ tokenizer: LoadedTokenizer?, _ context: EvaluationContext
  ) throws -> [ImageSet] {
    var sets = [
      try ImageSet(
        paths: originals, size: tokenizer.map(\.model.configuration.imageSize) ?? size)
    ]
    if case .images(let paths) = source { sets.append(try ImageSet(paths: paths, size: nil)) }
    for set in sets { context.tell(of: set) }
    guard Set(sets.map(\.count)).count == 1 else {
      throw EvaluationError.unlikeCounts(
        originals: sets[0].count, reconstructions: sets[1].count)
    }
    guard inception == nil || sets[0].count >= 2 else {
      throw EvaluationError.tooFewImages(set: sets[0].name, found: sets[0].count, needed: 2)
    }
    return sets
  }

  private func certificate(
    _ sets: [ImageSet], _ tokenizer: LoadedTokenizer?, _ networks: ReconstructionNetworks,
    _ tally: ReconstructionTally, _ digests: [SetDigests]
  ) throws -> EvaluationCertificate {
    let (figures, unavailable) = try tally.figures()
    let (name, weights) = description(sets)
    let sizes = networks.inception.map { InceptionFeatures.Sizes(of: $0.network) }
    return try EvaluationCertificate(
      method: MeasurementProtocol(
        kind: "reconstruction", imageCount: sets[0].count,
        preparation: sets.last?.preparation ?? "",
        rounding: tokenizer == nil ? "bytes, as the files have them" : "clamped, round(255 x)",
        reference: MeasurementProtocol.Reference(
          content: "images", digest: digests[0].prepared, imageCount: sets[0].count,
          preparation: sets[0].preparation),
        networks: networks.records, distances: nil, neighbourCount: nil,
        scoreSplits: sizes.map { _ in InceptionScore.Configuration.reconstruction.description },
        scoreOffset: sizes.map { _ in InceptionScore.Configuration.reconstruction.offset },
        keptTokenCounts: tokenizer == nil ? nil : tally.points.compactMap { $0 },
        seeds: stated.filter { $0.name == "seed" }.map(\.value)),
      subject: MeasuredSubject(
        name: name, digest: tokenizer == nil ? digests[1].prepared : nil,
        weightsDigest: tokenizer?.digest, weights: weights, stated: stated),
      figures: figures, unavailable: unavailable,
      warnings: sizes.map {
        SmallSets.warnings([("the originals", sets[0].count)], dimensions: [$0.pool])
      } ?? [])
  }

  private func description(_ sets: [ImageSet]) -> (name: String, weights: String?) {
    switch source {
    case .model(let model): (VisibleText.name(model.path), model.weights?.rawValue ?? "default")
    case .images: (sets[1].name, nil)
    }
  }
}

/// The networks that reconstructions are seen through.
package struct ReconstructionNetworks {
  /// Inception-v3, for rFID and the Inception Score.
  package var inception: InceptionFile?
  /// The networks of LPIPS.
  package var perceptual: [PerceptualFiles]

  /// Gathers networks.
  package init(inception: InceptionFile? = nil, perceptual: [PerceptualFiles] = []) {
    (self.inception, self.perceptual) = (inception, perceptual)
  }

  /// What a certificate says of them.
  package var records: [String: NetworkRecord] {
    var records = Dictionary(uniqueKeysWithValues: perceptual.map { ($0.name, $0.record) })
    records["inception"] = inception?.record
    return records
  }
}
