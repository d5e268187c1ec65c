import ArrayFiles
import Autodiff
import GoldenFields
import HierarchicalGenerator
import Tensors
import TestSupport
import Testing

/// The generator against a PyTorch program of the same method.
@Suite struct GeneratorGoldenTests {
  @Test(arguments: GoldenCase.generators)
  func predictionAgreesWithPyTorch(golden: GoldenCase) throws {
    let (file, arena) = (try golden.tensors(), ParameterArena())
    let model = try model(golden, file, in: arena)
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

  /// The most probable token at every step, each step predicted by a whole pass.
  @Test(arguments: GoldenCase.generators)
  func greedyTokensAreThoseOfPyTorch(golden: GoldenCase) throws {
    let (file, arena) = (try golden.tensors(), ParameterArena())
    let model = try model(golden, file, in: arena)
    for (name, guidance) in [("out.greedy", 1), ("out.greedy_cfg3", Float(3))] {
      let tokens = greedyTokens(of: model, labels: [0, 3, 9], guidance: guidance)
      #expect(tokens == (try file.int32s(name)), "\(name)")
    }
  }

  /// The same tokens from the key/value cache.
  @Test(arguments: GoldenCase.generators)
  func sampledTokensAreThoseOfPyTorch(golden: GoldenCase) throws {
    let (file, arena) = (try golden.tensors(), ParameterArena())
    let model = try model(golden, file, in: arena)
    for (name, guidance) in [
      ("out.greedy", Guidance.none), ("out.greedy_cfg3", .init(strength: 3)),
    ] {
      let tokens = try model.sample(
        SampleIdentity.list(labels: [0, 3, 9], count: 1), guidance: guidance, choice: .greedy,
        key: RandomKey(seed: 0, purpose: .sampling))
      #expect(tokens.shape == (try file.tensor(name).shape))
      #expect(tokens.array(of: Int32.self) == (try file.int32s(name)), "\(name)")
    }
  }

  private func model(_ golden: GoldenCase, _ file: SafetensorsFile, in arena: ParameterArena)
    throws -> Generator
  {
    let model = Generator(
      try golden.fields(GeneratorFields.self).configuration, in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    try file.readParameters(into: arena)
    return model
  }

  private func greedyTokens(of model: Generator, labels: [Int32], guidance: Float) -> [Int32] {
    let (count, size) = (model.configuration.tokenCount, model.configuration.vocabularySize)
    let none = [Int32](repeating: Int32(model.configuration.classCount), count: labels.count)
    var tokens = [Int32](repeating: 0, count: labels.count * count)
    for step in model.order.steps {
      let conditional = logits(of: model, tokens, labels)
      let unconditional = guidance > 1 ? logits(of: model, tokens, none) : conditional
      for position in labels.indices.flatMap({ sample in step.map { sample * count + $0 } }) {
        let guided = (position * size..<(position + 1) * size).map { index in
          unconditional[index] + guidance * (conditional[index] - unconditional[index])
        }
        let best = guided.indices.max { guided[$0] < guided[$1] } ?? 0
        tokens[position] = Int32(best)
      }
    }
    return tokens
  }

  private func logits(of model: Generator, _ tokens: [Int32], _ labels: [Int32]) -> [Float] {
    let shape = [labels.count, model.configuration.tokenCount]
    return model(
      tokens: Tensor(tokens, shape: shape), labels: Tensor(labels, shape: [labels.count]),
      key: nil, on: Tape(isRecording: false)
    ).value.array()
  }

  /// The mask as a matrix: 1 where the row's position sees the column's.
  private func visiblePairs(of model: Generator) -> [Int32] {
    let counts = model.order.mask.visibleKeyCounts
    return counts.flatMap { count in counts.indices.map { $0 < count ? 1 : 0 } }
  }
}
