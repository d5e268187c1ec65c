import ArrayFiles
import Autodiff
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// The alignment losses against a PyTorch program.
@Suite struct AlignmentGoldenTests {
  private struct Fields: Decodable {
    var encoderMargin: Float
    var decoderMargin: Float
  }

  @Test(arguments: GoldenCase.alignments)
  func lossesAgreeWithPyTorch(golden: GoldenCase) throws {
    let (file, fields) = (try golden.tensors(), try golden.fields(Fields.self))
    var errors = GoldenErrors(golden)
    let tape = Tape(isRecording: true)
    func variable(_ name: String, isImage: Bool = false) throws -> Variable {
      Variable(input: try isImage ? file.images(name) : file.floats(name), on: tape)
    }
    // 1×1 convolutions.
    func map(_ name: String) throws -> Variable {
      let weight = try file.floats("param.\(name).weight")
      return Variable(input: weight.reshaped(to: Array(weight.shape.prefix(2))), on: tape)
    }
    let (coarsest, decoder) = (
      try variable("in.coarsest"), try variable("in.decoder", isImage: true)
    )
    let (encoderMap, decoderMap) = (try map("vf_proj"), try map("vf_proj_dec"))
    let (batchCount, tokenCount, width) = (
      coarsest.shape[0], coarsest.shape[1], coarsest.shape[2]
    )
    let mean = reshape(
      resize(
        reshape(coarsest, to: [batchCount, tokenCount, 1, width]), height: 1, width: 1,
        interpolation: .area), to: [batchCount, width])
    let projected = linear(mean, weight: encoderMap)
    let (classFeature, patches) = (
      Variable(constant: try file.floats("in.cls"), on: tape),
      Variable(constant: try file.images("in.patches"), on: tape)
    )
    let encoder = alignmentLoss(
      projected, classFeature, margin: fields.encoderMargin, scale: 1 / Float(batchCount)
    ).loss
    let cellCount = patches.value.count / patches.value.lastDimension
    let cells = alignmentLoss(
      linear(decoder, weight: decoderMap), patches, margin: fields.decoderMargin,
      scale: 1 / Float(cellCount)
    ).loss
    for (name, value) in [("projected", projected), ("encoder", encoder), ("decoder", cells)] {
      errors.compare(
        value.value.doubles, try file.doubles("out.\(name)"), tolerance: 1e-4, as: "values", name)
    }
    tape.backward(from: weightedSum([(encoder, 1), (cells, 1)]))
    for (name, input, isImage) in [
      ("vf_proj.weight", encoderMap, false), ("vf_proj_dec.weight", decoderMap, false),
      ("in.coarsest", coarsest, false), ("in.decoder", decoder, true),
    ] {
      let expected = try isImage ? file.images("grad.\(name)") : file.floats("grad.\(name)")
      errors.compare(
        try #require(input.adjoint?.gradient).doubles, expected.doubles, tolerance: 1e-3,
        as: "gradients", name)
    }
    errors.report()
  }
}
