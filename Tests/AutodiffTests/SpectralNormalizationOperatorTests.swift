import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct SpectralNormalizationOperatorTests {
  private static let shapes = [[1, 1], [1, 5], [7, 1], [3, 2, 2], [17, 1, 3, 5], [5, 33]]

  @Test(arguments: shapes)
  func matchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let weight = numbers.tensor(shape)
    let vectors = SpectralVectors(
      weightShape: shape, key: RandomKey(seed: 3, purpose: .initialisation)
    )
    .advanced(for: weight)
    let (u, v) = (vectors.left.doubles, vectors.right.doubles)
    checkOperator(
      [weight], "spectral norm \(shape)",
      reference: { SpectralNormalizationReference.forward($0[0], u: u, v: v) },
      operation: { spectrallyNormalized($1[0], vectors: vectors) })
  }

  /// The weight is used twice, so that the second gradient is added.
  @Test func gradientsOfSeveralUsesAdd() {
    let shape = [4, 6]
    var numbers = TestNumbers(seed: 2)
    let weight = numbers.tensor(shape)
    let first = SpectralVectors(
      weightShape: shape, key: RandomKey(seed: 3, purpose: .initialisation)
    )
    .advanced(for: weight)
    let second = first.advanced(for: weight)
    let pairs = [first, second].map { ($0.left.doubles, $0.right.doubles) }
    checkOperator(
      [weight], "two spectral norms",
      reference: { inputs in
        let terms = pairs.map {
          SpectralNormalizationReference.forward(inputs[0], u: $0.0, v: $0.1)
        }
        return zip(terms[0], terms[1]).map(+)
      },
      operation: {
        add(
          spectrallyNormalized($1[0], vectors: first),
          spectrallyNormalized($1[0], vectors: second))
      })
  }

  @Test(arguments: shapes + [[70, 130], [384, 65]])
  func theIterationMatchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 4)
    let weight = numbers.tensor(shape)
    var vectors = SpectralVectors(
      weightShape: shape, key: RandomKey(seed: 5, purpose: .initialisation))
    let start = vectors.left.doubles
    var expected = (u: start, v: [Double]())
    for _ in 0..<3 {
      vectors = vectors.advanced(for: weight)
      expected = SpectralNormalizationReference.powerIteration(weight.doubles, u: expected.u)
    }
    expectClose(vectors.left.doubles, expected.u, tolerance: 1e-5, "u of \(shape)")
    expectClose(vectors.right.doubles, expected.v, tolerance: 1e-5, "v of \(shape)")
  }

  /// s·a·bᵀ with unit vectors a and b has the singular value |s|, found in one step.
  @Test(arguments: [Float(3), -0.25])
  func theNormOfARankOneMatrixIsItsFactor(factor: Float) {
    let a: [Float] = [0.6, 0, -0.8]
    let b: [Float] = [0.5, -0.5, 0.5, 0.5]
    let weight = Tensor(a.flatMap { x in b.map { factor * x * $0 } }, shape: [3, 4])
    let vectors = SpectralVectors(
      weightShape: [3, 4], key: RandomKey(seed: 6, purpose: .initialisation)
    ).advanced(for: weight)
    let norm = spectralNorm(
      of: weight.buffer, u: vectors.left.buffer, v: vectors.right.buffer)
    #expect(abs(norm - abs(factor)) < 1e-6 * abs(factor))
  }

  /// Scaling W scales σ: the quotient stays, and the gradient is orthogonal to W.
  @Test func theResultDoesNotDependOnTheScaleOfTheWeight() {
    var numbers = TestNumbers(seed: 7)
    let weight = numbers.tensor([6, 9])
    let larger = Tensor(weight.array(of: Float.self).map { 8 * $0 }, shape: [6, 9])
    let start = SpectralVectors(
      weightShape: [6, 9], key: RandomKey(seed: 8, purpose: .initialisation))
    let tape = Tape(isRecording: true)
    let (input, other) = (Variable(input: weight, on: tape), Variable(input: larger, on: tape))
    let y = spectrallyNormalized(input, vectors: start.advanced(for: weight))
    let z = spectrallyNormalized(other, vectors: start.advanced(for: larger))
    expectClose(z.value.doubles, y.value.doubles, tolerance: 1e-7, "scaled weight")
    tape.backward(from: weightedTotal(y, numbers.tensor([6, 9])))
    let gradient = input.adjoint?.gradient?.doubles ?? []
    let along = zip(gradient, weight.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(along) < 1e-5)
    #expect(gradient.contains { abs($0) > 0.01 })
  }

  /// Zero has no direction: the vectors become zero, not NaN.
  @Test func theVectorsOfAZeroWeightAreZero() {
    let zero = Tensor(repeating: 0, shape: [3, 2])
    let vectors = SpectralVectors(
      weightShape: [3, 2], key: RandomKey(seed: 9, purpose: .initialisation)
    ).advanced(for: zero)
    #expect(vectors.left.array(of: Float.self) == [0, 0, 0])
    #expect(vectors.right.array(of: Float.self) == [0, 0])
  }

  @Test func newVectorsHaveLengthOneAndFollowTheKey() {
    func vectors(_ seed: UInt64) -> [[Double]] {
      let vectors = SpectralVectors(
        weightShape: [50, 3, 7], key: RandomKey(seed: seed, purpose: .initialisation))
      return [vectors.left.doubles, vectors.right.doubles]
    }
    let drawn = vectors(1)
    #expect(drawn.map(\.count) == [50, 21])
    for vector in drawn { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-6) }
    #expect(vectors(1) == drawn)
    #expect(vectors(2) != drawn)
  }

  @Test func vectorsOfAnotherShapeStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let vectors = SpectralVectors(
        weightShape: [3, 4], key: RandomKey(seed: 1, purpose: .initialisation))
      let weight = Variable(
        constant: Tensor(repeating: 1, shape: [4, 3]), on: Tape(isRecording: false))
      _ = spectrallyNormalized(weight, vectors: vectors)
    }
    await #expect(processExitsWith: .failure) {
      let vectors = SpectralVectors(
        weightShape: [3, 4], key: RandomKey(seed: 1, purpose: .initialisation))
      _ = vectors.advanced(for: Tensor(repeating: 1, shape: [3, 5]))
    }
  }
}
