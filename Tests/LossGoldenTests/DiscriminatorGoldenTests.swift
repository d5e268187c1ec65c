import ArrayFiles
import Autodiff
import Discriminators
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// The discriminators against a PyTorch program: a pass for the generator's loss, then two updates.
@Suite struct DiscriminatorGoldenTests {
  @Test(arguments: GoldenCase.dinoDiscriminators)
  func headsAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let updated = try golden.fields(UpdatedFields<DinoFields>.self)
    let (fields, training) = (updated.fields, DiscriminatorTraining(updated.update))
    let scope = (
      ParameterScope(training.arena)["discriminator"],
      ParameterScope(training.buffers)["discriminator"]
    )
    let weights = try file.weights(after: "frozen.dino.")
    let backbone = try FrozenNetwork(
      weights, try fields.backbone.configuration(of: weights), operandType: .float32)
    let dino = try DinoDiscriminator(
      backbone: backbone, heads: fields.configuration, in: scope.0, buffers: scope.1)
    try training.read(file)
    var errors = GoldenErrors(golden)

    let tape = training.generatorTape()
    let images = Variable(input: try file.images("in.generator"), on: tape)
    try compareInside(images, backbone.network, fields, file, &errors)
    func logits(_ images: Variable, _ view: BackboneView) -> Variable {
      dino(
        images, state: dino.heads.advance(),
        draws: DinoDiscriminator.Draws(
          augmentation: .unchanged(sampleCount: images.shape[0]), view: view))
    }
    try training.compareGenerator(logits(images, .whole), images, file, &errors)
    try training.compareUpdates(file, &errors) { images, pass, step in
      logits(images, try file.view("in.\(pass).crop", step))
    }
    training.report(errors, golden)
  }

  /// What the frozen network sees, and what it gives.
  private func compareInside(
    _ images: Variable, _ backbone: VisionTransformer, _ fields: DinoFields,
    _ file: SafetensorsFile, _ errors: inout GoldenErrors
  ) throws {
    let small = Variable(constant: try file.images("in.small"), on: images.tape)
    let inputs = [small, images].map {
      BackboneView.whole(ImageNormalization.imageNet($0), size: fields.backbone.inputSize)
    }
    for (name, input) in zip(["small", "generator"], inputs) {
      errors.compare(
        input.value.doubles, try file.images("mid.\(name)").doubles, tolerance: 1e-4, as: "mid",
        name)
    }
    let activations = backbone.activations(of: inputs[1], afterBlocks: fields.taps)
    #expect(file.names(after: "mid.activations.").count == activations.count)
    for (index, activation) in activations.enumerated() {
      errors.compare(
        activation.value.doubles, try file.sequences("mid.activations.\(index)"), tolerance: 1e-4,
        as: "mid", "activation \(index)")
    }
  }

  @Test(arguments: GoldenCase.patchDiscriminators)
  func patchesAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let updated = try golden.fields(UpdatedFields<PatchFields>.self)
    let (fields, training) = (updated.fields, DiscriminatorTraining(updated.update))
    let model = PatchDiscriminator(
      fields.configuration, in: ParameterScope(training.arena)["discriminator"])
    for stage in 0..<fields.stages {
      let name = "param.discriminator.blocks.\(stage).1.kernel"
      #expect(try file.floats(name).array(of: Float.self) == blurKernel)
    }
    try training.read(file) { $0.hasSuffix(".kernel") }
    var errors = GoldenErrors(golden)
    let tape = training.generatorTape()
    let images = Variable(input: try file.images("in.generator"), on: tape)
    try training.compareGenerator(model(images), images, file, &errors)
    try training.compareUpdates(file, &errors) { images, _, _ in model(images) }
    training.report(errors, golden)
  }
}

/// A discriminator's configuration, and how it is updated, in one dictionary.
private struct UpdatedFields<Fields: Decodable>: Decodable {
  var fields: Fields
  var update: UpdateFields

  init(from decoder: any Decoder) throws {
    fields = try Fields(from: decoder)
    update = try UpdateFields(from: decoder)
  }
}

extension SafetensorsFile {
  /// What a frozen network sees in a pass of an update; rows below 0 stand for the whole.
  fileprivate func view(_ name: String, _ step: Int) throws -> BackboneView {
    let places = try int32s(name)
    let (row, column) = (Int(places[2 * step]), Int(places[2 * step + 1]))
    return row < 0 ? .whole : .window(row: row, column: column)
  }
}
