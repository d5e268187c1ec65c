import ArrayFiles
import Autodiff
import Optimizers
import ResidualTokenizer
import Tensors
import Testing

/// Five optimizer steps of a tokenizer against PyTorch's: warm-up, cosine, clipping, decay
/// and the moving average.
@Suite struct TrainingGoldenTests {
  @Test(arguments: GoldenCase.training)
  func stepsAgreeWithPyTorch(golden: GoldenCase) throws {
    let (file, arena) = (try golden.tensors(), ParameterArena())
    let model = ResTok(
      try golden.fields(TokenizerFields.self).configuration, in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    try file.readParameters(into: arena)
    let optimizer = AdamW(
      .init(weightDecay: 0.1, gradientNormLimit: 0.05, averageDecay: 0.999), for: arena)
    var state = OptimizerState(for: arena)
    let schedule = LearningRateSchedule.cosine(
      base: 1e-3, end: 1e-4, warmupStepCount: 2, stepCount: 5)
    var (losses, norms, rates): ([Double], [Double], [Double]) = ([], [], [])
    let images = try file.images("in.images")
    for step in 0..<images.shape[0] {
      let batch = images.slice(step..<step + 1).reshaped(to: Array(images.shape.dropFirst()))
      losses.append(gradients(of: model, on: batch, into: arena))
      norms.append(squaredNorm(of: arena.gradients).squareRoot())
      rates.append(schedule.rate(at: step))
      optimizer.step(
        arena, state: &state, rate: rates[step],
        gradientFactor: optimizer.configuration.clipFactor(gradientNorm: norms[step]))
    }
    var errors = GoldenErrors(golden)
    for (kind, actual, tolerance) in [
      ("losses", losses, 1e-4), ("grad_norms", norms, 1e-4), ("rates", rates, 1e-6),
    ] {
      errors.compare(
        actual, try file.doubles("out.\(kind)"), tolerance: tolerance, as: kind, kind)
    }
    for (kind, array) in [("param", arena.values), ("ema", try #require(state.movingAverage))] {
      #expect(Set(file.names(after: "out.\(kind).")) == Set(arena.parameters.map(\.name)))
      for parameter in arena.parameters {
        errors.compare(
          parameter.published(array), try file.doubles("out.\(kind).\(parameter.name)"),
          tolerance: 1e-3, as: kind, "\(kind) \(parameter.name)")
      }
    }
    errors.report()
  }

  /// The loss of one batch; its gradients go into the arena.
  private func gradients(of model: ResTok, on images: Tensor, into arena: ParameterArena) -> Double
  {
    let (tape, batchCount) = (Tape(isRecording: true), images.shape[0])
    let keepCounts = [Int](repeating: model.configuration.latents.count, count: batchCount)
    let output = model(images, keepCounts: keepCounts, globalSampleCount: batchCount, on: tape)
    let reconstruction = meanSquaredError(
      output.reconstruction, Variable(constant: images, on: tape))
    let loss = weightedSum([
      (reconstruction, 1), (output.commitmentLoss, 1), (output.codebookLoss, 1),
    ])
    tape.backward(from: loss, into: arena)
    return Double(loss.value.scalar)
  }
}
