import Autodiff
import Discriminators
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct DinoHeadsTests {
  private typealias Configuration = DinoHeads.Configuration

  /// Heads with parameters and state of their own.
  private struct Heads {
    let arena = ParameterArena()
    let buffers = ParameterArena()
    let discriminator: DinoHeads

    init(_ configuration: Configuration) {
      discriminator = DinoHeads(
        configuration, in: ParameterScope(arena), buffers: ParameterScope(buffers))
    }

    /// The same with random numbers.
    init(filled configuration: Configuration) {
      self.init(configuration)
      arena.allocate(forTraining: true)
      fillParameters(of: arena, in: -1..<1)
      allocateBuffers()
    }

    func allocateBuffers() {
      buffers.allocate(forTraining: false)
      buffers.initialize(seed: 3)
    }

    /// All state as numbers.
    var state: [Float] { buffers.values.array() }

    func logits(_ activations: [Tensor], _ state: SpectralState) -> Tensor {
      let tape = Tape(isRecording: false)
      return discriminator(activations.map { Variable(constant: $0, on: tape) }, state: state)
        .value
    }
  }

  @Test func thePublishedHeadsHaveTheirWeights() throws {
    let heads = Heads(Configuration())
    #expect(heads.arena.elementCount == 7_386_245)
    for (name, shape) in [
      ("0.0.weight_orig", [384, 384, 1]), ("0.0.bias", [384]), ("0.1.weight", [384]),
      ("0.1.bias", [384]), ("1.fn.0.weight_orig", [384, 384, 9]), ("1.fn.0.bias", [384]),
      ("1.fn.1.weight", [384]), ("1.fn.1.bias", [384]), ("2.weight_orig", [1, 384, 1]),
      ("2.bias", [1]),
    ] {
      for head in 0..<5 {
        #expect(heads.arena["heads.\(head).\(name)"]?.publishedShape == shape, "\(name)")
      }
    }
    #expect(heads.arena.parameters.count == 50)
    for (name, sizes) in [("0.0", [384, 384]), ("1.fn.0", [384, 3456]), ("2", [1, 384])] {
      for (vector, size) in zip(["weight_u", "weight_v"], sizes) {
        #expect(heads.buffers["heads.4.\(name).\(vector)"]?.publishedShape == [size])
      }
    }
    #expect(heads.buffers.parameters.count == 30)
  }

  /// Batch, positions and channels; the kernel reaches around short sequences more than once.
  @Test(
    arguments: [
      ([1, 5, 2], 3, 8), ([4, 3, 3], 9, 2), ([6, 7, 2], 5, 4), ([3, 12, 1], 9, 8),
    ])
  func aHeadMatchesTheReference(shape: [Int], kernelSize: Int, largestGroup: Int) {
    let heads = Heads(
      Configuration(
        width: shape[2], blocks: [], kernelSize: kernelSize,
        grouping: SampleGrouping(largestSize: largestGroup), epsilon: 0.01))
    heads.allocateBuffers()
    var numbers = TestNumbers(seed: 1)
    let reference = HeadReference(
      shape: shape, kernelSize: kernelSize,
      groupCount: (shape[0] + largestGroup - 1) / largestGroup)
    checkLayer(
      in: heads.arena, [numbers.tensor(shape)], gradientTolerance: 1e-4,
      // Biases before a norm: sums of terms of about 1 that cancel.
      gradientFloor: 0.02,
      "head \(shape), kernel \(kernelSize)",
      reference: { inputs, parameters in
        reference.logits(of: inputs[0], parameters, heads.buffers)
      },
      layer: { _, inputs in heads.discriminator(inputs, state: heads.discriminator.advance()) })
  }

  /// What the norm removes: the bias before it, and the length of the weight.
  @Test func whatStandsBeforeANormChangesNothing() throws {
    let configuration = Configuration(width: 6, blocks: [1], kernelSize: 3)
    let (plain, changed) = (Heads(filled: configuration), Heads(filled: configuration))
    for name in ["heads.0.0.0.bias", "heads.1.1.fn.0.bias", "heads.1.0.0.weight_orig"] {
      let value = try #require(changed.arena[name]).value
      let isBias = name.hasSuffix("bias")
      value.buffer.copy(from: value.array(of: Float.self).map { isBias ? $0 + 3 : 8 * $0 })
    }
    var numbers = TestNumbers(seed: 2)
    let activations = (0..<2).map { _ in numbers.tensor([4, 10, 6]) }
    let logits = [plain, changed].map { $0.logits(activations, $0.discriminator.advance()) }
    expectClose(logits[1].doubles, logits[0].doubles, tolerance: 1e-4, "logits")
    let last = try #require(changed.arena["heads.1.2.bias"]).value
    last.buffer.copy(from: [last.scalar + 3])
    let moved = changed.logits(activations, changed.discriminator.advance())
    #expect(relativeL2(moved.doubles, logits[0].doubles) > 0.1)
  }

  /// 12 samples are two groups of 6, each half as it is alone; a lane sees nothing of another.
  @Test func groupsAreJudgedApart() {
    let heads = Heads(filled: Configuration(width: 5, blocks: [0], kernelSize: 3))
    var numbers = TestNumbers(seed: 3)
    let activations = (0..<2).map { _ in numbers.tensor([12, 7, 5]) }
    let state = heads.discriminator.advance()
    let whole = heads.logits(activations, state)
    #expect(whole.shape == [12, 14])
    for half in [0..<6, 6..<12] {
      let alone = heads.logits(activations.map { $0.slice(half) }, state)
      expectClose(whole.slice(half).doubles, alone.doubles, tolerance: 1e-5, "samples \(half)")
    }
    let fewer = heads.logits(activations.map { $0.slice(0..<4) }, state)
    #expect(relativeL2(whole.slice(0..<4).doubles, fewer.doubles) > 0.01)
  }

  @Test func samplesAreGroupedByEights() {
    let grouping = SampleGrouping()
    for (count, groups) in [
      (1, 1), (7, 1), (8, 1), (9, nil), (10, 2), (11, nil), (12, 2), (16, 2), (17, nil), (18, 3),
      (32, 4), (33, nil), (0, nil),
    ] as [(Int, Int?)] {
      #expect(grouping.groupCount(sampleCount: count) == groups, "\(count) samples")
    }
  }

  /// A pass's vectors stay as they are; the state is a function of the weights and of how often it advanced.
  @Test func theStateAdvancesOnceAPass() throws {
    let configuration = Configuration(width: 4, blocks: [2], kernelSize: 3)
    let (heads, others) = (Heads(filled: configuration), Heads(filled: configuration))
    var numbers = TestNumbers(seed: 4)
    let activations = (0..<2).map { _ in numbers.tensor([2, 5, 4]) }
    let first = heads.discriminator.advance()
    let logits = heads.logits(activations, first)
    let afterFirst = heads.state
    // However many lanes run.
    for _ in 0..<3 { _ = heads.logits(activations, first) }
    #expect(heads.state == afterFirst)
    let second = heads.discriminator.advance()
    #expect(heads.state != afterFirst)
    #expect(heads.logits(activations, first).array(of: Float.self) == logits.array())
    #expect(heads.logits(activations, second).array(of: Float.self) != logits.array())
    for _ in 0..<2 { _ = others.discriminator.advance() }
    #expect(others.state == heads.state)
    for name in heads.buffers.parameters.map(\.name) {
      let vector = try #require(heads.buffers[name]).value.doubles
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5, "\(name)")
    }
  }

  @Test func recomputingChangesNoBits() {
    let heads = Heads(filled: Configuration(width: 6, blocks: [0, 1], kernelSize: 3))
    var numbers = TestNumbers(seed: 5)
    let (activations, weights) = (
      (0..<3).map { _ in numbers.tensor([4, 9, 6]) }, numbers.tensor([4, 27])
    )
    let state = heads.discriminator.advance()
    let results = [false, true].map { recomputes -> [[Float]] in
      let tape = heads.arena.makeTape(isRecording: true, recomputesBlocks: recomputes)
      let inputs = activations.map { Variable(input: $0, on: tape) }
      let y = heads.discriminator(inputs, state: state)
      tape.backward(from: weightedTotal(y, weights), into: heads.arena)
      return [y.value.array(), heads.arena.gradients.array()]
        + inputs.map { $0.adjoint?.gradient?.array() ?? [] }
    }
    #expect(results[0] == results[1])
    #expect(results[0].allSatisfy { $0.contains { $0 != 0 } })
  }

  /// A discriminator that another network is trained through gets no gradients and passes them on.
  @Test func frozenHeadsPassGradientsOn() {
    let heads = Heads(filled: Configuration(width: 3, blocks: [], kernelSize: 3))
    fill(heads.arena.gradients.buffer, with: 7)
    let tape = heads.arena.makeTape(isRecording: true, frozenArenas: [heads.arena])
    var numbers = TestNumbers(seed: 6)
    let x = Variable(input: numbers.tensor([2, 4, 3]), on: tape)
    let y = heads.discriminator([x], state: heads.discriminator.advance())
    tape.backward(from: generatorLoss(y, share: 1))
    #expect(x.adjoint?.gradient?.array(of: Float.self).contains { abs($0) > 1e-4 } == true)
    #expect(heads.arena.gradients.array(of: Float.self).allSatisfy { $0 == 7 })
  }

  @Test func nineSamplesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let heads = Heads(filled: Configuration(width: 2, blocks: [], kernelSize: 3))
      _ = heads.logits(
        [Tensor(repeating: 1, shape: [9, 4, 2])], heads.discriminator.advance())
    }
  }

  @Test func activationsForOtherHeadsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let heads = Heads(filled: Configuration(width: 2, blocks: [1], kernelSize: 3))
      _ = heads.logits(
        [Tensor(repeating: 1, shape: [2, 4, 2])], heads.discriminator.advance())
    }
  }
}

