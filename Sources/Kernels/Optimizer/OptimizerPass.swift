import CKernels

/// The numbers of one AdamW step that are the same for all parameters.
public struct AdamWCoefficients: Sendable, Equatable {
  /// The gradient is multiplied by this first: clipping.
  public var gradientFactor: Float
  /// 1 − β₁.
  public var firstMomentWeight: Float
  /// β₂.
  public var secondMomentDecay: Float
  /// 1 − β₂.
  public var secondMomentWeight: Float
  /// 1 / √(1 − β₂ᵗ).
  public var rootFactor: Float
  /// Added to the root of the second moment.
  public var epsilon: Float
  /// rate / (1 − β₁ᵗ).
  public var stepSize: Float
  /// 1 − rate · decay, for the elements that decay.
  public var decayFactor: Float
  /// d: the moving average becomes d·average + (1 − d)·value; 0 copies the value.
  public var averageDecay: Double

  /// Gathers the numbers.
  public init(
    gradientFactor: Float, firstMomentWeight: Float, secondMomentDecay: Float,
    secondMomentWeight: Float, rootFactor: Float, epsilon: Float, stepSize: Float,
    decayFactor: Float, averageDecay: Double
  ) {
    self.gradientFactor = gradientFactor
    self.firstMomentWeight = firstMomentWeight
    self.secondMomentDecay = secondMomentDecay
    self.secondMomentWeight = secondMomentWeight
    self.rootFactor = rootFactor
    self.epsilon = epsilon
    self.stepSize = stepSize
    self.decayFactor = decayFactor
    self.averageDecay = averageDecay
  }

  func arguments(isDecayed: Bool) -> CKernels_AdamW {
    // The factor that is small is the one that must not be rounded: 1 − d is formed before.
    let staysNear = averageDecay > 0.5
    return CKernels_AdamW(
      gradientFactor: gradientFactor, firstWeight: firstMomentWeight,
      secondDecay: secondMomentDecay, secondWeight: secondMomentWeight, rootFactor: rootFactor,
      epsilon: epsilon, stepSize: stepSize, valueFactor: isDecayed ? decayFactor : 1,
      averageFactor: Float(staysNear ? 1 - averageDecay : -averageDecay),
      averageStaysNear: staysNear ? 1 : 0)
  }
}

/// A run of elements that share whether they decay.
public struct DecayRun: Sendable, Equatable {
  /// The elements.
  public let range: Range<Int>
  /// Whether weight decay applies to them.
  public let isDecayed: Bool

  /// Names the elements `range`.
  public init(range: Range<Int>, isDecayed: Bool) {
    self.range = range
    self.isDecayed = isDecayed
  }
}

/// Elements that one task updates.
private let updatedChunkSize = 16_384

/// One AdamW step and the step of the moving average, in one pass over memory.
///
///     g ← factor·g;  m ← m + (1 − β₁)(g − m);  v ← β₂v + (1 − β₂)g²
///     w ← (1 − rate·decay)·w − rate/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε);  a ← d·a + (1 − d)·w
///
/// - Parameters:
///   - values: w; the other arrays have as many elements.
///   - operands: Receives w rounded to bfloat16; none when nil.
///   - firstMoments: m.
///   - secondMoments: v.
///   - average: a; none when nil.
///   - gradients: g, which is read only.
///   - runs: The elements to update, in ascending order and without overlap.
///   - coefficients: The numbers of the step.
public func adamWStep(
  values: Buffer, operands: Buffer? = nil, firstMoments: Buffer, secondMoments: Buffer,
  average: Buffer?, gradients: Buffer, runs: [DecayRun], coefficients: AdamWCoefficients
) {
  let counts = [
    values, operands ?? values, firstMoments, secondMoments, average ?? values, gradients,
  ].map(\.count)
  precondition(
    counts.allSatisfy { $0 == values.count }, "adamWStep: counts \(counts) differ")
  precondition(
    zip(runs, runs.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound }
      && (runs.first?.range.lowerBound ?? 0) >= 0
      && (runs.last?.range.upperBound ?? 0) <= values.count,
    "adamWStep: runs are not ascending inside 0..<\(values.count)")
  let (w, m, v) = (values.floats, firstMoments.floats, secondMoments.floats)
  let (a, g, bfloat16s) = (average?.floats, gradients.floats, operands?.bfloat16s)
  let decayed = coefficients.arguments(isDecayed: true)
  let constant = coefficients.arguments(isDecayed: false)
  parallelChunks(values.count, chunkSize: updatedChunkSize) { _, chunk in
    var index = firstRun(of: runs, endingAfter: chunk.lowerBound)
    while index < runs.count, runs[index].range.lowerBound < chunk.upperBound {
      let part = runs[index].range.clamped(to: chunk)
      var arguments = runs[index].isDecayed ? decayed : constant
      let begin = part.lowerBound
      CKernels_adamW(
        w + begin, bfloat16s.map { $0 + begin }, m + begin, v + begin,
        a.map { $0 + begin }, g + begin, &arguments, Int64(part.count))
      index += 1
    }
  }
}

/// The index of the first run that reaches beyond `element`.
private func firstRun(of runs: [DecayRun], endingAfter element: Int) -> Int {
  var (low, high) = (0, runs.count)
  while low < high {
    let middle = (low + high) / 2
    if runs[middle].range.upperBound <= element { low = middle + 1 } else { high = middle }
  }
  return low
}

/// The sum of squares in double precision; not finite exactly when some element is not.
///
/// The bits do not depend on the number of threads or on the processor.
public func squaredNorm(of x: Buffer) -> Double {
  let source = x.floats
  return withExtendedLifetime(x.storage) {
    sumOfChunks(x.count) { CKernels_squaredNorm(source + $0.lowerBound, Int64($0.count)) }
  }
}

/// Σ a·b in double precision; the bits do not depend on the number of threads or on the processor.
public func innerProduct(_ a: Buffer, _ b: Buffer) -> Double {
  precondition(a.count == b.count, "innerProduct: \(a.count) against \(b.count) elements")
  let (first, second) = (a.floats, b.floats)
  return withExtendedLifetime((a.storage, b.storage)) {
    sumOfChunks(a.count) {
      CKernels_innerProduct(first + $0.lowerBound, second + $0.lowerBound, Int64($0.count))
    }
  }
}

/// Sums of chunks of fixed size, one by one, combined in their order.
private func sumOfChunks(_ count: Int, _ sum: (Range<Int>) -> Double) -> Double {
  var partials = [Double](
    repeating: 0, count: (count + updatedChunkSize - 1) / updatedChunkSize)
  partials.withUnsafeMutableBufferPointer { partials in
    parallelChunks(count, chunkSize: updatedChunkSize) { chunk, range in
      partials[chunk] = sum(range)
    }
  }
  return partials.reduce(0, +)
}
