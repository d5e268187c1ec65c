import ArrayFiles
import Autodiff
import HierarchicalGenerator
import Tensors
import Testing

/// The generator against the PyTorch peer.
@Suite struct GeneratorGoldenTests {
  @Test(arguments: GoldenCase.generators)
  func predictionAgreesWithThePeer(golden: GoldenCase) throws {
    let (file, arena) = (try golden.tensors(), ParameterArena())
    let model = Generator(
      try golden.fields(GeneratorFields.self).configuration, in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    try file.readParameters(into: arena)
    let tokens = Tensor(try file.int32s("in.tokens"), shape: try file.tensor("in.tokens").shape)
    let labels = Tensor(try file.int32s("in.labels"), shape: [tokens.shape[0]])
    #expect(visiblePairs(of: model) == (try file.int32s("out.mask")))

    var errors = GoldenErrors(golden)
    let tape = Tape(isRecording: true)
    let logits = model(tokens: tokens, labels: labels, key: nil, on: tape)
    errors.compare(
      logits.value.doubles, try file.doubles("out.logits"), tolerance: 1e-4, as: "values",
      "logits")
    let loss = crossEntropy(logits, targets: tokens, scale: 1 / Float(tokens.count)).loss
    errors.compare(
      loss.value.doubles, [try file.number("out.loss")], tolerance: 1e-4, as: "values", "loss")
    tape.backward(from: loss, into: arena)
    try errors.compareGradients(arena, file)
    errors.report()
  }

  /// The mask as a matrix: 1 where the row's position sees the column's.
  private func visiblePairs(of model: Generator) -> [Int32] {
    let counts = model.order.mask.visibleKeyCounts
    return counts.flatMap { count in counts.indices.map { $0 < count ? 1 : 0 } }
  }
}
