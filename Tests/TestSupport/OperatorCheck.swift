public import Autodiff
public import Tensors
public import Testing

/// A reproducible stream of test numbers (splitmix64).
public struct TestNumbers {
  private var state: UInt64

  /// Begins the stream of `seed`.
  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The next number in [low, high), exactly representable in single precision.
  public mutating func number(in range: Range<Float> = -1..<1) -> Float {
    let unit = Float(next() >> 40) / Float(1 << 24)
    return range.lowerBound + unit * (range.upperBound - range.lowerBound)
  }

  /// A tensor of numbers in [low, high).
  public mutating func tensor(_ shape: [Int], in range: Range<Float> = -1..<1) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { _ in number(in: range) }, shape: shape)
  }
}

/// Checks an operator: its value against the naive reference, and the gradient of every input
/// against central differences of the reference in double precision.
///
/// The result is reduced to one number with fixed weights, L = Σ w·y, so that every element of the
/// result and of the gradients counts.
///
/// - Parameters:
///   - inputs: The inputs that a gradient is wanted for.
///   - valueTolerance: Largest relative L2 error of the value.
///   - gradientTolerance: Largest relative L2 error of each gradient.
///   - step: Step of the central differences.
///   - label: The case, for the failure's text.
///   - recomputesBlocks: Whether the tape recomputes.
///   - sourceLocation: The line that is blamed.
///   - reference: The naive loops, on the inputs' elements in double precision.
///   - operation: The operator under test.
public func checkOperator(
  _ inputs: [Tensor], valueTolerance: Double = 2e-6, gradientTolerance: Double = 2e-5,
  step: Double = 1e-5, _ label: String, recomputesBlocks: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation,
  reference: ([[Double]]) -> [Double], operation: (Tape, [Variable]) -> Variable
) {
  let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
  let variables = inputs.map { Variable(input: $0, on: tape) }
  let result = operation(tape, variables)
  let points = inputs.map(\.doubles)
  let expected = reference(points)
  expectClose(
    result.value.doubles, expected, tolerance: valueTolerance, "\(label), value",
    sourceLocation: sourceLocation)
  var numbers = TestNumbers(seed: 77)
  let weights = numbers.tensor(result.shape)
  let weighted = weightedTotal(result, weights)
  tape.backward(from: weighted)
  let weightNumbers = weights.doubles
  for (index, variable) in variables.enumerated() {
    var numeric = [Double](repeating: 0, count: points[index].count)
    for element in numeric.indices {
      var moved = points
      moved[index][element] += step
      let up = dot(reference(moved), weightNumbers)
      moved[index][element] = points[index][element] - step
      let down = dot(reference(moved), weightNumbers)
      numeric[element] = (up - down) / (2 * step)
    }
    let analytic =
      variable.adjoint?.gradient?.doubles ?? [Double](repeating: 0, count: numeric.count)
    expectClose(
      analytic, numeric, tolerance: gradientTolerance, floor: 1e-3,
      "\(label), gradient of input \(index)", sourceLocation: sourceLocation)
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
}

/// Σ w·y as a recorded operation, so that checks need no other operator.
public func weightedTotal(_ y: Variable, _ weights: Tensor) -> Variable {
  let total = dot(y.value.doubles, weights.doubles)
  let adjoint = y.adjoint
  return y.tape.record(Tensor([Float(total)], shape: [1]), from: [y]) { _ in
    adjoint?.accumulate(weights)
  }
}
