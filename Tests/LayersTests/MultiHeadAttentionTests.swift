import Autodiff
import Foundation
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// One attention layer to check.
struct AttentionLayerCase: CustomStringConvertible, Sendable {
  enum Rotation: String, Sendable { case none, pairs, halves }

  var batchCount = 2
  let tokenCount: Int
  var headCount = 2
  let headSize: Int
  var isPacked = true
  var bias = MultiHeadAttention.Bias.all
  var hasHeadNorms = false
  var hasOutputBias = true
  var rotation = Rotation.none
  var groupSizes: [Int]?

  var width: Int { headCount * headSize }

  /// Whether a parameter adds the same to all scores of a query, so that its gradient is 0.
  var keyBiasCancels: Bool { rotation == .none && !isPacked && bias == .all }

  var description: String {
    "\(batchCount) x \(tokenCount), \(headCount) x \(headSize), \(isPacked ? "packed" : "separate"), "
      + "bias \(bias), norms \(hasHeadNorms), output bias \(hasOutputBias), "
      + "rotation \(rotation.rawValue), groups \(groupSizes ?? [])"
  }

  var configuration: MultiHeadAttention.Configuration {
    MultiHeadAttention.Configuration(
      width: width, headCount: headCount,
      projection: isPacked
        ? .packed(name: "qkv") : .separate(query: "q", key: "k", value: "v"),
      bias: bias, hasHeadNorms: hasHeadNorms, outputName: "proj", hasOutputBias: hasOutputBias)
  }

  /// Two tokens that do not turn before a row of cells, or positions 0, 1, ….
  var rotary: RotaryTable? {
    switch rotation {
    case .none: nil
    case .pairs: RotaryPositions.table(tokenCount: tokenCount, headSize: headSize, base: 100)
    case .halves:
      RotaryPositions.centeredTable(
        rows: 1, columns: tokenCount - 2, leadingCount: 2, headSize: headSize)
    }
  }

  /// Angles of `rotary`, computed on their own.
  private var angles: [Double] {
    let pairCount = headSize / 2
    return (0..<(rotation == .none ? 0 : tokenCount)).flatMap { token in
      (0..<pairCount).map { pair in
        if rotation == .pairs { return Double(token) * pow(100, -Double(pair) / Double(pairCount)) }
        // In a single row every cell lies at height 0.
        guard token >= 2, pair >= pairCount / 2 else { return 0 }
        let x = (2 * Double(token - 2) + 1) / Double(tokenCount - 2) - 1
        return 2 * Double.pi * x * pow(100, -Double(pair - pairCount / 2) * 2 / Double(pairCount))
      }
    }
  }

  var mask: BlockCausalMask? { groupSizes.map(BlockCausalMask.init(groupSizes:)) }

  func makeLayer(in arena: ParameterArena) -> MultiHeadAttention {
    MultiHeadAttention(configuration, initializer: .constant(0), in: ParameterScope(arena))
  }

  func input(seed: UInt64) -> Tensor {
    var numbers = TestNumbers(seed: seed)
    return numbers.tensor([batchCount, tokenCount, width])
  }

  /// The layer as naive loops in double precision.
  func expected(_ x: [Double], _ parameters: [String: [Double]]) -> [Double] {
    func values(_ name: String) -> [Double] { parameters[name] ?? [] }
    func bias(_ names: String...) -> [Double] {
      names.compactMap { parameters[$0] }.first ?? [Double](repeating: 0, count: width)
    }
    let weight =
      isPacked
      ? values("qkv.weight") : ["q", "k", "v"].flatMap { values("\($0).weight") }
    let biases =
      parameters["qkv.bias"] ?? bias("q_bias", "q.bias") + bias("k.bias") + bias("v_bias", "v.bias")
    let packed = ProductsReference.affine(
      x, weight: weight, bias: biases, inputSize: width, outputSize: 3 * width)
    let reference = AttentionReference(
      batchCount: batchCount, tokenCount: tokenCount, headCount: headCount, headSize: headSize,
      visibleKeyCounts: mask?.visibleKeyCounts)
    let names = ["q_norm.weight", "q_norm.bias", "k_norm.weight", "k_norm.bias"]
    let prepared = reference.prepared(
      packed, norms: hasHeadNorms ? names.map(values) : [], epsilon: 1e-5, angles: angles,
      pairing: rotation == .halves ? .halves : .adjacent)
    return ProductsReference.affine(
      reference.attention(prepared), weight: values("proj.weight"), bias: parameters["proj.bias"],
      inputSize: width, outputSize: width)
  }
}

