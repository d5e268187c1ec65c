import ArrayFiles
import Autodiff
import GoldenFields
import ResidualTokenizer
import Tensors
import TestSupport
import Testing

/// The tokenizer against a PyTorch program of the same method.
@Suite struct TokenizerGoldenTests {
  @Test(arguments: GoldenCase.tokenizers)
  func agreesWithPyTorch(golden: GoldenCase) throws {
    var run = try TokenizerRun(golden)
    try run.compareTrainingPass()
    try run.compareInference()
    run.errors.report()
  }
}

/// A tokenizer with the weights of a case.
private struct TokenizerRun {
  private let file: SafetensorsFile
  private let arena = ParameterArena()
  private let model: ResTok
  private let images: Tensor
  var errors: GoldenErrors

  init(_ golden: GoldenCase) throws {
    file = try golden.tensors()
    model = ResTok(
      try golden.fields(TokenizerFields.self).configuration, in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    try file.readParameters(into: arena)
    images = try file.images("in.images")
    errors = GoldenErrors(golden)
  }

  /// Losses, reconstruction, intermediate values of the encoder and all gradients.
  mutating func compareTrainingPass() throws {
    let seen = ObservedValues()
    let tape = Tape(isRecording: true)
    tape.observer = { seen.values[$0] = $1 }
    let output = model(
      images, keepCounts: try file.int32s("in.keep").map { Int($0) },
      globalSampleCount: images.shape[0], on: tape)
    try compare(output)
    try compareMiddle(of: seen, inDecoder: false)
    let loss = self.loss(output, on: tape)
    try compare(loss.value, "loss")
    tape.backward(from: loss, into: arena)
    try errors.compareGradients(arena, file)
  }

  /// Tokens, decoded tokens and intermediate values of the decoder.
  ///
  /// That program's last pass, which these are of, decodes all tokens.
  mutating func compareInference() throws {
    let index = try file.int32s("out.index")
    #expect(try model.tokens(of: images).array(of: Int32.self) == index)
    let tokens = Tensor(index, shape: try file.tensor("out.index").shape)
    errors.compare(
      try model.images(of: tokens).doubles, try file.images("out.decoded").doubles, tolerance: 1e-4,
      as: "values", "decoded")
    let seen = ObservedValues()
    let tape = Tape(isRecording: false)
    tape.observer = { seen.values[$0] = $1 }
    _ = model(images, keepCounts: nil, globalSampleCount: images.shape[0], on: tape)
    try compareMiddle(of: seen, inDecoder: true)
  }

  private mutating func compare(_ output: ResTok.Output) throws {
    #expect(output.indices.array(of: Int32.self) == (try file.int32s("out.index")))
    try compare(output.commitmentLoss.value, "commit")
    try compare(output.codebookLoss.value, "codebook")
    try compare(output.reconstruction.value, "recon", isImage: true)
    try compare(output.coarsestScale.value, "coarsest")
    #expect(file.hasTensor("out.enc_align") == (output.encoderAlignment != nil))
    #expect(file.hasTensor("out.dec_align") == (output.decoderAlignment != nil))
    if let alignment = output.encoderAlignment { try compare(alignment.value, "enc_align") }
    if let alignment = output.decoderAlignment {
      try compare(alignment.value, "dec_align", isImage: true)
    }
  }

  private mutating func compare(_ actual: Tensor, _ name: String, isImage: Bool = false) throws {
    let expected = try isImage ? file.images("out.\(name)").doubles : file.doubles("out.\(name)")
    errors.compare(actual.doubles, expected, tolerance: 1e-4, as: "values", name)
  }

  /// Every `mid.*` of the file, of the decoder or of the encoder, must have been seen and be right.
  private mutating func compareMiddle(of seen: ObservedValues, inDecoder: Bool) throws {
    let names = file.names(after: "mid.").filter { name in
      (name.hasPrefix("decoder.") || name.hasPrefix("pixel_decoder.")) == inDecoder
    }
    #expect(!names.isEmpty)
    for name in names {
      let actual = try #require(seen.values[name], "\(name) was not observed")
      let isImage = try file.tensor("mid.\(name)").shape.count == 4
      let expected = try isImage ? file.images("mid.\(name)").doubles : file.doubles("mid.\(name)")
      errors.compare(actual.doubles, expected, tolerance: 1e-4, as: "mid", name)
    }
  }

  /// The loss of the PyTorch program: mean squared error, the quantizer's losses, mean squares of the alignments.
  private func loss(_ output: ResTok.Output, on tape: Tape) -> Variable {
    let alignments = [output.encoderAlignment, output.decoderAlignment].compactMap { $0 }
    let target = Variable(constant: images, on: tape)
    return weightedSum(
      [
        (meanSquaredError(output.reconstruction, target), 1), (output.commitmentLoss, 1),
        (output.codebookLoss, 1),
      ]
        + alignments.map { alignment in
          let zero = Tensor(repeating: 0, shape: alignment.shape)
          return (meanSquaredError(alignment, Variable(constant: zero, on: tape)), 1)
        })
  }
}

/// The values that a model reports, by name.
private final class ObservedValues {
  var values: [String: Tensor] = [:]
}

/// The mean of the squares of all differences.
func meanSquaredError(_ x: Variable, _ target: Variable) -> Variable {
  squaredError(x, target, scale: 1 / Float(x.value.count))
}
