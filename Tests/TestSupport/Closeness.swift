import Foundation
public import Tensors
public import Testing

/// Relative difference of two arrays in the Euclidean norm: |a − b| / max(|b|, floor).
///
/// Counts that differ and numbers that are not finite give infinity, so that no comparison passes
/// by accident.
public func relativeL2(_ actual: [Double], _ expected: [Double], floor: Double = 1e-30) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var difference = 0.0
  var norm = 0.0
  for (a, b) in zip(actual, expected) {
    difference += (a - b) * (a - b)
    norm += b * b
  }
  guard difference.isFinite, norm.isFinite else { return .infinity }
  return difference.squareRoot() / max(norm.squareRoot(), floor)
}

/// Expects `actual` within `tolerance` of `expected` in relative L2, and returns the error.
///
/// - Parameters:
///   - actual: What the code under test gave.
///   - expected: What it should be.
///   - tolerance: Largest relative error that passes.
///   - floor: Norm below which the error is taken as absolute.
///   - label: What is compared, for the failure's text.
///   - sourceLocation: The line that is blamed.
/// - Returns: The relative error.
@discardableResult
public func expectClose(
  _ actual: [Double], _ expected: [Double], tolerance: Double, floor: Double = 1e-6,
  _ label: String, sourceLocation: SourceLocation = #_sourceLocation
) -> Double {
  let error = relativeL2(actual, expected, floor: floor)
  #expect(
    error <= tolerance,
    "\(label): relative L2 error \(error) of \(actual.count) against \(expected.count) numbers",
    sourceLocation: sourceLocation)
  return error
}

extension Tensor {
  /// The elements of a float32 or bfloat16 tensor in double precision.
  public var doubles: [Double] { buffer.widened.array(of: Float.self).map(Double.init) }
}
