import ArrayFiles
import Autodiff
import Discriminators
import FeatureNetworks
import Tensors
import TestSupport
import Testing

@Suite struct DinoDiscriminatorTests {
  /// A small frozen network of random weights: 4×4 patches of 4 pixels.
  private static func backbone(operandType: ElementType = .float32)
    -> FrozenNetwork<VisionTransformer>
  {
    var sizes = VisionTransformer.Configuration(
      .dino, width: 12, blockCount: 3, headCount: 2, patchSize: 4, positionGridSize: 4)
    sizes.inputSize = 16
    return FrozenNetwork(seed: 1, operandType: operandType) { VisionTransformer(sizes, in: $0) }
  }

  private struct Model {
    let arena = ParameterArena()
    let buffers = ParameterArena()
    let dino: DinoDiscriminator

    init(
      width: Int = 12, blocks: [Int] = [0, 2], inputSize: Int? = nil,
      operandType: ElementType = .float32
    ) throws {
      dino = try DinoDiscriminator(
        backbone: backbone(operandType: operandType), inputSize: inputSize,
        heads: .init(width: width, blocks: blocks, kernelSize: 3), in: ParameterScope(arena),
        buffers: ParameterScope(buffers))
      arena.allocate(forTraining: true, operandType: operandType)
      arena.initialize(seed: 2)
      buffers.allocate(forTraining: false)
      buffers.initialize(seed: 2)
    }
  }

  private func place(lane: Int = 0, samples: Range<Int>) -> DiscriminatorPlace {
    DiscriminatorPlace(seed: 4, step: 3, lane: lane, pass: .real, samples: samples)
  }

  /// Smaller and larger images; every patch of every head has a logit, every image a gradient.
  @Test(arguments: [(8, 8), (16, 16), (24, 20)])
  func gradientsReachTheImages(height: Int, width: Int) throws {
    let model = try Model()
    var numbers = TestNumbers(seed: 1)
    let images = numbers.tensor([2, height, width, 3], in: 0..<1)
    let tape = model.arena.makeTape(isRecording: true, frozenArenas: [model.arena])
    let x = Variable(input: images, on: tape)
    let draws = DinoDiscriminator.Draws(augmentation: .unchanged(sampleCount: 2), view: .whole)
    let logits = model.dino(x, state: model.dino.heads.advance(), draws: draws)
    #expect(logits.shape == [2, 3 * 16])
    tape.backward(from: generatorLoss(logits, share: 1))
    let gradient = try #require(x.adjoint?.gradient)
    #expect(gradient.isFinite)
    for image in 0..<2 {
      #expect(gradient.slice(image..<image + 1).doubles.contains { abs($0) > 1e-9 })
    }
  }

