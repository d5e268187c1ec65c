import ArrayFiles
import Autodiff
import Configurations
import DataParallel
import ImageFiles
import MessagePassing
import Tensors
import TestSupport
import Testing
import Training

/// Steps of the whole recipe against a PyTorch program: all losses, both networks, before and after the
/// discriminator's start.
@Suite struct RecipeGoldenTests {
  @Test(arguments: GoldenCase.recipes)
  func stepsAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let fields = try golden.fields(RecipeFields.self)
    let images = try file.images("in.images")
    let (stepCount, sampleCount) = (images.shape[0], images.shape[1])
    let configuration = try fields.configuration(sampleCount: sampleCount)
    let task = RecipeSteps(
      try TokenizerTask(
        configuration, isCoordinator: false, networks: try fields.networks(file)),
      images, try RecipeDraws(file, sampleCount: sampleCount))
    let run = RecipeRun(golden, file, fields, task.networks)
    try run.begin()
    let runner = try StepRunner(
      task, settings: configuration.training, communicator: .single())
    var errors = GoldenErrors(golden)
    var reports: [StepReport] = []
    for step in 0..<stepCount {
      reports.append(try runner.run(step: step) { _ in [] })
      try run.compareState(after: step, &errors)
    }
    try run.compareFigures(reports, &errors)
    try run.compareWeights(&errors)
    errors.report()
  }
}

/// Training with the samples and draws of a case; a single lane.
private final class RecipeSteps: TrainingTask {
  private let inner: TokenizerTask
  private let images: Tensor
  private let draws: RecipeDraws

  init(_ inner: TokenizerTask, _ images: Tensor, _ draws: RecipeDraws) {
    (self.inner, self.images, self.draws) = (inner, images, draws)
    phases = inner.phases
  }

  let phases: [TrainingPhase<TokenizerTask.Lane>]
  func operationCount(inStep step: Int) -> Int { inner.operationCount(inStep: step) }
  var reader: SampleTransport.Reader { { _, _ in [] } }
  func lane(from message: [UInt8], at place: LanePlace) -> TokenizerTask.Lane {
    TokenizerTask.Lane(
      images: images.slice(place.step..<place.step + 1).reshaped(
        to: Array(images.shape.dropFirst())),
      keepCounts: draws.keepCounts(place.step), draws: draws.losses(place.step))
  }
  var hasEvaluationData: Bool { false }
  var dataDigests: [String: String] { [:] }
  func evaluate(_ session: TrainingSession) -> Evaluation { .nothing }
  func picture() -> (image: RGBImage, name: String)? { nil }
}
