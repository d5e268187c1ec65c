import Autodiff
import DataParallel
import ResidualTokenizer
import Tensors

/// One term of the tokenizer's loss.
///
/// A term owns the frozen networks that it looks through, names its metrics, and adds weighted losses
/// on what a lane's forward pass gave.
protocol LossTerm {
  /// The term's losses on a lane.
  ///
  /// - Parameter pass: What the tokenizer made of the lane's images.
  /// - Returns: The losses, each a lane's share of the global mean, in the order in which they are
  ///   summed.
  func losses(on pass: TokenizerPass) -> [WeightedLoss]

  /// The projected features of the tokenizer that the term reads.
  var alignedFeatures: ResTok.AlignedFeatures { get }

  /// Floating-point operations for a sample in a step, those of the discriminator's own update included.
  ///
  /// - Parameters:
  ///   - step: The step.
  ///   - size: Height and width of the images.
  /// - Returns: The operations; 0 while the term is off.
  func operationCount(inStep step: Int, imageSize size: Int) -> Int
}

extension LossTerm {
  var alignedFeatures: ResTok.AlignedFeatures { [] }

  func operationCount(inStep step: Int, imageSize size: Int) -> Int { 0 }
}

/// A loss with its factor in the sum, and its name in the metrics.
struct WeightedLoss {
  /// The name in `metrics.jsonl`, which shows the loss without its factor.
  let name: String
  /// The loss, one number on the tape.
  let value: Variable
  /// The factor.
  let weight: Float
  /// Further figures of the lane, each its share.
  var metrics: [Metric] = []
}

/// A lane's forward pass through the tokenizer, as losses see it.
struct TokenizerPass {
  /// The images, `[samples, size, size, 3]` in [0, 1].
  let images: Tensor
  /// What the model made of them.
  let output: ResTok.Output
  /// Samples of the step on all lanes, which means are over.
  let globalSampleCount: Int
  /// The lane.
  let place: LanePlace
  /// What is drawn for the lane.
  let draws: LossDraws
  /// Where the operations are recorded.
  let tape: Tape

  /// The lane's samples by those of the step.
  var share: Float { Float(images.shape[0]) / Float(globalSampleCount) }
}

extension [any LossTerm] {
  /// The sum of all terms on a lane.
  func result(on pass: TokenizerPass) -> LaneResult {
    let losses = flatMap { $0.losses(on: pass) }
    return LaneResult(
      loss: weightedSum(losses.map { ($0.value, $0.weight) }),
      metrics: losses.flatMap { loss in
        [Metric(loss.name, Double(loss.value.value.scalar))] + loss.metrics
      },
      sampleCount: pass.images.shape[0],
      tokens: pass.output.indices.array(of: Int32.self).map(UInt16.init))
  }
}