  /// The whole is its parts, with the draws of the place.
  @Test func logitsHaveTheDrawsOfTheirPlace() throws {
    let model = try Model()
    var numbers = TestNumbers(seed: 2)
    let images = numbers.tensor([3, 24, 20, 3], in: 0..<1)
    let state = model.dino.heads.advance()
    let tape = Tape(isRecording: false)
    var seen: Set<[Float]> = []
    for lane in 0..<6 {
      let place = place(lane: lane, samples: 0..<3)
      let draws = model.dino.draws(for: place, height: 24, width: 20)
      #expect(
        draws.view == .drawn(for: place, height: 24, width: 20, size: 16)
          && draws.augmentation == DiffAugment().draws(for: place, height: 24, width: 20))
      let x = Variable(constant: images, on: tape)
      let augmented = DiffAugment()(x, draws.augmentation)
      let input = draws.view(ImageNormalization.imageNet(augmented), size: 16)
      let backbone = Self.backbone()
      let expected = model.dino.heads(
        backbone.network.activations(of: input, afterBlocks: [0, 2]), state: state)
      let logits = Discriminator.dino(model.dino).logits(of: x, state: state, at: place)
      #expect(logits.value.array(of: Float.self) == expected.value.array())
      seen.insert(logits.value.array())
      withExtendedLifetime(backbone) {}
    }
    #expect(seen.count > 3)
    withExtendedLifetime(model) {}
  }

  /// A recomputing tape gives the same bits, through the frozen network too.
  @Test func recomputingChangesNoBits() throws {
    let model = try Model()
    var numbers = TestNumbers(seed: 3)
    let images = numbers.tensor([2, 16, 16, 3], in: 0..<1)
    let state = model.dino.heads.advance()
    let results = [false, true].map { recomputes -> [[Float]] in
      let tape = model.arena.makeTape(isRecording: true, recomputesBlocks: recomputes)
      let x = Variable(input: images, on: tape)
      let logits = Discriminator.dino(model.dino).logits(
        of: x, state: state, at: place(samples: 0..<2))
      tape.backward(from: hinge(logits, isPositive: true, scale: 1), into: model.arena)
      return [
        logits.value.array(), model.arena.gradients.array(), x.adjoint?.gradient?.array() ?? [],
      ]
    }
    #expect(results[0] == results[1])
    #expect(results[0].allSatisfy { $0.contains { $0 != 0 } })
  }

  /// Mixed precision rounds operands alone: state, norms and what is added stay float32.
  @Test func bfloat16OperandsGiveNearlyTheSameLogits() throws {
    var numbers = TestNumbers(seed: 5)
    let images = numbers.tensor([4, 16, 16, 3], in: 0..<1)
    let results = try [ElementType.float32, .bfloat16].map { type -> [[Double]] in
      let model = try Model(operandType: type)
      let tape = model.arena.makeTape(isRecording: true)
      let x = Variable(input: images, on: tape)
      let logits = model.dino(
        x, state: model.dino.heads.advance(),
        draws: .init(augmentation: .unchanged(sampleCount: 4), view: .whole))
      tape.backward(from: generatorLoss(logits, share: 1), into: model.arena)
      return [
        logits.value.doubles, model.arena.gradients.doubles, model.buffers.values.doubles,
        x.adjoint?.gradient?.doubles ?? [],
      ]
    }
    expectClose(results[1][0], results[0][0], tolerance: 0.05, "logits")
    expectClose(results[1][1], results[0][1], tolerance: 0.2, "gradients of the heads")
    #expect(results[1][2] == results[0][2])
    #expect(relativeL2(results[1][0], results[0][0]) > 1e-6)
    #expect(relativeL2(results[1][3], results[0][3]).isFinite)
  }

  /// The other discriminator has no state and no draws.
  @Test func patchesAreJudgedAsTheyAre() {
    let arena = ParameterArena()
    let model = PatchDiscriminator(
      .init(width: 4, stageCount: 1, groupCount: 2, gridSize: 2), in: ParameterScope(arena))
    arena.allocate(forTraining: false)
    arena.initialize(seed: 1)
    var numbers = TestNumbers(seed: 4)
    let x = Variable(
      constant: numbers.tensor([2, 9, 8, 3], in: 0..<1), on: Tape(isRecording: false))
    let discriminator = Discriminator.patchgan(model)
    let logits = discriminator.logits(
      of: x, state: discriminator.advance(), at: place(samples: 0..<2))
    #expect(logits.value.array(of: Float.self) == model(x).value.array())
  }

  @Test func filesOfOtherNetworksAreRefused() throws {
    for (width, blocks, inputSize, array) in [
      (12, [0, 3], nil, "blocks"), (24, [0, 2], nil, "blocks"), (12, [0, 2], 20, "pos_embed"),
      (12, [0, 2], 224, "pos_embed"),
    ] as [(Int, [Int], Int?, String)] {
      let error = #expect(throws: ArrayFileError.self) {
        try Model(width: width, blocks: blocks, inputSize: inputSize)
      }
      #expect(error?.array == array)
    }
  }
}
