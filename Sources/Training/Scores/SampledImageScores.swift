package import Configurations
import DataParallel
import Evaluation
package import HierarchicalGenerator
import ImageFiles
import Inference
import MessagePassing
import Reporting
package import ResidualTokenizer
import Tensors

/// FID and Inception Score of images that a generator samples during training.
///
/// The classes take turns. A sample depends on the seed of the run, its class and its number alone, and batches are of a
/// fixed size and put together in their order, so that no figure depends on the number of ranks.
/// Source: Docs/Training.md, section 4; Docs/Evaluation.md, sections 2 and 3.
package final class SampledImageScores {
  private static let batchSize = 8

  /// The files that scores look through.
  let files: ScoreFiles
  private let generation: TrainingSettings.Evaluation.Generation
  private let seed: UInt64

  /// Reads the files; on every rank.
  ///
  /// - Throws: `NamedFileError` with every file that is of no use.
  package init(_ training: TrainingSettings, isCoordinator: Bool) throws {
    generation = training.evaluation.generation
    seed = training.run.seed
    files = try ScoreFiles(generation, isCoordinator: isCoordinator)
  }

  /// What the log of a run says at its start; nothing where no images are sampled.
  func notes(_ training: TrainingSettings) -> [String] {
    guard generation.samplesImages else { return [] }
    let words = generation.metrics.map(\.rawValue).joined(separator: ", ")
    let names = [
      ("evaluate.inception", generation.inception, files.digests["evaluate.inception"]),
      ("evaluate.reference", generation.reference, files.referenceDigest),
    ].compactMap { key, path, digest in path.map { "; \(key): \($0) (\(digest ?? ""))" } }
    return [
      "evaluation: \(words) of \(training.evaluation.weights.words), of \(generation.sampleCount) images, the "
        + "classes in turn, guidance \(generation.guidance)\(names.joined())"
    ]
  }

  /// Samples and scores with a generator's present values.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - generator: The model.
  ///   - tokenizer: Makes images of its tokens.
  ///   - session: The ranks.
  /// - Returns: The scores, on the coordinator; nothing on the others.
  /// - Throws: `NotFiniteLogits`, `NotFiniteOutput`, `EvaluationError` and the errors of ranks.
  package func evaluate(
    _ generator: Generator, _ tokenizer: ResTok, _ session: TrainingSession
  ) throws -> Evaluation {
    guard let network = files.networks.inception else { return .nothing }
    let sizes = InceptionFeatures.Sizes(of: network.network)
    var features = SetFeatures(
      "the samples", sizes, SetFeatures.Wanted(spatial: false, score: .generation),
      isFirst: session.isCoordinator)
    let communicator = session.communicator
    let batchCount = (generation.sampleCount + Self.batchSize - 1) / Self.batchSize
    for first in stride(from: 0, to: batchCount, by: communicator.worldSize) {
      let images = try self.images(ofBatch: first + communicator.rank, generator, tokenizer)
      let figures =
        images.isEmpty
        ? BatchFigures()
        : BatchFigures(floats: InceptionFeatures(of: images, network.network).numbers)
      for figures in try figures.gathered(communicator) {
        features.add(InceptionFeatures(figures.floats, sizes))
      }
    }
    return try session.isCoordinator ? evaluation(features, network) : .nothing
  }

  /// The images of a batch; none behind the last one.
  private func images(
    ofBatch batch: Int, _ generator: Generator, _ tokenizer: ResTok
  ) throws -> [RGBImage] {
    let classCount = generator.configuration.classCount
    let start = min(batch * Self.batchSize, generation.sampleCount)
    let range = start..<min(start + Self.batchSize, generation.sampleCount)
    guard !range.isEmpty else { return [] }
    let tokens = try generator.sample(
      range.map { SampleIdentity(label: Int32($0 % classCount), ordinal: $0 / classCount) },
      guidance: Guidance(strength: generation.guidance), choice: TokenChoice(),
      key: RandomKey(seed: seed, purpose: .sampling))
    return RGBImage.images(of: try tokenizer.images(of: tokens))
  }

  private func evaluation(_ features: SetFeatures, _ network: InceptionFile) throws -> Evaluation {
    var scores: [Metric] = []
    var evaluation = Evaluation(scores: [])
    if generation.metrics.contains(.fid), let reference = files.reference, let pool = features.pool
    {
      scores.append(
        Metric("fid", try FrechetDistance(reference.pool, pool.statistics()).value))
      evaluation.remarks = SmallSets.warnings(
        [("fid", pool.imageCount)], dimensions: [reference.pool.dimension])
    }
    if generation.metrics.contains(.inceptionScore), let score = features.score?.value {
      scores.append(Metric("is", score))
    }
    scores.append(Metric("images_sampled", Double(generation.sampleCount)))
    evaluation.scores = scores
    evaluation.facts = [
      ("guidance", .number(generation.guidance)),
      ("inception_digest", .text(network.record.digest)),
    ]
    if let digest = files.referenceDigest {
      evaluation.facts.append(("reference_digest", .text(digest)))
    }
    return evaluation
  }
}
