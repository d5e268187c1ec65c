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
    let data = self.data
    try EvaluationPass(session: session, settings: configuration.training).run(
      sampleCount: data?.evaluation.dataset.sampleCount ?? 0
    ) { plan, step, lane in
      try data?.evaluation.evaluation(plan, step: step, lane: lane) ?? []
    } body: { message in
      let lane = try ImageLaneMessage(bytes: message)
      guard !lane.items.isEmpty else { return }
      let originals = try lane.evaluationImages(size: configuration.model.imageSize)
      let tokens = try model.tokens(of: Tensor(images: originals))
      usage.add(tokens.array(of: Int32.self).map(UInt16.init))
      let reconstructions = RGBImage.images(of: try model.images(of: tokens))
      for (item, pair) in zip(lane.items, zip(originals, reconstructions)) {
        score.add(index: item.ordinal, original: pair.0, reconstruction: pair.1)
      }
    }
    return Evaluation(
      scores: [
        Metric("psnr", try gathered(score, session).peakSignalToNoiseRatio ?? 0)
      ], usage: try gathered(usage, session))
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
