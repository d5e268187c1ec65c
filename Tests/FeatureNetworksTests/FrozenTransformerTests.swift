import ArrayFiles
import Autodiff
import Checkpoints
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// Small vision transformers on tapes: what gets a gradient, what is kept, and in how many bytes.
@Suite struct FrozenTransformerTests {
  private static let sizes: [VisionTransformer.Configuration] =
    VisionTransformerArchitecture.allCases.map { architecture in
      var sizes = VisionTransformer.Configuration(
        architecture, width: 32, blockCount: 3, headCount: 2, patchSize: 4,
        positionGridSize: architecture == .dinov3 ? nil : 3,
        registerCount: architecture == .dinov3 ? 2 : 0)
      if sizes.inputSize != nil { sizes.inputSize = 12 }
      return sizes
    }

  private static func network(
    _ sizes: VisionTransformer.Configuration, _ operandType: ElementType
  ) -> FrozenNetwork<VisionTransformer> {
    let network = FrozenNetwork(seed: 3, operandType: operandType) {
      VisionTransformer(sizes, in: $0)
    }
    // Random weights as large as those of a trained network, so that every block counts.
    for parameter in network.arena.parameters where parameter.shape.count == 2 {
      var numbers = TestNumbers(seed: UInt64(parameter.index))
      let bound = 1 / Float(parameter.shape[1]).squareRoot()
      parameter.assign(numbers.tensor(parameter.shape, in: -bound..<bound))
    }
    return network
  }

  private static var images: Tensor {
    var numbers = TestNumbers(seed: 9)
    return numbers.tensor([2, 16, 12, 3], in: 0..<1)
  }

  /// Class and patch features, and the gradient of their weighted sum with respect to the images.
  private func run(
    _ network: VisionTransformer, _ operandType: ElementType, recomputesBlocks: Bool = false
  ) throws -> (features: [Double], gradient: [Double]) {
    let tape = Tape(
      isRecording: true, operandType: operandType, recomputesBlocks: recomputesBlocks)
    let images = Variable(input: Self.images, on: tape)
    let features = network.features(of: images)
    var numbers = TestNumbers(seed: 5)
    let totals = [features.classFeature, features.patchFeatures].map {
      weightedTotal($0, numbers.tensor($0.shape))
    }
    tape.backward(from: weightedSum(totals.map { ($0, 1) }))
    return (
      features.classFeature.value.doubles + features.patchFeatures.value.doubles,
      try #require(images.adjoint?.gradient).doubles
    )
  }

  /// Weights that are nothing but operands need no float32 values: the bits are the same without them.
  @Test(arguments: sizes)
  func bfloat16WeightsAloneGiveTheSameBits(sizes: VisionTransformer.Configuration) throws {
    let alone = Self.network(sizes, .bfloat16)
    let arena = ParameterArena()
    let both = VisionTransformer(sizes, in: ParameterScope(arena))
    arena.allocate(forTraining: false, operandType: .bfloat16)
    let exact = Self.network(sizes, .float32).arena
    arena.values.buffer.copy(from: exact.values.buffer)
    arena.refreshOperands()
    let (first, second) = (
      try run(alone.network, .bfloat16), try run(both, .bfloat16)
    )
    #expect(first.features == second.features)
    #expect(first.gradient == second.gradient)
  }

  @Test(arguments: sizes)
  func bfloat16IsNearFloat32(sizes: VisionTransformer.Configuration) throws {
    let exact = try run(Self.network(sizes, .float32).network, .float32)
    let rounded = try run(Self.network(sizes, .bfloat16).network, .bfloat16)
    let error = expectClose(
      rounded.features, exact.features, tolerance: 2e-2, "features of \(sizes.architecture)")
    #expect(error > 1e-5, "nothing was rounded")
    expectClose(
      rounded.gradient, exact.gradient, tolerance: 5e-2, "gradient of \(sizes.architecture)")
  }

