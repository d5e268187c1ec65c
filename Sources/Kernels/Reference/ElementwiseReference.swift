/// Naive loops over elements.
package enum ElementwiseReference {
  /// a + factor·b.
  package static func triad(_ a: [Double], _ b: [Double], factor: Double) -> [Double] {
    a.indices.map { a[$0] + factor * b[$0] }
  }
}
