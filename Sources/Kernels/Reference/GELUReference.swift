import Foundation

/// The Gaussian error linear unit by the library's error function.
package enum GELUReference {
  /// x·Φ(x).
  package static func gelu(_ x: [Double]) -> [Double] {
    x.map { $0 * 0.5 * erfc(-$0 / 2.0.squareRoot()) }
  }
}
