import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct SimilarityOperatorTests {
  static let shapes = [[1], [2, 1], [3, 5], [2, 3, 17], [1, 2, 2, 33], [2, 130]]

  /// A large epsilon, so that it shows; with one channel little is left beside it.
  @Test(arguments: shapes) func l2NormalizeMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [numbers.tensor(shape)], gradientTolerance: 4e-5, "l2Normalize \(shape)",
      reference: {
        SimilarityReference.l2Normalize($0[0], channelCount: shape[shape.count - 1], epsilon: 0.1)
      },
      operation: { l2Normalize($1[0], epsilon: Float(0.1)) })
  }

  // One channel is left out: the cosine is then a sign, and its gradient 0, that is, all rounding.
  @Test(arguments: shapes.filter { $0.last != 1 })
  func cosineSimilarityMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 2)
    for scale: Float in [1, 1e-3] {
      // The small ones lie below epsilon, which then takes the place of their norm.
      checkOperator(
        [numbers.tensor(shape), numbers.tensor(shape, in: -scale..<scale)],
        gradientTolerance: 4e-5, "cosineSimilarity \(shape), scale \(scale)",
        reference: {
          SimilarityReference.cosine(
            $0[0], $0[1], channelCount: shape[shape.count - 1], epsilon: 0.02)
        },
        operation: { cosineSimilarity($1[0], $1[1], epsilon: 0.02) })
    }
  }

  @Test(arguments: [[1, 1], [2, 5], [2, 3, 17], [3, 2, 2, 33], [1, 70, 70, 3]])
  func weightedDistanceMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 5)
    let weight = numbers.tensor([shape[shape.count - 1]], in: 0..<1)
    checkOperator(
      [numbers.tensor(shape), numbers.tensor(shape)], "weightedDistance \(shape)",
      reference: {
        SimilarityReference.weightedDistances(
          $0[0], $0[1], weight: weight.doubles, sampleCount: shape[0])
      },
      operation: { weightedDistance($1[0], $1[1], weight: Variable(constant: weight, on: $0)) })
  }

  /// Each sample's distance is its own, and to itself nothing.
  @Test func distancesAreThoseOfEachSample() {
    var numbers = TestNumbers(seed: 6)
    let tape = Tape(isRecording: false)
    let (x, y) = (numbers.tensor([3, 4, 5, 6]), numbers.tensor([3, 4, 5, 6]))
    let weight = Variable(constant: numbers.tensor([6], in: 0..<1), on: tape)
    func distance(_ x: Tensor, _ y: Tensor) -> [Float] {
      weightedDistance(
        Variable(constant: x, on: tape), Variable(constant: y, on: tape), weight: weight
      ).value.array()
    }
    let alone = (0..<3).flatMap { distance(x.slice($0..<$0 + 1), y.slice($0..<$0 + 1)) }
    #expect(distance(x, y) == alone)
    #expect(distance(y, x) == alone)
    #expect(distance(x, x) == [0, 0, 0])
  }

  @Test func aWeightForOtherChannelsStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 1, shape: [2, 3]), on: tape)
      let weight = Variable(constant: Tensor(repeating: 1, shape: [2]), on: tape)
      _ = weightedDistance(x, x, weight: weight)
    }
  }

  @Test func manyRowsMatchTheReference() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: false)
    let a = Variable(constant: numbers.tensor([3, 211, 130]), on: tape)
    let b = Variable(constant: numbers.tensor([3, 211, 130]), on: tape)
    expectClose(
      l2Normalize(a, epsilon: 1e-10).value.doubles,
      SimilarityReference.l2Normalize(a.value.doubles, channelCount: 130, epsilon: 1e-10),
      tolerance: 3e-7, "l2Normalize")
    expectClose(
      cosineSimilarity(a, b).value.doubles,
      SimilarityReference.cosine(
        a.value.doubles, b.value.doubles, channelCount: 130, epsilon: 1e-8),
      tolerance: 2e-6, "cosineSimilarity")
  }

  /// Rows of zeros, and of numbers whose squares are lost or nearly so: nothing infinite comes back.
  @Test(arguments: [0, 1e-38, 1e-25, 1e-21, 1e-12] as [Float])
  func rowsOfNothingHaveNoGradient(size: Float) {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor([3, 4, size, -size], shape: [2, 2]), on: tape)
    let y = l2Normalize(x, epsilon: 1e-10)
    tape.backward(from: weightedTotal(y, Tensor([1, 0, 1, 2] as [Float], shape: [2, 2])))
    let gradient = x.adjoint?.gradient?.array(of: Float.self) ?? []
    #expect(gradient.count == 4 && gradient.allSatisfy { $0.isFinite }, "\(gradient)")
    #expect(y.value.array(of: Float.self).allSatisfy { $0.isFinite && abs($0) <= 1 })
    if size < 1e-30 { #expect(gradient.suffix(2) == [0, 0]) }
    expectClose(
      gradient.prefix(2).map(Double.init), [0.2 * 16 / 25, -0.2 * 12 / 25], tolerance: 1e-6,
      "the other row")
  }

  /// The law: cosines are products of directions, do not depend on length, and of x with itself are 1.
  @Test func cosinesAreProductsOfDirections() {
    var numbers = TestNumbers(seed: 4)
    let tape = Tape(isRecording: true)
    let a = Variable(input: numbers.tensor([70, 48]), on: tape)
    let b = Variable(input: numbers.tensor([70, 48]), on: tape)
    let cosines = cosineSimilarity(a, b).value.doubles
    let (left, right) = (
      l2Normalize(a, epsilon: 1e-10).value.doubles, l2Normalize(b, epsilon: 1e-10).value.doubles
    )
    let terms = zip(left, right).map { $0 * $1 }
    let products: [Double] = (0..<70).map { row in
      terms[row * 48..<(row + 1) * 48].reduce(0, +)
    }
    expectClose(cosines, products, tolerance: 1e-6, "products of directions")
    expectClose(
      cosineSimilarity(scale(a, by: 3), b).value.doubles, cosines, tolerance: 1e-6, "length")
    let itself = cosineSimilarity(a, a)
    expectClose(
      itself.value.doubles, [Double](repeating: 1, count: 70), tolerance: 1e-6, "itself")
    // Both gradients of the same rows cancel.
    tape.backward(from: weightedTotal(itself, Tensor(repeating: 1, shape: [70])))
    let gradient = a.adjoint?.gradient?.doubles ?? []
    #expect(gradient.count == 70 * 48 && gradient.allSatisfy { abs($0) < 1e-6 })
  }

  /// Rows of zeros: the cosine is 0, and its gradient is the other's direction over epsilon, as PyTorch's.
  @Test func cosinesWithZeroAreZero() {
    let tape = Tape(isRecording: true)
    let a = Variable(input: Tensor([0, 0] as [Float], shape: [1, 2]), on: tape)
    let b = Variable(input: Tensor([3, 4] as [Float], shape: [1, 2]), on: tape)
    let cosine = cosineSimilarity(a, b, epsilon: 0.5)
    #expect(cosine.value.scalar == 0)
    tape.backward(from: weightedTotal(cosine, Tensor(repeating: 1, shape: [1])))
    expectClose(a.adjoint?.gradient?.doubles ?? [], [1.2, 1.6], tolerance: 1e-6, "zero")
    #expect(b.adjoint?.gradient?.array(of: Float.self) == [0, 0])
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = cosineSimilarity(
        Variable(constant: Tensor(repeating: 1, shape: [2, 8]), on: tape),
        Variable(constant: Tensor(repeating: 1, shape: [8, 2]), on: tape))
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = l2Normalize(Variable(constant: Tensor(repeating: 1, shape: [2]), on: tape), epsilon: 0)
    }
  }
}