/// A head as naive loops in double precision.
private struct HeadReference {
  /// Batch, positions, channels.
  let shape: [Int]
  let kernelSize: Int
  let groupCount: Int

  /// The logits with the state's vectors as they are.
  func logits(
    of x: [Double], _ parameters: [String: [Double]], _ buffers: ParameterArena
  ) -> [Double] {
    let head = Parameters(values: parameters, buffers: buffers)
    let h = block(x, head, "0", kernelSize: 1)
    let y = zip(block(h, head, "1.fn", kernelSize: kernelSize), h).map {
      ($0 + $1) / 2.0.squareRoot()
    }
    return convolution(y, head, "2", kernelSize: 1, outputCount: 1)
  }

  private struct Parameters {
    let values: [String: [Double]]
    let buffers: ParameterArena

    func value(_ name: String) -> [Double] { values["heads.0.\(name)"] ?? [] }
    func vector(_ name: String) -> [Double] { buffers["heads.0.\(name)"]?.value.doubles ?? [] }
  }

  private func block(_ x: [Double], _ head: Parameters, _ name: String, kernelSize: Int)
    -> [Double]
  {
    BatchNormalizationReference.forward(
      convolution(x, head, "\(name).0", kernelSize: kernelSize, outputCount: shape[2]),
      weight: head.value("\(name).1.weight"), bias: head.value("\(name).1.bias"),
      batchSize: shape[0], groupCount: groupCount, epsilon: 0.01
    ).map { ActivationsReference.leakyReLU($0, slope: 0.2) }
  }

  private func convolution(
    _ x: [Double], _ head: Parameters, _ name: String, kernelSize: Int, outputCount: Int
  ) -> [Double] {
    let weight = SpectralNormalizationReference.forward(
      head.value("\(name).weight_orig"), u: head.vector("\(name).weight_u"),
      v: head.vector("\(name).weight_v"))
    return ConvolutionsReference.convolution(
      x, weight: weight, bias: head.value("\(name).bias"),
      shape: ConvolutionShape(
        batchSize: shape[0], height: 1, width: shape[1], inputCount: shape[2],
        outputCount: outputCount, kernelHeight: 1, kernelWidth: kernelSize, padding: .circular))
  }
}
