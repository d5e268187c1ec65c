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
    let (file, fields) = (try golden.tensors(), try golden.fields(DinoFields.self))
    let training = DiscriminatorTraining(fields.update)
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
    let (file, fields) = (try golden.tensors(), try golden.fields(PatchFields.self))
    let training = DiscriminatorTraining(fields.update)
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

/// The configuration of the `dino` discriminator in the field names of the PyTorch program.
private struct DinoFields: Decodable {
  var backbone: VisionTransformerFields
  var taps: [Int]
  var kernel: Int
  var group: Int
  var eps: Float
  var update: UpdateFields

  private enum CodingKeys: CodingKey {
    case backbone, taps, kernel, group, eps
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    backbone = try values.decode(VisionTransformerFields.self, forKey: .backbone)
    taps = try values.decode([Int].self, forKey: .taps)
    kernel = try values.decode(Int.self, forKey: .kernel)
    group = try values.decode(Int.self, forKey: .group)
    eps = try values.decode(Float.self, forKey: .eps)
    update = try UpdateFields(from: decoder)
  }

  var configuration: DinoHeads.Configuration {
    DinoHeads.Configuration(
      width: backbone.width, blocks: taps, kernelSize: kernel,
      grouping: SampleGrouping(largestSize: group), epsilon: eps)
  }
}

/// The configuration of the `patchgan` discriminator in the field names of the PyTorch program.
private struct PatchFields: Decodable {
  var channels: Int
  var stages: Int
  var normGroups: Int
  var pool: Int
  var update: UpdateFields

  private enum CodingKeys: CodingKey {
    case channels, stages, normGroups, pool
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    channels = try values.decode(Int.self, forKey: .channels)
    stages = try values.decode(Int.self, forKey: .stages)
    normGroups = try values.decode(Int.self, forKey: .normGroups)
    pool = try values.decode(Int.self, forKey: .pool)
    update = try UpdateFields(from: decoder)
  }

  var configuration: PatchDiscriminator.Configuration {
    PatchDiscriminator.Configuration(
      width: channels, stageCount: stages, groupCount: normGroups, gridSize: pool)
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
