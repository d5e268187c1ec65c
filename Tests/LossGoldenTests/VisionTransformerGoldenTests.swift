import ArrayFiles
import Autodiff
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// The published vision transformers at reduced size against timm's.
@Suite struct VisionTransformerGoldenTests {
  @Test(arguments: GoldenCase.visionTransformers)
  func featuresAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let weights = try file.weights(after: "param.")
    let fields = try golden.fields(VisionTransformerFields.self)
    let configuration = try fields.configuration(of: weights)
    let transformer = try FrozenNetwork(weights, configuration, operandType: .float32).network
    var errors = GoldenErrors(golden)
    func compare(_ actual: Tensor, _ expected: Tensor, as kind: String, _ name: String) {
      errors.compare(
        actual.doubles, expected.doubles, tolerance: 1e-4, as: kind, name)
    }

    let tape = Tape(isRecording: false)
    tape.observer = { name, value in
      guard let expected = try? file.floats("mid.\(name)") else { return }
      compare(value, expected, as: "mid", name)
    }
    let images = Variable(constant: try file.images("in.images"), on: tape)
    let input = transformer.input(of: images)
    compare(input.value, try file.images("mid.input"), as: "mid", "input")
    compare(
      transformer(input).value, try file.floats("out.tokens"), as: "values", "tokens")
    tape.observer = nil
    let features = transformer.features(of: images)
    compare(features.classFeature.value, try file.floats("out.cls"), as: "values", "cls")
    compare(features.patchFeatures.value, try file.images("out.patches"), as: "values", "patches")
    let grid = configuration.grid(height: images.shape[1], width: images.shape[2])
    #expect(try file.tensor("out.patches").shape.suffix(2) == [grid.rows, grid.columns])
    errors.report()
  }
}

/// A vision transformer's configuration in the field names of the PyTorch program.
struct VisionTransformerFields: Decodable {
  var kind: String
  var width: Int
  var depth: Int
  var heads: Int
  var patch: Int
  var posGrid: Int
  var registers: Int
  var inputSize: Int
  var eps: Float
  var tanhGelu: Bool

  /// The configuration of the weights in a file, whose shapes must say the same as these fields.
  func configuration(of file: WeightsFile) throws -> VisionTransformer.Configuration {
    let architecture = try #require(VisionTransformerArchitecture(rawValue: kind))
    var configuration = try VisionTransformer.Configuration(
      of: file, architecture, headCount: heads)
    #expect(configuration.width == width && configuration.blockCount == depth)
    #expect(configuration.patchSize == patch && configuration.registerCount == registers)
    #expect(configuration.positionGridSize == (posGrid > 0 ? posGrid : nil))
    configuration.inputSize = inputSize > 0 ? inputSize : nil
    configuration.epsilon = eps
    configuration.usesTanhGELU = tanhGelu
    return configuration
  }
}