  /// Of a block's weights all but vectors take 2 bytes; the whole takes little more.
  @Test func operandsAloneTakeTwoBytes() {
    let network = Self.network(.init(.dinov3, width: 64, blockCount: 2, patchSize: 8), .bfloat16)
    let arena = network.arena
    let matrices = arena.parameters.filter { $0.shape.count == 2 || $0.shape.count == 4 }
    #expect(matrices.allSatisfy { $0.isOperandAlone && $0.value.elementType == .bfloat16 })
    let others = arena.parameters.filter { !$0.isOperandAlone }
    #expect(others.count == arena.parameters.count - matrices.count)
    #expect(others.allSatisfy { $0.value.elementType == .float32 })
    let matrixCount = matrices.reduce(0) { $0 + $1.elementCount }
    #expect(arena.operands?.count == matrixCount)
    // Gaps behind vectors are at most 15 elements.
    let otherCount = arena.elementCount - matrixCount
    #expect(arena.count < otherCount + 16 * others.count && arena.count * 10 < matrixCount)
    #expect(!arena.hasGradients && arena.gradients.count == 0)
    withExtendedLifetime(network) {}
  }

  /// Random weights of a benchmark do not depend on how they are kept.
  @Test func randomWeightsAreTheSameRounded() {
    let sizes = Self.sizes[0]
    let (exact, rounded) = (
      FrozenNetwork(seed: 1, operandType: .float32) { VisionTransformer(sizes, in: $0) },
      FrozenNetwork(seed: 1, operandType: .bfloat16) { VisionTransformer(sizes, in: $0) }
    )
    for (weight, other) in zip(storedWeights(of: exact.arena), storedWeights(of: rounded.arena)) {
      expectClose(
        other.values, weight.values, tolerance: other.isOperandAlone ? 4e-3 : 0, other.name)
    }
  }

  @Test(arguments: sizes)
  func recomputedBlocksGiveTheSameBits(sizes: VisionTransformer.Configuration) throws {
    let network = Self.network(sizes, .float32).network
    let (kept, again) = (
      try run(network, .float32), try run(network, .float32, recomputesBlocks: true)
    )
    #expect(kept.features == again.features)
    #expect(kept.gradient == again.gradient)
    #expect(kept.gradient.contains { $0 != 0 })
  }

  /// Images that want no gradient leave nothing on a tape that records.
  @Test(arguments: [false, true]) func realImagesKeepNothing(recomputesBlocks: Bool) {
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    let network = Self.network(Self.sizes[0], .float32).network
    let features = network.features(of: Variable(constant: Self.images, on: tape))
    #expect(features.classFeature.adjoint == nil && features.patchFeatures.adjoint == nil)
    let input = network.input(of: Variable(constant: Self.images, on: tape))
    #expect(
      network.activations(of: input, afterBlocks: [0, 2]).allSatisfy { $0.adjoint == nil })
  }

  /// Each patch with the class token added, before the first block and after some of them.
  @Test func activationsAreTheTokensOfTheBlocks() throws {
    let network = Self.network(Self.sizes[0], .float32).network
    let tape = Tape(isRecording: false)
    var seen: [String: Tensor] = [:]
    tape.observer = { seen[$0] = $1 }
    let input = network.input(of: Variable(constant: Self.images, on: tape))
    let activations = network.activations(of: input, afterBlocks: [0, 1])
    #expect(activations.map(\.shape) == Array(repeating: [2, 9, 32], count: 3))
    #expect(seen.keys.sorted() == ["tokens.0", "tokens.1", "tokens.2"], "the last block ran")
    for (index, activation) in activations.enumerated() {
      let tokens = try #require(seen["tokens.\(index)"]).array(of: Float.self)
      let expected = activation.value.array(of: Float.self).indices.map { place in
        let (sample, patch, channel) = (place / 288, place / 32 % 9, place % 32)
        return tokens[(sample * 10 + 1 + patch) * 32 + channel] + tokens[sample * 320 + channel]
      }
      #expect(activation.value.array(of: Float.self) == expected)
    }
  }

  @Test func wrongUsesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let network = Self.network(Self.sizes[0], .float32).network
      let input = Variable(constant: Self.images, on: Tape(isRecording: false))
      _ = network.activations(of: input, afterBlocks: [1, 0])
    }
    await #expect(processExitsWith: .failure) {
      let network = Self.network(Self.sizes[0], .float32).network
      let input = Variable(constant: Self.images, on: Tape(isRecording: false))
      _ = network.activations(of: input, afterBlocks: [3])
    }
    // Weights in bfloat16 alone on a tape of float32 operands.
    await #expect(processExitsWith: .failure) {
      let network = Self.network(Self.sizes[0], .bfloat16).network
      _ = network(Variable(constant: Self.images, on: Tape(isRecording: false)))
    }
  }
}
