import ArrayFiles
import Configurations
import MessagePassing
import Tensors
import TestSupport
import Testing
import Training

/// Steps of both models against a PyTorch program of the same method, as training takes them.
///
/// Lanes, their sum, agreement, clipping, AdamW with its decay, warm-up and cosine, and the moving
/// average. Four samples a step in one, two and four lanes are one batch for PyTorch.
@Suite struct TrainingGoldenTests {
  @Test(arguments: GoldenCase.tokenizerSteps, [1, 2, 4])
  func stepsOfTheTokenizerAgreeWithPyTorch(golden: GoldenCase, laneCount: Int) throws {
    let file = try golden.tensors()
    let images = try file.images("in.images")
    let settings = GoldenStepSettings(laneCount: laneCount, stepCount: images.shape[0])
    try check(try settings.tokenizer(golden, images), golden, file, settings)
  }

  @Test(arguments: GoldenCase.generatorSteps, [1, 2, 4])
  func stepsOfTheGeneratorAgreeWithPyTorch(golden: GoldenCase, laneCount: Int) throws {
    let file = try golden.tensors()
    let settings = GoldenStepSettings(
      laneCount: laneCount, stepCount: try file.tensor("in.tokens").shape[0])
    let task = try settings.generator(
      golden, tokens: try file.int32s("in.tokens"), labels: try file.int32s("in.labels"))
    try check(task, golden, file, settings)
  }

  private func check<Task>(
    _ task: GoldenSteps<Task>, _ golden: GoldenCase, _ file: SafetensorsFile,
    _ settings: GoldenStepSettings
  ) throws {
    let network = task.mainNetwork
    network.allocate(operandType: .float32)
    try file.readParameters(into: network.arena)
    network.beginAverage()
    let run = try TokenizerRunConfiguration(
      contentsOf: GoldenStepSettings.configurationPath("tokenizer"),
      overrides: settings.overrides
    ).training
    let runner = try StepRunner(task, settings: run, communicator: .single())
    let reports = try (0..<settings.stepCount).map { step in
      try runner.run(step: step) { _ in [] }.phases[0]
    }
    var errors = GoldenErrors(golden, "\(settings.laneCount) lane(s)")
    for (kind, actual, tolerance) in [
      ("losses", reports.map(\.agreement.lossSum), 1e-4),
      ("grad_norms", reports.map(\.gradientNorm), 1e-4),
      ("rates", reports.map(\.learningRate), 1e-6),
    ] {
      errors.compare(
        actual, try file.doubles("out.\(kind)"), tolerance: tolerance, as: kind, kind)
    }
    let average = try #require(network.state.movingAverage)
    // Other cases may have gradients that are nothing but rounding, which AdamW makes into steps.
    let tolerance = golden.isShipped ? 1e-5 : 1e-3
    for (kind, array) in [("param", network.arena.values), ("ema", average)] {
      #expect(
        Set(file.names(after: "out.\(kind).")) == Set(network.arena.parameters.map(\.name)))
      for parameter in network.arena.parameters {
        errors.compare(
          parameter.published(array), try file.doubles("out.\(kind).\(parameter.name)"),
          tolerance: tolerance, as: kind, "\(kind) \(parameter.name)")
      }
    }
    errors.report()
  }
}
