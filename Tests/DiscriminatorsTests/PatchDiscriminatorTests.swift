import Autodiff
import Discriminators
import Tensors
import TestSupport
import Testing

@Suite struct PatchDiscriminatorTests {
  @Test func thePublishedDiscriminatorHasItsWeights() {
    let arena = ParameterArena()
    _ = PatchDiscriminator(.init(), in: ParameterScope(arena))
    #expect(arena.elementCount == 1_909_889)
    for (name, shape) in [
      ("block_in.0.weight", [128, 3, 5, 5]), ("blocks.0.0.weight", [128, 128, 3, 3]),
      ("blocks.1.0.weight", [256, 128, 3, 3]), ("blocks.2.0.weight", [512, 256, 3, 3]),
      ("blocks.2.0.bias", [512]), ("blocks.2.2.weight", [512]), ("blocks.0.2.bias", [128]),
      ("to_logits.0.weight", [512, 512, 1, 1]), ("to_logits.2.weight", [1, 512, 5, 5]),
      ("to_logits.2.bias", [1]),
    ] { #expect(arena[name]?.publishedShape == shape, "\(name)") }
    #expect(arena.parameters.count == 18)
  }

  private func discriminator() -> (arena: ParameterArena, model: PatchDiscriminator) {
    let arena = ParameterArena()
    let model = PatchDiscriminator(
      .init(width: 4, stageCount: 2, groupCount: 2, gridSize: 3), in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    arena.initialize(seed: 1)
    return (arena, model)
  }

  /// New weights and biases lie within ±1/√(products of a sum) and reach its ends.
  @Test func newWeightsAreUniform() {
    let arena = discriminator().arena
    for (name, count) in [
      ("block_in.0.weight", 75.0), ("blocks.1.0.weight", 36), ("to_logits.2.weight", 200),
      ("blocks.1.0.bias", 36),
    ] {
      let values = arena[name]?.value.doubles.map(abs) ?? []
      let bound = 1 / count.squareRoot()
      #expect(values.allSatisfy { $0 <= bound } && (values.max() ?? 0) > 0.7 * bound, "\(name)")
    }
  }

  /// Images of any size, also smaller than what the grid needs, have a logit a cell; samples are apart.
  @Test(arguments: [(3, 5), (24, 24), (17, 31)])
  func everySampleIsJudgedByItself(height: Int, width: Int) {
    let (arena, model) = discriminator()
    var numbers = TestNumbers(seed: 2)
    let images = numbers.tensor([3, height, width, 3], in: 0..<1)
    let tape = arena.makeTape(isRecording: false)
    let logits = model(Variable(constant: images, on: tape)).value
    #expect(logits.shape == [3, 9])
    let second = model(Variable(constant: images.slice(1..<2), on: tape)).value
    expectClose(logits.slice(1..<2).doubles, second.doubles, tolerance: 1e-5, "sample 1")
    #expect(relativeL2(logits.slice(0..<1).doubles, second.doubles) > 1e-3)
    withExtendedLifetime(arena) {}
  }

  @Test func recomputingChangesNoBits() {
    let (arena, model) = discriminator()
    var numbers = TestNumbers(seed: 3)
    let (images, weights) = (
      numbers.tensor([2, 13, 14, 3], in: 0..<1), numbers.tensor([2, 9])
    )
    let results = [false, true].map { recomputes -> [[Float]] in
      let tape = arena.makeTape(isRecording: true, recomputesBlocks: recomputes)
      let x = Variable(input: images, on: tape)
      let y = model(x)
      tape.backward(from: weightedTotal(y, weights), into: arena)
      return [y.value.array(), arena.gradients.array(), x.adjoint?.gradient?.array() ?? []]
    }
    #expect(results[0] == results[1])
    #expect(results[0].allSatisfy { $0.contains { $0 != 0 } })
  }

  /// The filter's sum is 1, so that inside an even map nothing changes; odd sizes are rounded up.
  @Test func theBlurKeepsEvenMaps() {
    #expect(blurKernel.reduce(0, +) == 1)
    let x = Variable(
      constant: Tensor(repeating: 0.5, shape: [1, 9, 12, 2]), on: Tape(isRecording: false))
    let y = blur(x).value
    #expect(y.shape == [1, 5, 6, 2])
    let values = y.array(of: Float.self)
    for row in 1..<4 {
      for column in 1..<5 { #expect(values[(row * 6 + column) * 2] == 0.5) }
    }
    // A corner sees 3 + 3 + 1 of 8 in either direction.
    #expect(abs(values[0] - 0.5 * 49 / 64) < 1e-7)
  }
}
