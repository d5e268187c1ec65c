import Foundation

/// Plain formulas of the activations, for tests.
package enum ActivationsReference {
  /// x·Φ(x).
  package static func gelu(_ x: Double) -> Double { x * 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// Φ(x) + x·φ(x).
  package static func geluDerivative(_ x: Double) -> Double {
    0.5 * erfc(-x / 2.0.squareRoot()) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }

  /// x / (1 + e^−x).
  package static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

  /// s + x·s·(1 − s), s = 1 / (1 + e^−x).
  package static func siluDerivative(_ x: Double) -> Double {
    let s = 1 / (1 + exp(-x))
    return s + x * s * (1 / (1 + exp(x)))
  }

  /// x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2.
  package static func geluTanh(_ x: Double) -> Double {
    x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044_715 * x * x * x)))
  }

  /// s + x·s·(1 − s)·2v′, s = (1 + tanh v)/2, v = √(2/π)·(x + 0.044715·x³).
  package static func geluTanhDerivative(_ x: Double) -> Double {
    let v = (2 / Double.pi).squareRoot() * (x + 0.044_715 * x * x * x)
    let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044_715 * x * x)
    return 1 / (1 + exp(-2 * v)) + 0.5 * x * slope / (cosh(v) * cosh(v))
  }

  /// x, or slope·x where x is negative; a slope of 0 is ReLU.
  package static func leakyReLU(_ x: Double, slope: Double) -> Double { x < 0 ? slope * x : x }
}
