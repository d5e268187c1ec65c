package import Configurations
import DataParallel
package import Datasets
import Evaluation
import ImageFiles
import Inference
import MessagePassing
import Reporting
package import ResidualTokenizer

/// Scores of a tokenizer's reconstructions of held-out images, as `restok evaluate reconstruction` defines them.
///
/// Batches are the lanes of training, and what is found out about them is put together in their order, so that no figure
/// depends on the number of ranks.
/// Source: Docs/Training.md, section 4.
package final class HeldOutReconstructions {
  private typealias Metric = TrainingSettings.Evaluation.Reconstruction.Metric

  /// The files that scores look through.
  let files: ScoreFiles
  private let configuration: TokenizerRunConfiguration
  private let metrics: [Metric]
  /// The images whose features an earlier evaluation found out, on every rank; the features are on the
  /// coordinator.
  private var known: (indices: [Int], features: SetFeatures?)?

  /// Reads the files; on every rank.
  ///
  /// - Throws: `NamedFileError` with every file that is of no use.
  package init(_ configuration: TokenizerRunConfiguration) throws {
    self.configuration = configuration
    let reconstruction = configuration.training.evaluation.reconstruction
    metrics = reconstruction.metrics
    files = try ScoreFiles(reconstruction)
  }

  /// What the log of a run says at its start: which scores there are, through what, and which images are too small for.
  var notes: [String] {
    let settings = configuration.training.evaluation
    let (lpips, inception) = (settings.reconstruction.lpips, settings.reconstruction.inception)
    let names = [
      ("evaluate.lpips", lpips.map { "\($0.network), \($0.linear)" }),
      ("evaluate.inception", inception),
    ].compactMap { key, path in
      path.map { "; \(key): \($0) (\(files.digests[key] ?? ""))" }
    }
    let when =
      settings.interval > 0 ? "every \(settings.interval) steps and at the end" : "at the end"
    let words = metrics.map(\.rawValue).joined(separator: ", ")
    return ["evaluation: \(words) of \(settings.weights.words), \(when)\(names.joined())"] + gaps
  }

  /// The scores that images of the model's size cannot have.
  private var gaps: [String] {
    let size = configuration.model.imageSize
    let sides: [(Metric, Int)] = [
      (.ssim, StructuralSimilarity.leastSide),
      (.multiScale, StructuralSimilarity.leastSideOfScales),
      (.lpips, files.networks.perceptual.first?.distance.architecture.leastSide ?? 0),
    ]
    return sides.filter { metrics.contains($0.0) && size < $0.1 }.map {
      "evaluation: there is no \($0.0.rawValue) of images of side \(size): it takes \($0.1) at least"
    }
  }

  /// Scores a model's present values.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - reader: The held-out images, on the coordinator.
  ///   - session: The ranks.
  /// - Returns: The scores, on the coordinator; nothing on the others.
  /// - Throws: The errors of images, of the model's values and of ranks.
  package func evaluate(
    _ model: ResTok, _ reader: ImageLaneReader?, _ session: TrainingSession
  ) throws -> Evaluation {
    let found = try pass(model, reader, session)
    guard let known, known.indices != found.indices else {
      known = (found.indices, found.tally.originals)
      return try evaluation(found, reader)
    }
    // Other images could be read than before: the features that are known are of the wrong ones.
    self.known = nil
    return try evaluate(model, reader, session)
  }

  /// What a pass found out.
  private struct Findings {
    var tally: ReconstructionTally
    /// The images that were scored.
    var indices: [Int] = []
  }

  private func pass(
    _ model: ResTok, _ reader: ImageLaneReader?, _ session: TrainingSession
  ) throws -> Findings {
    var omissions = ReconstructionMeasurement.Omissions()
    omissions.structure = !metrics.contains(.ssim)
    omissions.scales = !metrics.contains(.multiScale)
    omissions.originals = known != nil || !metrics.contains(.rfid)
    let measurement = ReconstructionMeasurement(
      tokenizer: model, points: [nil], networks: files.networks, omissions: omissions)
    var found = Findings(
      tally: ReconstructionTally(
        measurement, isFirst: session.isCoordinator, originals: known?.features))
    var own: (scored: [Int], damaged: [Int]) = ([], [])
    try EvaluationPass(session: session, settings: configuration.training).run(
      sampleCount: reader?.dataset.sampleCount ?? 0
    ) { plan, step, lane in
      try reader?.evaluation(plan, step: step, lane: lane) ?? []
    } measure: { message in
      let images = try originals(try ImageLaneMessage(bytes: message), &own)
      return try images.isEmpty ? BatchFigures() : measurement.figures(of: [images])
    } collect: {
      try found.tally.add($0)
    }
    found.indices = try session.communicator.allGather(own.scored).flatMap { $0 }.sorted()
    try reportLeftOut(own.damaged, reader, session)
    return found
  }

  /// The images of a lane that can be decoded.
  private func originals(
    _ lane: ImageLaneMessage, _ indices: inout (scored: [Int], damaged: [Int])
  ) throws -> [RGBImage] {
    var images: [RGBImage] = []
    for item in lane.items {
      do {
        images.append(
          try lane.image.evaluationImage(of: item.sample, size: configuration.model.imageSize))
        indices.scored.append(item.ordinal)
      } catch {
        guard configuration.data.errorPolicy == .skip else { throw error }
        indices.damaged.append(item.ordinal)
      }
    }
    return images
  }

  /// Tells, on the coordinator, which images the ranks could not decode.
  private func reportLeftOut(
    _ damaged: [Int], _ reader: ImageLaneReader?, _ session: TrainingSession
  ) throws {
    let all = try session.communicator.allGather(damaged).flatMap { $0 }
    guard let reader else { return }
    for index in all.sorted() {
      do {
        _ = try reader.dataset.image.image(of: try reader.dataset.sample(at: index))
      } catch {
        reader.reportSkipped(error)
      }
    }
  }

  private func evaluation(_ found: Findings, _ reader: ImageLaneReader?) throws -> Evaluation {
    guard let reader, !found.indices.isEmpty else { return .nothing }
    let (figures, unavailable) = try found.tally.figures()
    var scores: [DataParallel.Metric] = figures.filter {
      $0.level == nil && (isWanted($0.name) || isOfInterest($0))
    }.map { .init($0.name, $0.mean) }
    scores.append(.init("images_scored", Double(found.indices.count)))
    var remarks = unavailable.filter { isWanted($0.name) }.map {
      "there is no \($0.name): \($0.reason)"
    }
    if metrics.contains(.rfid), let inception = files.networks.inception {
      remarks += SmallSets.warnings(
        [("rfid", found.indices.count)],
        dimensions: [InceptionFeatures.Sizes(of: inception.network).pool])
    }
    return Evaluation(
      scores: scores, usage: found.tally.usage, facts: facts(reader), remarks: remarks)
  }

  private func isWanted(_ figure: String) -> Bool {
    metrics.contains { figure == $0.rawValue || ($0 == .lpips && figure.hasPrefix("lpips")) }
  }

  /// Whether there are images that `psnr` leaves out.
  private func isOfInterest(_ figure: Figure) -> Bool {
    figure.name == "equal_images" && figure.mean > 0 && metrics.contains(.psnr)
  }

  /// What the figures depend on beside the weights.
  private func facts(_ reader: ImageLaneReader) -> [(name: String, value: MetricValue)] {
    var facts: [(name: String, value: MetricValue)] = [
      ("evaluation_digest", .text(reader.dataset.manifest.digest))
    ]
    for (name, record) in files.networks.records.sorted(by: { $0.key < $1.key }) {
      facts.append((name + "_digest", .text(record.digest)))
    }
    return facts
  }
}

extension TrainingSettings.Evaluation.Weights {
  /// The weights in words.
  var words: String {
    switch self {
    case .ema: "the moving average"
    case .model: "the weights as they are trained"
    case .both: "the moving average and the weights as they are trained"
    }
  }
}
