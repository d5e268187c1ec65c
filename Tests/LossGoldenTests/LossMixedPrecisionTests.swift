import ArrayFiles
import Autodiff
import Discriminators
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// The networks behind the losses with bfloat16 operands against the same in float32 (Docs/Numerics.md).
///
/// What is compared is what the losses hand on: values, and the gradient that the images get. A gradient is
/// bounded by what turns over: where the largest of four neighbours or the sign before a leaky ReLU is another
/// one after rounding, it goes another way.
@Suite struct LossMixedPrecisionTests {
  /// A value and the gradient of the images.
  private struct Outcome {
    var values: [Double]
    var gradient: [Double]
  }

  private func compare(
    _ name: String, values: Double, gradient: Double, _ run: (ElementType) throws -> Outcome
  ) throws {
    let (exact, rounded) = (try run(.float32), try run(.bfloat16))
    let errors = (
      expectClose(rounded.values, exact.values, tolerance: values, "values of \(name)"),
      expectClose(rounded.gradient, exact.gradient, tolerance: gradient, "gradients of \(name)")
    )
    print("bfloat16 \(name): values \(errors.0), gradients \(errors.1)")
    #expect(errors.0 > 1e-5, "nothing was rounded")
  }

  @Test(arguments: GoldenCase.perceptualDistances)
  func distances(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let fields = try golden.fields(PerceptualFields.self)
    try compare(golden.testDescription, values: 2e-2, gradient: 0.2) { type in
      let distance = try fields.distance(file.weights(after: "param."), operandType: type)
      let tape = Tape(isRecording: true, operandType: type)
      let a = Variable(constant: try file.images("in.a"), on: tape)
      let b = Variable(input: try file.images("in.b"), on: tape)
      let distances = distance(a, b)
      tape.backward(from: sum(distances, scale: 1 / Float(distances.value.count)))
      return Outcome(
        values: distances.value.doubles, gradient: try #require(b.adjoint?.gradient).doubles)
    }
  }

  @Test(arguments: GoldenCase.dinoDiscriminators)
  func discriminator(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let fields = try golden.fields(DinoFields.self)
    let weights = try file.weights(after: "frozen.dino.")
    try compare(golden.testDescription, values: 2e-2, gradient: 0.2) { type in
      let training = DiscriminatorTraining(try golden.fields(UpdateFields.self))
      let backbone = try FrozenNetwork(
        weights, try fields.backbone.configuration(of: weights), operandType: type)
      let dino = try DinoDiscriminator(
        backbone: backbone, heads: fields.configuration,
        in: ParameterScope(training.arena)["discriminator"],
        buffers: ParameterScope(training.buffers)["discriminator"])
      try training.read(file, operandType: type)
      let tape = training.generatorTape()
      let images = Variable(input: try file.images("in.generator"), on: tape)
      let logits = dino(
        images, state: dino.heads.advance(),
        draws: DinoDiscriminator.Draws(
          augmentation: .unchanged(sampleCount: images.shape[0]), view: .whole))
      tape.backward(from: generatorLoss(logits, share: 1))
      return Outcome(
        values: logits.value.doubles, gradient: try #require(images.adjoint?.gradient).doubles)
    }
  }
}
