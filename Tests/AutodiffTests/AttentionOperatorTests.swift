import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// One attention to check.
struct AttentionCase: CustomStringConvertible, Sendable {
  var batchCount = 1
  let tokenCount: Int
  var headCount = 2
  let headSize: Int
  var groupSizes: [Int]?
  var hasNorms = false
  /// The channels that turn together; nil without a rotation.
  var pairing: RotaryPairing? = .adjacent
  /// Tokens at the start that do not turn.
  var stillCount = 0
  /// Added to every angle.
  var offset = 0.0

  var width: Int { headCount * headSize }

  /// Whether the bias of the keys' norm adds the same to all scores of a query: its gradient is 0.
  var keyBiasCancels: Bool { pairing == nil && hasNorms }

  /// The number of leading keys that each token sees: those of its group and of earlier ones.
  var visibleKeyCounts: [Int]? {
    guard let groupSizes else { return nil }
    var end = 0
    return groupSizes.flatMap { size in
      end += size
      return [Int](repeating: end, count: size)
    }
  }

  /// Angles that differ from token to token and from pair to pair; none without a rotation.
  var angles: [Double] {
    guard pairing != nil else { return [] }
    return (0..<tokenCount * headSize / 2).map {
      let (token, pair) = $0.quotientAndRemainder(dividingBy: headSize / 2)
      return token < stillCount ? 0 : Double(token) * (0.7 - 0.09 * Double(pair)) + offset
    }
  }

  var rotary: RotaryTable? {
    pairing.map {
      RotaryTable(angles: angles, tokenCount: tokenCount, pairCount: headSize / 2, pairing: $0)
    }
  }

  var reference: AttentionReference {
    AttentionReference(
      batchCount: batchCount, tokenCount: tokenCount, headCount: headCount, headSize: headSize,
      visibleKeyCounts: visibleKeyCounts)
  }

  var description: String {
    "\(batchCount) x \(tokenCount), \(headCount) heads of \(headSize), "
      + "groups \(groupSizes?.description ?? "none"), norms \(hasNorms), "
      + "\(pairing.map { "\($0)" } ?? "no rotation"), \(stillCount) still"
  }

  /// Packed projections, then the norms' gains and biases.
  func inputs(seed: UInt64) -> [Tensor] {
    var numbers = TestNumbers(seed: seed)
    let qkv = numbers.tensor([batchCount, tokenCount, 3 * width], in: -1.5..<1.5)
    guard hasNorms else { return [qkv] }
    return [qkv] + (0..<4).map { _ in numbers.tensor([headSize], in: -1.2..<1.2) }
  }

  func norms(_ variables: ArraySlice<Variable>) -> HeadNorms? {
    guard let first = variables.indices.first else { return nil }
    return HeadNorms(
      queryWeight: variables[first], queryBias: variables[first + 1],
      keyWeight: variables[first + 2], keyBias: variables[first + 3], epsilon: 0.01)
  }

  func attend(_ variables: [Variable]) -> Variable {
    selfAttention(
      variables[0], headCount: headCount, headNorms: norms(variables.dropFirst()), rotary: rotary,
      visibleKeyCounts: visibleKeyCounts)
  }

  func expected(_ inputs: [[Double]]) -> [Double] {
    reference.attention(
      reference.prepared(
        inputs[0], norms: Array(inputs.dropFirst()), epsilon: 0.01, angles: angles,
        pairing: pairing ?? .adjacent))
  }
}

