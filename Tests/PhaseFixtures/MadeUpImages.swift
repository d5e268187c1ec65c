import Configurations
import DataParallel
import ImageFiles
import Tensors
import TestSupport
import Training

/// Training of a tokenizer on images that follow from their place in the batch.
final class MadeUpImages: TrainingTask {
  private let inner: TokenizerTask
  private let configuration: TokenizerRunConfiguration

  init(_ inner: TokenizerTask, _ configuration: TokenizerRunConfiguration) {
    (self.inner, self.configuration) = (inner, configuration)
  }

  var phases: [TrainingPhase<TokenizerTask.Lane>] { inner.phases }
  func operationCount(inStep step: Int) -> Int { inner.operationCount(inStep: step) }
  var reader: SampleTransport.Reader { { _, _ in [] } }
  func lane(from message: [UInt8], at place: LanePlace) -> TokenizerTask.Lane {
    let (count, size) = (
      configuration.training.batch.sampleCountPerLane, configuration.model.imageSize
    )
    var numbers = TestNumbers(seed: UInt64(place.lane + 1000 * place.step))
    return TokenizerTask.Lane(
      images: numbers.tensor([count, size, size, 3], in: 0..<1),
      keepCounts: [Int](repeating: configuration.model.latents.count, count: count))
  }
  var hasEvaluationData: Bool { false }
  var dataDigests: [String: String] { [:] }
  func evaluate(_ session: TrainingSession) -> Evaluation { .nothing }
  func picture() -> (image: RGBImage, name: String)? { nil }
}
