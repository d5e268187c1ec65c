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
}