@Suite struct AttentionOperatorTests {
  private static let cases = [
    AttentionCase(tokenCount: 1, headSize: 4),
    AttentionCase(batchCount: 3, tokenCount: 1, headCount: 1, headSize: 6, hasNorms: true),
    AttentionCase(batchCount: 2, tokenCount: 5, headSize: 4, groupSizes: [1, 1, 1, 1, 1]),
    AttentionCase(batchCount: 3, tokenCount: 5, headCount: 3, headSize: 6, hasNorms: true),
    AttentionCase(tokenCount: 5, headSize: 32, groupSizes: [3, 1, 1], hasNorms: true),
    AttentionCase(tokenCount: 5, headSize: 20, hasNorms: true),
    AttentionCase(batchCount: 2, tokenCount: 5, headCount: 1, headSize: 16),
    AttentionCase(
      batchCount: 2, tokenCount: 17, headSize: 4, groupSizes: [1, 1, 2, 4, 8, 1], hasNorms: true),
    AttentionCase(
      tokenCount: 17, headCount: 1, headSize: 16,
      groupSizes: [Int](repeating: 1, count: 17)),
    AttentionCase(tokenCount: 17, headCount: 1, headSize: 32, hasNorms: true),
    AttentionCase(
      tokenCount: 70, headCount: 1, headSize: 4,
      groupSizes: [2, 1, 1, 2, 4, 8, 16, 32, 4], hasNorms: true),
    AttentionCase(
      tokenCount: 70, headCount: 1, headSize: 6,
      groupSizes: [Int](repeating: 1, count: 70)),
    AttentionCase(tokenCount: 5, headSize: 32, pairing: .halves),
    AttentionCase(
      batchCount: 2, tokenCount: 9, headSize: 20, hasNorms: true, pairing: .halves, stillCount: 3),
    AttentionCase(
      tokenCount: 7, headCount: 1, headSize: 64, hasNorms: true, pairing: .halves, stillCount: 5),
    AttentionCase(
      batchCount: 2, tokenCount: 6, headSize: 6, groupSizes: [2, 1, 3], pairing: .halves),
    AttentionCase(batchCount: 2, tokenCount: 5, headSize: 6, pairing: nil),
    AttentionCase(tokenCount: 7, headSize: 32, groupSizes: [3, 4], hasNorms: true, pairing: nil),
    AttentionCase(tokenCount: 66, headCount: 1, headSize: 4, hasNorms: true, pairing: nil),
  ]

  @Test(arguments: cases)
  func selfAttentionMatchesTheReference(test: AttentionCase) {
    checkOperator(
      test.inputs(seed: 1), gradientTolerance: 3e-5,
      gradientFloor: test.keyBiasCancels ? 0.1 : 1e-3, test.description,
      reference: test.expected, operation: { test.attend($1) })
  }

  /// Many tiles, groups that do not end with a tile, more rows than one thread takes.
  @Test(arguments: [
    AttentionCase(batchCount: 2, tokenCount: 150, headSize: 32, hasNorms: true),
    AttentionCase(
      batchCount: 3, tokenCount: 149, headSize: 16,
      groupSizes: [21, 1, 1, 2, 4, 8, 16, 32, 64], hasNorms: true),
    AttentionCase(
      tokenCount: 200, headCount: 3, headSize: 6,
      groupSizes: [Int](repeating: 1, count: 200)),
    AttentionCase(
      batchCount: 2, tokenCount: 201, headSize: 64, pairing: .halves, stillCount: 5),
    AttentionCase(batchCount: 2, tokenCount: 197, headSize: 64, pairing: nil),
  ])
  func largeValuesMatchTheReference(test: AttentionCase) {
    let inputs = test.inputs(seed: 2)
    let tape = Tape(isRecording: false)
    let y = test.attend(inputs.map { Variable(constant: $0, on: tape) })
    expectClose(
      y.value.doubles, test.expected(inputs.map(\.doubles)), tolerance: 1e-6, test.description)
  }

  /// The composed twin: norms, rotation and attention as operations of their own, on many tiles.
  @Test(arguments: [nil, [9, 1, 1, 2, 4, 8, 16, 32, 64]] as [[Int]?])
  func selfAttentionIsTheCompositionOfItsParts(groupSizes: [Int]?) {
    let test = AttentionCase(
      batchCount: 2, tokenCount: 137, headCount: 3, headSize: 8, groupSizes: groupSizes,
      hasNorms: true)
    func gradients(_ operation: ([Variable]) -> Variable) -> [[Double]] {
      let tape = Tape(isRecording: true)
      let variables = test.inputs(seed: 3).map { Variable(input: $0, on: tape) }
      let y = operation(variables)
      let target = Variable(constant: Tensor(repeating: 0.3, shape: y.shape), on: tape)
      tape.backward(from: squaredError(y, target, scale: 0.5))
      return [y.value.doubles] + variables.map { $0.adjoint?.gradient?.doubles ?? [] }
    }
    let fused = gradients(test.attend)
    let composed = gradients { composedAttention($0, test) }
    for (index, (a, b)) in zip(fused, composed).enumerated() {
      expectClose(a, b, tolerance: 2e-5, "part \(index), groups \(groupSizes ?? [])")
    }
  }

