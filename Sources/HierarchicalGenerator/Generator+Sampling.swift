import Autodiff
import Layers
public import Tensors

/// Classifier-free guidance: how strong it is at every step.
public struct Guidance: Sendable, Equatable {
  /// The scale at full strength; 1 is no guidance, but for a `floor` of its own.
  public let strength: Double
  /// How the scale changes over the steps.
  public let schedule: GuidanceSchedule
  /// What progress counts.
  public let progress: GuidanceProgress

  /// Groups the settings; constant guidance by tokens made unless said otherwise.
  public init(
    strength: Double, schedule: GuidanceSchedule = .constant, progress: GuidanceProgress = .tokens
  ) {
    self.strength = strength
    self.schedule = schedule
    self.progress = progress
  }

  /// No guidance: the batch is not doubled.
  public static let none = Guidance(strength: 1)
}

extension Generator {
  /// Samples the tokens of images with a key/value cache, in as many steps as the order has.
  ///
  /// A sample's tokens depend on the key, its class, its number and the settings, not on the batch that it is
  /// sampled in: neither its draws do nor the bits of its logits.
  ///
  /// - Parameters:
  ///   - samples: The images, which their random draws are keyed by.
  ///   - guidance: Classifier-free guidance.
  ///   - choice: How tokens are chosen.
  ///   - key: Key of the draws.
  /// - Returns: Tokens, int32 `[batch, tokens]`.
  /// - Throws: `NotFiniteLogits` when the model gives no distribution.
  public func sample(
    _ samples: [SampleIdentity], guidance: Guidance, choice: TokenChoice, key: RandomKey
  ) throws(NotFiniteLogits) -> Tensor {
    let labels = samples.map(\.label)
    let batchCount = labels.count
    let scales = guidance.progress.ratios(
      tokenCounts: order.steps.map(\.count),
      singleTokenCount: order.steps.prefix { $0.count == 1 }.count
    ).map { guidance.schedule.scale(strength: guidance.strength, at: $0) }
    // A floor guides without the strength, and a strength whose window no step meets does not guide.
    let isGuided = scales.contains { $0 != 1 }
    let tape = arena.makeTape(isRecording: false, keepsFactorPanels: true, rowBits: .ofRow)
    let null = [Int32](repeating: Int32(configuration.classCount), count: batchCount)
    let allLabels = isGuided ? labels + null : labels
    let caches = blocks.map { _ in
      KeyValueCache(
        batchCount: allLabels.count, capacity: order.tokenCount, width: configuration.width)
    }
    var tokens = [[Int32]](repeating: [], count: batchCount)
    for (step, positions) in order.steps.enumerated() {
      var x = inputs(at: positions, tokens: tokens, labels: allLabels, on: tape)
      for (block, cache) in zip(blocks, caches) { x = block(x, rotary: rotary, cache: cache) }
      var logits = output(norm(x)).value
      if isGuided {
        logits = guidedLogits(
          conditional: logits.slice(0..<batchCount),
          null: logits.slice(batchCount..<2 * batchCount), scale: Float(scales[step]))
      }
      let chosen = try choice(
        logits, samples: samples, firstPosition: positions.lowerBound, key: key)
      let numbers = chosen.array(of: Int32.self)
      for sample in 0..<batchCount {
        tokens[sample] += numbers[sample * positions.count..<(sample + 1) * positions.count]
      }
    }
    return Tensor(tokens.flatMap { $0 }, shape: [batchCount, order.tokenCount])
  }

  /// Embeddings at the positions of one step, `[labels, positions, width]`.
  ///
  /// With guidance there are twice as many labels as token rows: both halves see the same tokens.
  private func inputs(
    at positions: Range<Int>, tokens: [[Int32]], labels: [Int32], on tape: Tape
  ) -> Variable {
    let rowCount = labels.count
    let parts = InputRun.runs(of: order.inputs(of: positions)).map { run -> Variable in
      switch run.source {
      case .label:
        return labelEmbedding(Tensor(labels, shape: [rowCount, 1]), on: tape)
      case .token:
        let indices = (0..<rowCount).flatMap { tokens[$0 % tokens.count][run.range] }
        return tokenEmbedding(Tensor(indices, shape: [rowCount, run.range.count]), on: tape)
      case .special:
        guard let specialEmbedding else {
          preconditionFailure("Generator: the sequential order has no special embeddings")
        }
        let rows = run.range.map(Int32.init)
        let indices = (0..<rowCount).flatMap { _ in rows }
        return specialEmbedding(Tensor(indices, shape: [rowCount, rows.count]), on: tape)
      }
    }
    return parts.count == 1 ? parts[0] : concatenateTokens(parts)
  }
}