@Suite struct MultiHeadAttentionTests {
  /// The tokenizer's, the generator's, and those of the vision transformers.
  @Test(arguments: [
    AttentionLayerCase(
      tokenCount: 5, headSize: 4, bias: .queriesAndValues, hasHeadNorms: true, rotation: .pairs,
      groupSizes: [2, 1, 2]),
    AttentionLayerCase(
      tokenCount: 4, headSize: 6, bias: .none, hasOutputBias: false, rotation: .pairs,
      groupSizes: [1, 1, 1, 1]),
    AttentionLayerCase(tokenCount: 7, headSize: 4, bias: .none, rotation: .halves),
    AttentionLayerCase(tokenCount: 5, headSize: 8, bias: .queriesAndValues, rotation: .halves),
    AttentionLayerCase(tokenCount: 3, headCount: 1, headSize: 6),
    AttentionLayerCase(batchCount: 1, tokenCount: 1, headSize: 4, bias: .queriesAndValues),
    AttentionLayerCase(tokenCount: 4, headSize: 4, isPacked: false),
    AttentionLayerCase(
      tokenCount: 5, headCount: 3, headSize: 4, isPacked: false, bias: .queriesAndValues,
      hasHeadNorms: true, rotation: .pairs),
    AttentionLayerCase(
      tokenCount: 3, headSize: 4, isPacked: false, bias: .none, hasOutputBias: false,
      rotation: .halves, groupSizes: [1, 2]),
  ])
  func matchesTheReference(test: AttentionLayerCase) {
    let arena = ParameterArena()
    let layer = test.makeLayer(in: arena)
    checkLayer(
      in: arena, [test.input(seed: 1)], gradientTolerance: 5e-5,
      gradientFloor: test.keyBiasCancels ? 0.1 : 1e-3, test.description,
      reference: { test.expected($0[0], $1) },
      layer: { layer($1[0], rotary: test.rotary, mask: test.mask) })
  }

  /// Heads of the coming networks on more tokens than a tile has, and no whole number of tiles.
  @Test(arguments: [
    AttentionLayerCase(
      batchCount: 1, tokenCount: 261, headSize: 64, bias: .queriesAndValues, rotation: .halves),
    AttentionLayerCase(batchCount: 1, tokenCount: 197, headSize: 64),
    AttentionLayerCase(tokenCount: 131, headSize: 32, isPacked: false, bias: .none),
  ])
  func largeValuesMatchTheReference(test: AttentionLayerCase) {
    let arena = ParameterArena()
    let layer = test.makeLayer(in: arena)
    arena.allocate(forTraining: false)
    fillParameters(of: arena, in: -0.2..<0.2)
    let tape = Tape(isRecording: false)
    let x = test.input(seed: 2)
    let y = layer(Variable(constant: x, on: tape), rotary: test.rotary, mask: test.mask)
    let parameters = Dictionary(
      uniqueKeysWithValues: arena.parameters.map { ($0.name, $0.value.doubles) })
    expectClose(
      y.value.doubles, test.expected(x.doubles, parameters), tolerance: 2e-6, test.description)
  }