  @Test func keysThatNoQuerySeesGetNoGradient() {
    let tape = Tape(isRecording: true)
    var numbers = TestNumbers(seed: 4)
    let counts = [2, 2, 4, 4, 5, 5, 5]
    let test = AttentionCase(tokenCount: 7, headSize: 4)
    let qkv = Variable(input: numbers.tensor([1, 7, 24]), on: tape)
    let y = selfAttention(
      qkv, headCount: 2, headNorms: nil, rotary: test.rotary, visibleKeyCounts: counts)
    let zero = Variable(constant: Tensor(repeating: 0, shape: y.shape), on: tape)
    tape.backward(from: squaredError(y, zero, scale: 1))
    let gradient = qkv.adjoint?.gradient?.array(of: Float.self) ?? []
    for token in 0..<7 {
      let keyAndValue = gradient[token * 24 + 8..<(token + 1) * 24]
      #expect(keyAndValue.allSatisfy { ($0 == 0) == (token >= 5) }, "token \(token)")
    }
    let reference = AttentionReference(
      batchCount: 1, tokenCount: 7, headCount: 2, headSize: 4, visibleKeyCounts: counts)
    checkOperator(
      [qkv.value], "unseen keys",
      reference: {
        reference.attention(
          reference.prepared($0[0], norms: [], epsilon: 0, angles: test.angles))
      },
      operation: {
        selfAttention(
          $1[0], headCount: 2, headNorms: nil, rotary: test.rotary, visibleKeyCounts: counts)
      })
  }

  /// A score depends on the difference of two tokens' angles only.
  @Test(arguments: RotaryPairing.allCases)
  func rotatingAllTokensByTheSameAngleChangesNothing(pairing: RotaryPairing) {
    var test = AttentionCase(
      batchCount: 2, tokenCount: 37, headSize: 12, groupSizes: [5, 1, 31], pairing: pairing)
    let tape = Tape(isRecording: false)
    let qkv = test.inputs(seed: 8)[0]
    let y = test.attend([Variable(constant: qkv, on: tape)])
    test.offset = 0.8
    let moved = test.attend([Variable(constant: qkv, on: tape)])
    expectClose(moved.value.doubles, y.value.doubles, tolerance: 1e-6, "\(pairing)")
    #expect(moved.value.array(of: Float.self) != y.value.array(of: Float.self))
  }

  /// Scores are sums over channels, so that the pairs may lie anywhere in both queries and keys.
  @Test func halvesAreAdjacentPairsOfPermutedChannels() {
    var test = AttentionCase(
      batchCount: 2, tokenCount: 19, headSize: 32, pairing: .halves, stillCount: 2)
    let qkv = test.inputs(seed: 9)[0]
    let tape = Tape(isRecording: false)
    let y = test.attend([Variable(constant: qkv, on: tape)])
    let values = qkv.array(of: Float.self)
    let permuted: [Float] = values.indices.map { i in
      let (part, channel) = (i % 192 / 64, i % 32)
      return part == 2 ? values[i] : values[i - channel + channel % 2 * 16 + channel / 2]
    }
    test.pairing = .adjacent
    let same = test.attend([Variable(constant: Tensor(permuted, shape: qkv.shape), on: tape)])
    expectClose(same.value.doubles, y.value.doubles, tolerance: 1e-6, "permuted channels")
  }

  @Test func equalValuesAreTheResult() {
    let test = AttentionCase(
      batchCount: 2, tokenCount: 77, headSize: 6,
      groupSizes: [1, 1, 2, 4, 8, 16, 32, 13])
    var qkv = test.inputs(seed: 5)[0].array(of: Float.self)
    for i in qkv.indices where i % 36 >= 24 { qkv[i] = Float(i % 36) }
    let tape = Tape(isRecording: false)
    let y = test.attend([Variable(constant: Tensor(qkv, shape: [2, 77, 36]), on: tape)])
    let expected = (0..<2 * 77 * 12).map { Double(24 + $0 % 12) }
    expectClose(y.value.doubles, expected, tolerance: 3e-7, "equal values")
  }

