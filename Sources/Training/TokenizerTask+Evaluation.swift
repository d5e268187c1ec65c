import DataParallel
import Datasets
import ImageFiles
import Inference
import ResidualTokenizer
import Tensors

extension TokenizerTask {
  package func evaluate(_ session: TrainingSession) throws -> Evaluation {
    var score = ReconstructionScore()
    var usage = TokenUsage(configuration.model)
    var damaged: [Int64] = []
    let (data, skips) = (self.data, configuration.data.errorPolicy == .skip)
    try EvaluationPass(session: session, settings: configuration.training).run(
      sampleCount: data?.evaluation.dataset.sampleCount ?? 0
    ) { plan, step, lane in
      try data?.evaluation.evaluation(plan, step: step, lane: lane) ?? []
    } body: { message in
      let lane = try ImageLaneMessage(bytes: message)
      var (ordinals, originals): ([Int], [RGBImage]) = ([], [])
      for item in lane.items {
        do {
          originals.append(
            try lane.image.evaluationImage(of: item.sample, size: configuration.model.imageSize))
          ordinals.append(item.ordinal)
        } catch {
          guard skips else { throw error }
          damaged.append(Int64(item.ordinal))
        }
      }
      guard !originals.isEmpty else { return }
      let tokens = try model.tokens(of: Tensor(images: originals))
      usage.add(tokens.array(of: Int32.self).map(UInt16.init))
      let reconstructions = RGBImage.images(of: try model.images(of: tokens))
      for (ordinal, pair) in zip(ordinals, zip(originals, reconstructions)) {
        score.add(index: ordinal, original: pair.0, reconstruction: pair.1)
      }
    }
    try reportLeftOut(damaged, session)
    let all = try gathered(score, session)
    var scores = [Metric("psnr", all.peakSignalToNoiseRatio ?? 0)]
    if skips { scores.append(Metric("images_scored", Double(all.indices.count))) }
    return Evaluation(scores: scores, usage: try gathered(usage, session))
  }

  /// Tells, on the coordinator, which images the ranks could not decode.
  private func reportLeftOut(_ damaged: [Int64], _ session: TrainingSession) throws {
    let all = try session.communicator.allGather(damaged).joined()
    guard let data else { return }
    for index in all {
      do {
        let sample = try data.evaluation.dataset.sample(at: Int(index))
        _ = try data.evaluation.dataset.image.image(of: sample)
      } catch {
        data.evaluation.reportSkipped(error)
      }
    }
  }

  /// The scores of all ranks together, alike on every rank.
  private func gathered(
    _ score: ReconstructionScore, _ session: TrainingSession
  ) throws -> ReconstructionScore {
    let indices = try session.communicator.allGather(score.indices)
    let errors = try session.communicator.allGather(score.meanSquaredErrors)
    var all = ReconstructionScore()
    for rank in indices.indices {
      all.merge(ReconstructionScore(indices: indices[rank], meanSquaredErrors: errors[rank]))
    }
    return all
  }

  /// The usage of all ranks together, alike on every rank.
  ///
  /// One position after the other: the counts of all are large, and a rank gets those of every rank. They
  /// are whole numbers, so their sums are exact.
  private func gathered(_ usage: TokenUsage, _ session: TrainingSession) throws -> TokenUsage {
    var all = usage
    for (position, usage) in usage.positions.enumerated() {
      var counts = usage.counts.map(Double.init)
      try session.communicator.allReduceSum(&counts)
      all.setCounts(counts.map { Int($0) }, at: position)
    }
    return all
  }
}
