public import Autodiff
import Foundation
import Kernels
public import Tensors

/// Adam with decoupled weight decay, as PyTorch defines it, and the moving average of the weights.
///
///     g ← factor·g;  m ← β₁m + (1 − β₁)g;  v ← β₂v + (1 − β₂)g²
///     w ← w − rate·decay·w;  w ← w − rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
///     a ← d·a + (1 − d)·w,  d = min(averageDecay, (1 + s)/(10 + s)), a ← w when s = 0
///
/// with t = s + 1 and s = steps done before. One pass over memory; the bits do not depend on the
/// number of threads or on the processor.
/// Source: Loshchilov & Hutter 2019; Docs/Training.md, section 2.
public struct AdamW: Sendable {
  /// What does not change during a run.
  public struct Configuration: Sendable, Equatable {
    /// β₁.
    public var firstMomentDecay: Double
    /// β₂.
    public var secondMomentDecay: Double
    /// ε, added to the root of the second moment.
    public var epsilon: Double
    /// Decay of the parameters that decay.
    public var weightDecay: Double
    /// The largest norm that a gradient keeps.
    public var gradientNormLimit: Double
    /// The largest decay of the moving average of the weights.
    public var averageDecay: Double

    /// Gathers the settings; the defaults are the published ones of the tokenizer.
    public init(
      firstMomentDecay: Double = 0.9, secondMomentDecay: Double = 0.95, epsilon: Double = 1e-8,
      weightDecay: Double = 1e-4, gradientNormLimit: Double = 10, averageDecay: Double = 0.9999
    ) {
      self.firstMomentDecay = firstMomentDecay
      self.secondMomentDecay = secondMomentDecay
      self.epsilon = epsilon
      self.weightDecay = weightDecay
      self.gradientNormLimit = gradientNormLimit
      self.averageDecay = averageDecay
    }

    /// What gradients of norm `gradientNorm` are multiplied by: min(1, limit / (norm + 10⁻⁶)).
    public func clipFactor(gradientNorm: Double) -> Float {
      Float(min(1, gradientNormLimit / (gradientNorm + 1e-6)))
    }

    /// The decay of the moving average in the step after `stepCount` ones; 0 in the first.
    public func averageDecay(afterSteps stepCount: Int) -> Double {
      guard stepCount > 0 else { return 0 }
      let count = Double(stepCount)
      return min(averageDecay, (1 + count) / (10 + count))
    }
  }

  /// The settings.
  public let configuration: Configuration
  private let runs: [DecayRun]

  /// Prepares steps over `arena`, whose layout is closed.
  public init(_ configuration: Configuration, for arena: ParameterArena) {
    precondition(arena.isAllocated, "AdamW: the arena is not allocated")
    self.configuration = configuration
    runs = Self.runs(of: arena)
  }

  /// Parts of published names whose parameters do not decay, whatever their shape.
  private static let undecayedNames = [
    "ln", "bias", "latent_tokens", "mask_token", "embedding", "norm", "gamma", "embed",
  ]

  /// Whether weight decay applies to a parameter: matrices only, and neither norms nor embeddings.
  ///
  /// - Parameters:
  ///   - name: The published name.
  ///   - axisCount: Axes of the published tensor.
  /// - Returns: Whether it decays.
  public static func isDecayed(name: String, axisCount: Int) -> Bool {
    axisCount >= 2 && !undecayedNames.contains { name.contains($0) }
  }

  /// The arena as runs of neighbours that share whether they decay; gaps belong to what is before.
  private static func runs(of arena: ParameterArena) -> [DecayRun] {
    var runs: [DecayRun] = []
    let ends = arena.parameters.dropFirst().map(\.offset) + [arena.count]
    for (parameter, end) in zip(arena.parameters, ends) {
      let isDecayed = isDecayed(name: parameter.name, axisCount: parameter.publishedShape.count)
      if let last = runs.last, last.isDecayed == isDecayed {
        runs[runs.count - 1] = DecayRun(range: last.range.lowerBound..<end, isDecayed: isDecayed)
      } else {
        runs.append(DecayRun(range: parameter.offset..<end, isDecayed: isDecayed))
      }
    }
    return runs
  }

  /// Moves the values of `arena` by one step along its gradients.
  ///
  /// - Parameters:
  ///   - arena: Values and gradients; the gradients are read only.
  ///   - state: The moments and, if it has one, the moving average; elements outside its range stay.
  ///   - rate: The learning rate of this step.
  ///   - gradientFactor: What the gradients are multiplied by first: `clipFactor`.
  public func step(
    _ arena: ParameterArena, state: inout OptimizerState, rate: Double, gradientFactor: Float = 1
  ) {
    precondition(
      state.range.upperBound <= arena.count && arena.gradients.count == arena.count,
      """
      AdamW: state of \(state.range) and \(arena.gradients.count) gradients for \(arena.count) \
      elements
      """)
    let range = state.range
    let shares = runs.compactMap { run -> DecayRun? in
      let part = run.range.clamped(to: range)
      guard !part.isEmpty else { return nil }
      return DecayRun(
        range: part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound,
        isDecayed: run.isDecayed)
    }
    adamWStep(
      values: arena.values.buffer[range], operands: arena.operands?.buffer[range],
      firstMoments: state.firstMoments.buffer, secondMoments: state.secondMoments.buffer,
      average: state.movingAverage?.buffer,
      gradients: arena.gradients.buffer[range], runs: shares,
      coefficients: coefficients(
        stepCount: state.stepCount, rate: rate, gradientFactor: gradientFactor))
    state.stepCount += 1
  }

  /// The numbers of the step after `stepCount` ones; everything that nearly cancels is in double.
  private func coefficients(stepCount: Int, rate: Double, gradientFactor: Float)
    -> AdamWCoefficients
  {
    let (first, second) = (configuration.firstMomentDecay, configuration.secondMomentDecay)
    let power = Double(stepCount + 1)
    return AdamWCoefficients(
      gradientFactor: gradientFactor, firstMomentWeight: Float(1 - first),
      secondMomentDecay: Float(second), secondMomentWeight: Float(1 - second),
      rootFactor: Float(1 / (1 - pow(second, power)).squareRoot()),
      epsilon: Float(configuration.epsilon), stepSize: Float(rate / (1 - pow(first, power))),
      decayFactor: Float(1 - rate * configuration.weightDecay),
      averageDecay: configuration.averageDecay(afterSteps: stepCount))
  }
}

/// The sum of the squares of all gradients, in double precision.
///
/// Not finite exactly when some gradient is not: squares of single-precision numbers and their sum
/// are within double precision's range. The bits do not depend on the number of threads.
///
/// - Parameter gradients: A gradient arena, whose gaps are zero.
/// - Returns: The square of the Euclidean norm.
public func squaredNorm(of gradients: Tensor) -> Double {
  Kernels.squaredNorm(of: gradients.buffer)
}