  @Test func headsAreIndependent() {
    let test = AttentionCase(batchCount: 2, tokenCount: 9, headCount: 3, headSize: 4)
    let qkv = test.inputs(seed: 6)[0]
    let order = [2, 0, 1]
    func permuted(_ tensor: Tensor) -> Tensor {
      let values = tensor.array(of: Float.self)
      let moved = values.indices.map { i in
        let (part, head, channel) = (i / 12, i / 4 % 3, i % 4)
        return values[part * 12 + order[head] * 4 + channel]
      }
      return Tensor(moved, shape: tensor.shape)
    }
    let tape = Tape(isRecording: false)
    let y = test.attend([Variable(constant: qkv, on: tape)])
    let moved = test.attend([Variable(constant: permuted(qkv), on: tape)])
    expectClose(moved.value.doubles, permuted(y.value).doubles, tolerance: 1e-7, "heads")
  }

  /// Group after group through the cache is the whole sequence under the block-causal mask.
  @Test(arguments: [1, 3])
  func theCacheGivesWhatTheMaskDoes(batchCount: Int) {
    for pairing in [RotaryPairing.adjacent, .halves, nil] {
      compareCacheAndMask(batchCount: batchCount, pairing: pairing)
    }
  }

  private func compareCacheAndMask(batchCount: Int, pairing: RotaryPairing?) {
    let groupSizes = [3, 1, 1, 2, 4, 8, 16, 32, 64]
    let test = AttentionCase(
      batchCount: batchCount, tokenCount: 131, headSize: 10, groupSizes: groupSizes,
      pairing: pairing)
    let qkv = test.inputs(seed: 7)[0]
    let tape = Tape(isRecording: false)
    let whole = test.attend([Variable(constant: qkv, on: tape)]).value
    let cache = KeyValueCache(batchCount: batchCount, capacity: 140, width: 20)
    let rotary = test.rotary
    var first = 0
    for size in groupSizes {
      let step = tokens(first..<first + size, of: qkv)
      let y = cachedAttention(
        Variable(constant: step, on: tape), headCount: 2, rotary: rotary, cache: cache)
      let expected = tokens(first..<first + size, of: whole)
      expectClose(
        y.value.doubles, expected.doubles, tolerance: 1e-6, "tokens from \(first)")
      first += size
      #expect(cache.tokenCount == first)
    }
  }

  @Test func shapesThatDoNotMatchStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let qkv = Variable(
        constant: Tensor(repeating: 0, shape: [1, 3, 20]), on: Tape(isRecording: false))
      let rotary = RotaryTable(angles: [0, 0, 0], tokenCount: 3, pairCount: 1)
      _ = selfAttention(
        qkv, headCount: 2, headNorms: nil, rotary: rotary, visibleKeyCounts: nil)
    }
    await #expect(processExitsWith: .failure) {
      let qkv = Variable(
        constant: Tensor(repeating: 0, shape: [1, 3, 24]), on: Tape(isRecording: false))
      let rotary = RotaryTable(angles: [0, 0, 0], tokenCount: 3, pairCount: 1)
      _ = selfAttention(
        qkv, headCount: 2, headNorms: nil, rotary: rotary, visibleKeyCounts: nil)
    }
    // The first class token was forgotten.
    await #expect(processExitsWith: .failure) {
      let qkv = Variable(
        constant: Tensor(repeating: 0, shape: [1, 3, 12]), on: Tape(isRecording: false))
      let rotary = RotaryTable(angles: [0, 0], tokenCount: 2, pairCount: 1, pairing: .halves)
      _ = selfAttention(
        qkv, headCount: 2, headNorms: nil, rotary: rotary, visibleKeyCounts: nil)
    }
    await #expect(processExitsWith: .failure) {
      let qkv = Variable(
        constant: Tensor(repeating: 0, shape: [1, 3, 12]), on: Tape(isRecording: false))
      let rotary = RotaryTable(angles: [0, 0, 0], tokenCount: 3, pairCount: 1)
      let cache = KeyValueCache(batchCount: 1, capacity: 2, width: 4)
      _ = cachedAttention(qkv, headCount: 2, rotary: rotary, cache: cache)
    }
  }
}

/// Tokens `range` of every sample of `[batch, tokens, channels]`.
private func tokens(_ range: Range<Int>, of x: Tensor) -> Tensor {
  let parts = (0..<x.shape[0]).map { sample in
    x.slice(sample..<sample + 1).reshaped(to: [x.shape[1], x.shape[2]]).slice(range)
  }
  let values: [Float] = parts.flatMap { $0.array(of: Float.self) }
  return Tensor(values, shape: [x.shape[0], range.count, x.shape[2]])
}