  @Test func parametersHaveTheirPublishedNames() {
    func names(_ test: AttentionLayerCase) -> [String] {
      let arena = ParameterArena()
      _ = test.makeLayer(in: arena)
      return arena.parameters.map(\.name)
    }
    var test = AttentionLayerCase(
      tokenCount: 1, headSize: 4, bias: .queriesAndValues, hasHeadNorms: true)
    #expect(
      names(test) == [
        "qkv.weight", "q_bias", "v_bias", "q_norm.weight", "q_norm.bias", "k_norm.weight",
        "k_norm.bias", "proj.weight", "proj.bias",
      ])
    test.hasHeadNorms = false
    test.bias = .all
    #expect(names(test) == ["qkv.weight", "qkv.bias", "proj.weight", "proj.bias"])
    test.isPacked = false
    test.bias = .queriesAndValues
    test.hasOutputBias = false
    #expect(
      names(test) == ["q.weight", "q.bias", "k.weight", "v.weight", "v.bias", "proj.weight"])
  }

  /// The same weights in one matrix or in three give the same bits.
  @Test(arguments: [MultiHeadAttention.Bias.none, .queriesAndValues])
  func separateProjectionsAreThirdsOfThePackedOne(bias: MultiHeadAttention.Bias) {
    func result(isPacked: Bool) -> [Float] {
      let test = AttentionLayerCase(tokenCount: 9, headSize: 8, isPacked: isPacked, bias: bias)
      let arena = ParameterArena()
      let layer = test.makeLayer(in: arena)
      arena.allocate(forTraining: false)
      for parameter in arena.parameters {
        var numbers = TestNumbers(seed: 6)
        let third = test.width * test.width
        let part = ["q.weight": 0, "k.weight": 1, "v.weight": 2][parameter.name] ?? 0
        for _ in 0..<part * third { _ = numbers.number() }
        parameter.value.buffer.copy(from: numbers.tensor(parameter.shape).buffer)
      }
      let x = Variable(constant: test.input(seed: 3), on: Tape(isRecording: false))
      return layer(x, rotary: nil, mask: nil).value.array()
    }
    #expect(result(isPacked: true) == result(isPacked: false))
  }

  /// What is added to all scores of a query is taken out by the softmax.
  @Test func theBiasOfTheKeysChangesNothing() {
    let test = AttentionLayerCase(tokenCount: 9, headSize: 8)
    let arena = ParameterArena()
    let layer = test.makeLayer(in: arena)
    arena.allocate(forTraining: false)
    fillParameters(of: arena, in: -1..<1)
    func result() -> [Double] {
      let x = Variable(constant: test.input(seed: 4), on: Tape(isRecording: false))
      return layer(x, rotary: nil, mask: nil).value.doubles
    }
    let before = result()
    let keyBias = arena["qkv.bias"]?.value.slice(test.width..<2 * test.width)
    if let keyBias { fill(keyBias.buffer, with: 0) }
    #expect(keyBias?.count == test.width)
    expectClose(result(), before, tolerance: 1e-5, "without the keys' bias")
  }

  /// Position after position through the cache is the whole sequence under the mask.
  @Test(arguments: [AttentionLayerCase.Rotation.none, .pairs])
  func theCacheGivesWhatTheMaskDoes(rotation: AttentionLayerCase.Rotation) {
    let test = AttentionLayerCase(
      batchCount: 1, tokenCount: 6, headSize: 4, bias: .none, hasOutputBias: false,
      rotation: rotation, groupSizes: [1, 2, 3])
    let arena = ParameterArena()
    let layer = test.makeLayer(in: arena)
    arena.allocate(forTraining: false)
    fillParameters(of: arena, in: -1..<1)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: test.input(seed: 5), on: tape)
    let whole = layer(x, rotary: test.rotary, mask: test.mask)
    let cache = KeyValueCache(batchCount: 1, capacity: 6, width: test.width)
    for range in [0..<1, 1..<3, 3..<6] {
      let next = layer(sliceTokens(x, range), rotary: test.rotary, cache: cache)
      expectClose(
        next.value.doubles, sliceTokens(whole, range).value.doubles, tolerance: 1e-6,
        "positions \(range)")
    }
  }

  @Test(arguments: [true, false])
  func anOperandHasTheTapesType(isOperand: Bool) {
    let test = AttentionLayerCase(tokenCount: 3, headSize: 4, isPacked: false)
    let arena = ParameterArena()
    let layer = test.makeLayer(in: arena)
    arena.allocate(forTraining: false, operandType: .bfloat16)
    let x = Variable(constant: test.input(seed: 7), on: arena.makeTape(isRecording: false))
    let y = layer(x, rotary: nil, mask: nil, isOperand: isOperand)
    #expect(y.value.elementType == (isOperand ? .bfloat16 : .float32))
  }

  @Test func whatDoesNotFitStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      var configuration = AttentionLayerCase(tokenCount: 1, headSize: 4).configuration
      configuration.headCount = 3
      _ = MultiHeadAttention(
        configuration, initializer: .constant(0), in: ParameterScope(ParameterArena()))
    }
    await #expect(processExitsWith: .failure) {
      let test = AttentionLayerCase(tokenCount: 1, headSize: 4, hasHeadNorms: true)
      let arena = ParameterArena()
      let layer = test.makeLayer(in: arena)
      arena.allocate(forTraining: false)
      let x = Variable(constant: test.input(seed: 1), on: Tape(isRecording: false))
      let cache = KeyValueCache(batchCount: 2, capacity: 1, width: 8)
      _ = layer(x, rotary: nil, cache: cache)
    }
  }
}
