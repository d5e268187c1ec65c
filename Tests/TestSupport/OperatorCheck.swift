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
///   - gradientFloor: Norm below which a gradient's error is taken as absolute: that of its terms, where
///     they cancel.
///   - step: Step of the central differences.
///   - label: The case, for the failure's text.
///   - recomputesBlocks: Whether the tape recomputes.
///   - sourceLocation: The line that is blamed.
///   - reference: The naive loops, on the inputs' elements in double precision.
///   - operation: The operator under test.
public func checkOperator(
  _ inputs: [Tensor], valueTolerance: Double = 2e-6, gradientTolerance: Double = 2e-5,
  gradientFloor: Double = 1e-3, step: Double = 1e-5, _ label: String,
  recomputesBlocks: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation,
  reference: ([[Double]]) -> [Double], operation: (Tape, [Variable]) -> Variable
) {
  let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
  let variables = inputs.map { Variable(input: $0, on: tape) }
  let result = operation(tape, variables)
  let check = DerivativeCheck(
    points: inputs.map(\.doubles), valueTolerance: valueTolerance,
    gradientTolerance: gradientTolerance, gradientFloor: gradientFloor, step: step, label: label,
    sourceLocation: sourceLocation)
  check.run(result, reference: reference) {
    variables.enumerated().map { index, variable in
      ("input \(index)", variable.adjoint?.gradient)
    }
  }
}

/// Checks a layer: its value against the naive reference, and the gradients of every input and of
/// every parameter against central differences of the reference in double precision.
///
/// The arena is allocated, and all parameters get random numbers.
///
/// - Parameters:
///   - arena: What the layer's parameters were created in.
///   - inputs: The inputs that a gradient is wanted for.
///   - parameterRange: Where the parameters lie.
///   - gradientTolerance: Largest relative L2 error of each gradient.
///   - gradientFloor: Norm below which a gradient's error is taken as absolute: that of its terms, where
///     they cancel.
///   - label: The case, for the failure's text.
///   - sourceLocation: The line that is blamed.
///   - reference: The naive loops, on the inputs' elements and on the parameters' by published name.
///   - layer: The layer under test.
public func checkLayer(
  in arena: ParameterArena, _ inputs: [Tensor], parameterRange: Range<Float> = -1..<1,
  gradientTolerance: Double = 2e-5, gradientFloor: Double = 1e-3, _ label: String,
  sourceLocation: SourceLocation = #_sourceLocation,
  reference: ([[Double]], [String: [Double]]) -> [Double], layer: (Tape, [Variable]) -> Variable
) {
  arena.allocate(forTraining: true)
  fillParameters(of: arena, in: parameterRange)
  let tape = Tape(isRecording: true)
  let variables = inputs.map { Variable(input: $0, on: tape) }
  let result = layer(tape, variables)
  let check = DerivativeCheck(
    points: inputs.map(\.doubles) + arena.parameters.map(\.value.doubles), valueTolerance: 2e-6,
    gradientTolerance: gradientTolerance, gradientFloor: gradientFloor, step: 1e-5, label: label,
    sourceLocation: sourceLocation)
  check.run(
    result, into: arena,
    reference: { points in
      let values = points.dropFirst(inputs.count)
      return reference(
        Array(points.prefix(inputs.count)),
        Dictionary(uniqueKeysWithValues: zip(arena.parameters.map(\.name), values)))
    },
    gradients: {
      variables.enumerated().map { ("input \($0)", $1.adjoint?.gradient) }
        + arena.parameters.map { ($0.name, $0.gradient) }
    })
}

/// Gives all parameters of an allocated arena random numbers in a range.
public func fillParameters(of arena: ParameterArena, in range: Range<Float>, seed: UInt64 = 55) {
  var numbers = TestNumbers(seed: seed)
  for parameter in arena.parameters {
    parameter.value.buffer.copy(from: numbers.tensor(parameter.shape, in: range).buffer)
  }
  arena.refreshOperands()
}

/// Compares a result and its gradients with a reference of the same numbers.
private struct DerivativeCheck {
  /// What the reference depends on.
  let points: [[Double]]
  let valueTolerance: Double
  let gradientTolerance: Double
  let gradientFloor: Double
  let step: Double
  let label: String
  let sourceLocation: SourceLocation

  /// Runs the tape of `result` back; `gradients` then gives the name and gradient of each point.
  func run(
    _ result: Variable, into arena: ParameterArena? = nil, reference: ([[Double]]) -> [Double],
    gradients: () -> [(name: String, gradient: Tensor?)]
  ) {
    expectClose(
      result.value.doubles, reference(points), tolerance: valueTolerance, "\(label), value",
      sourceLocation: sourceLocation)
    var numbers = TestNumbers(seed: 77)
    let weights = numbers.tensor(result.shape)
    let total = weightedTotal(result, weights)
    if let arena {
      result.tape.backward(from: total, into: arena)
    } else {
      result.tape.backward(from: total)
    }
    let weightNumbers = weights.doubles
    for (index, (name, gradient)) in gradients().enumerated() {
      let numeric = centralDifferences(at: index) { dot(reference($0), weightNumbers) }
      expectClose(
        gradient?.doubles ?? [Double](repeating: 0, count: numeric.count), numeric,
        tolerance: gradientTolerance, floor: gradientFloor, "\(label), gradient of \(name)",
        sourceLocation: sourceLocation)
    }
  }

  private func centralDifferences(
    at index: Int, of total: ([[Double]]) -> Double
  ) -> [Double] {
    var moved = points
    return points[index].indices.map { element in
      let value = points[index][element]
      defer { moved[index][element] = value }
      moved[index][element] = value + step
      let up = total(moved)
      moved[index][element] = value - step
      return (up - total(moved)) / (2 * step)
    }
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
