import Foundation
public import Kernels
package import Tensors

/// Cosines and sines that rotate pairs of a head's channels.
///
/// A pair turns as (a, b) → (a·cos − b·sin, a·sin + b·cos). A token whose angles are zero stays as it is.
/// Source: Docs/Method.md, section 3 (rotary positions).
public struct RotaryTable: Sendable {
  /// Tokens of the table.
  public let tokenCount: Int
  /// Pairs of a head.
  public let pairCount: Int
  /// The channels that form a pair.
  public let pairing: RotaryPairing
  /// Cosines of the angles, `[tokenCount, pairCount]`.
  package let cosines: Tensor
  /// Sines of the angles, `[tokenCount, pairCount]`.
  package let sines: Tensor

  /// Creates a table from angles `[tokenCount, pairCount]` in radians.
  public init(
    angles: [Double], tokenCount: Int, pairCount: Int, pairing: RotaryPairing = .adjacent
  ) {
    precondition(
      angles.count == tokenCount * pairCount,
      "RotaryTable: \(angles.count) angles for \(tokenCount) tokens of \(pairCount) pairs")
    self.tokenCount = tokenCount
    self.pairCount = pairCount
    self.pairing = pairing
    cosines = Tensor(angles.map { Float(cos($0)) }, shape: [tokenCount, pairCount])
    sines = Tensor(angles.map { Float(sin($0)) }, shape: [tokenCount, pairCount])
  }

  var buffers: RotationBuffers {
    RotationBuffers(
      cosines: cosines.buffer, sines: sines.buffer, tokenCount: tokenCount, pairing: pairing)
  }
}
